"""What is Stripe's alone: sessions, minor units, keys that it forgets, stale signatures."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import pytest
import requests

from commerce.gateways.protocol import BadNotification, GatewayError, Outcome, Unreachable
from commerce.gateways.stripe import API_VERSION, StripeGateway, locale, major, minor
from core.money import Money
from tests.providers.fixtures import POUNDS, a_request
from tests.providers.server import Reply
from tests.providers.stripe_server import nested

gateway = StripeGateway()


def test_a_session_asks_for_the_total_of_the_order_in_one_line_by_card_alone(stripe_desk):
    begun = gateway.begin(a_request())

    [call] = stripe_desk.calls
    assert call.headers["Idempotency-Key"] == "key-of-the-first-attempt"
    assert call.headers["Stripe-Version"] == API_VERSION
    assert nested(call.body.decode()) == {
        "mode": "payment",
        "payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": "false"},
        "line_items": [
            {
                "quantity": "1",
                "price_data": {
                    "currency": "gbp",
                    "unit_amount": "1234",
                    "product_data": {"name": "Order BT-7K3M-9QXZ"},
                },
            }
        ],
        "client_reference_id": "BT-7K3M-9QXZ",
        "customer_email": "mary@reader.example",
        "locale": "en-GB",
        "success_url": "http://127.0.0.1:8000/checkout/done/token/",
        "cancel_url": "http://127.0.0.1:8000/checkout/pay/token/",
        "payment_intent_data": {"description": "BT-7K3M-9QXZ"},
    }
    assert begun.reference in stripe_desk.sessions


def test_the_page_closes_when_the_shop_says(stripe_desk):
    closes = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)

    begun = gateway.begin(a_request(expires_at=closes))

    assert stripe_desk.sessions[begun.reference]["expires_at"] == int(closes.timestamp())


def press(url: str, button: str) -> str:
    """Press a button of the provider's page; where it leads."""
    answer = requests.post(url, data={"do": button}, allow_redirects=False, timeout=5)
    return answer.headers["Location"]


def test_whoever_goes_back_can_still_pay_and_pays_once(stripe_desk):
    begun = gateway.begin(a_request())

    assert press(begun.url, "cancel") == "http://127.0.0.1:8000/checkout/pay/token/"
    assert gateway.ask(begun.reference).outcome == Outcome.PENDING
    assert press(begun.url, "pay") == press(begun.url, "pay") == "http://127.0.0.1:8000/checkout/done/token/"
    assert len(stripe_desk.charges) == 1


def test_a_key_is_never_used_for_something_else(stripe_desk):
    gateway.begin(a_request())

    with pytest.raises(GatewayError, match="same parameters"):
        gateway.begin(a_request(Money(Decimal(1), "GBP")))


def test_an_error_that_stripe_has_stored_for_a_key_is_a_refusal_for_it_will_never_say_anything_else(stripe_desk):
    gateway.begin(a_request())
    [call] = stripe_desk.calls
    stripe_desk.fail_for_good("key-of-the-first-attempt", call.path, nested(call.body.decode()))

    with pytest.raises(GatewayError, match="keeps to it") as refused:
        gateway.begin(a_request())
    assert not isinstance(refused.value, Unreachable)


def test_a_call_with_a_key_that_is_in_use_at_this_moment_is_to_be_made_again(stripe_desk, monkeypatch):
    in_use = {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": "Wait."}}
    monkeypatch.setattr(stripe_desk, "api", lambda _call: Reply(in_use, 409))

    with pytest.raises(Unreachable):
        gateway.begin(a_request())


def test_a_refund_is_given_once_even_when_stripe_has_forgotten_the_key(stripe_desk):
    begun = gateway.begin(a_request())
    stripe_desk.pay(begun.reference)
    first = gateway.refund(begun.reference, Money(Decimal(2), "GBP"), "one")
    stripe_desk.forget_keys()

    assert gateway.refund(begun.reference, Money(Decimal(2), "GBP"), "one") == first
    assert len(stripe_desk.refunds) == 1


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("12.34", "GBP", 1234),
        ("0.50", "EUR", 50),
        ("6500", "XAF", 6500),
        ("1200", "JPY", 1200),
        ("5.120", "KWD", 5120),
        ("500", "ISK", 50_000),
        ("500", "UGX", 50_000),
    ],
)
def test_amounts_are_written_as_stripe_writes_them_and_read_back(stripe_desk, amount, currency, units):
    money = Money(Decimal(amount), currency)
    begun = gateway.begin(a_request(money))
    stripe_desk.pay(begun.reference)

    assert stripe_desk.charges[0]["amount"] == units
    assert gateway.ask(begun.reference).amount == money
    assert major(minor(money), currency.lower()) == money


def test_what_stripe_cannot_charge_exactly_is_not_charged(stripe_desk):
    with pytest.raises(GatewayError, match="exactly"):
        gateway.begin(a_request(Money(Decimal("5.124"), "KWD")))
    assert stripe_desk.calls == []


@pytest.mark.parametrize(
    ("ours", "theirs"), [("en-gb", "en-GB"), ("fr", "fr"), ("de-at", "de"), ("pt-br", "pt-BR"), ("sw", "auto")]
)
def test_the_page_speaks_the_language_of_the_shopper_or_the_nearest(ours, theirs):
    assert locale(ours) == theirs


@pytest.mark.parametrize(("age", "is_believed"), [(0, True), (290, True), (310, False), (86_400, False)])
def test_a_notification_is_believed_for_300_seconds(stripe_desk, age, is_believed):
    begun = gateway.begin(a_request())
    stripe_desk.pay(begun.reference)
    body, headers = stripe_desk.signed(stripe_desk.events[0], at=time.time() - age)

    if is_believed:
        assert gateway.read(headers, body).reference == begun.reference
    else:
        with pytest.raises(BadNotification):
            gateway.read(headers, body)


def test_a_signature_for_another_time_is_none(stripe_desk):
    stripe_desk.pay(gateway.begin(a_request()).reference)
    body, headers = stripe_desk.signed(stripe_desk.events[0], at=time.time() - 3600)
    now = f"t={int(time.time())}"

    with pytest.raises(BadNotification):
        gateway.read({"Stripe-Signature": now + headers["Stripe-Signature"][len(now) :]}, body)


def test_a_session_that_is_not_ours_is_named_as_it_is_and_the_shop_knows_it_not(stripe_desk):
    event = {
        "id": "evt_1",
        "type": "checkout.session.completed",
        "data": {"object": {"id": "cs_foreign", "object": "checkout.session"}},
    }
    body, headers = stripe_desk.signed(event)

    assert gateway.read(headers, body).reference == "cs_foreign"


def test_a_refund_says_in_pounds_what_it_gave(stripe_desk):
    begun = gateway.begin(a_request())
    stripe_desk.pay(begun.reference)

    assert gateway.refund(begun.reference, POUNDS, "one").amount == POUNDS
    with pytest.raises(GatewayError, match="GBP|EUR"):
        gateway.refund(begun.reference, Money(Decimal(1), "EUR"), "two")
