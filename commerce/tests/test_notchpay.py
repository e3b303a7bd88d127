"""What is NotchPay's alone: no keys, names of two kinds, no moment in a signature, refunds that need a private key."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from commerce.gateways.notchpay import NotchPayGateway
from commerce.gateways.protocol import GatewayError, Outcome, Unreachable
from core.money import Money
from tests.providers.fixtures import FRANCS, a_request

gateway = NotchPayGateway()


def test_a_payment_is_asked_for_in_whole_francs_with_our_key_as_the_merchants_reference(notchpay_desk):
    begun = gateway.begin(a_request(FRANCS))

    [call] = notchpay_desk.calls
    assert (call.method, call.path) == ("POST", "/payments")
    assert json.loads(call.body) == {
        "amount": 6500,
        "currency": "XAF",
        "locked_currency": "XAF",
        "customer": {"name": "Mary Shopper", "email": "mary@reader.example"},
        "description": "Order BT-7K3M-9QXZ",
        "reference": "key-of-the-first-attempt",
        "callback": "http://127.0.0.1:8000/checkout/done/token/",
    }
    assert begun.reference.startswith("trx.")


@pytest.mark.parametrize("uses_own_names", [True, False])
def test_either_kind_of_name_leads_to_the_payment(notchpay_desk, uses_own_names):
    """The documentation shows the merchant's reference, the service in use its own."""
    notchpay_desk.uses_own_names = uses_own_names
    begun = gateway.begin(a_request(FRANCS))
    notchpay_desk.turn(begun.reference, "complete")
    body, headers = notchpay_desk.signed(notchpay_desk.events[0])

    assert gateway.read(headers, body).reference == begun.reference
    assert gateway.ask(begun.reference).amount == FRANCS


@pytest.mark.parametrize("status", [409, 422])
def test_however_a_known_reference_is_refused_the_payment_is_found(notchpay_desk, status):
    notchpay_desk.duplicate_status = status
    begun = gateway.begin(a_request(FRANCS))

    assert gateway.begin(a_request(FRANCS)) == begun
    assert len(notchpay_desk.payments) == 1


def test_a_payment_whose_page_is_lost_is_given_up_for_a_new_attempt(notchpay_desk):
    notchpay_desk.tells_page_again = False
    notchpay_desk.trouble("swallow")
    with pytest.raises(Unreachable):
        gateway.begin(a_request(FRANCS))

    with pytest.raises(GatewayError, match="no page") as refused:
        gateway.begin(a_request(FRANCS))
    assert not isinstance(refused.value, Unreachable)
    notchpay_desk.turn(gateway.begin(a_request(FRANCS, key="the next attempt")).reference, "complete")

    assert len(notchpay_desk.charges) == 1


@pytest.mark.parametrize("currency", ["GBP", "EUR", "JPY", "XOF"])
def test_only_francs_of_central_africa_are_taken(notchpay_desk, currency):
    assert gateway.currencies == {"XAF"}
    with pytest.raises(GatewayError, match="XAF"):
        gateway.begin(a_request(Money(Decimal(5000), currency)))
    assert notchpay_desk.calls == []


def test_what_notchpay_refuses_is_said_in_its_words_without_the_address(notchpay_desk):
    with pytest.raises(GatewayError, match="Validation failed: Amount must be at least 100"):
        gateway.begin(a_request(Money(Decimal(50), "XAF")))
    with pytest.raises(GatewayError) as refused:
        gateway.begin(a_request(FRANCS, email="mary@reader"))
    assert str(refused.value) == "Validation failed: Invalid email address …"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("pending", Outcome.PENDING),
        ("processing", Outcome.PENDING),
        ("incomplete", Outcome.PENDING),
        ("complete", Outcome.SUCCEEDED),
        ("partialy-refunded", Outcome.SUCCEEDED),
        ("refunded", Outcome.SUCCEEDED),
        ("failed", Outcome.FAILED),
        ("rejected", Outcome.FAILED),
        ("canceled", Outcome.CANCELLED),
        ("abandoned", Outcome.CANCELLED),
        ("expired", Outcome.CANCELLED),
    ],
)
def test_every_state_of_the_documentation_has_an_outcome(notchpay_desk, status, outcome):
    begun = gateway.begin(a_request(FRANCS))
    notchpay_desk.turn(begun.reference, status)

    assert gateway.ask(begun.reference).outcome == outcome


def test_a_state_that_nobody_knows_says_nothing(notchpay_desk):
    begun = gateway.begin(a_request(FRANCS))
    notchpay_desk.turn(begun.reference, "astonished")

    with pytest.raises(Unreachable, match="astonished"):
        gateway.ask(begun.reference)


@pytest.mark.parametrize(
    ("amount", "currency"), [("a lot", "XAF"), (None, "XAF"), (65.5, "XAF"), (True, "XAF"), (6500, "XOF")]
)
def test_an_amount_that_is_not_in_whole_francs_says_nothing(notchpay_desk, amount, currency):
    begun = gateway.begin(a_request(FRANCS))
    notchpay_desk.payments[begun.reference] |= {"amount": amount, "currency": currency}
    notchpay_desk.turn(begun.reference, "complete")

    with pytest.raises(Unreachable, match="whole XAF"):
        gateway.ask(begun.reference)


def test_without_a_private_key_money_goes_back_by_hand(notchpay_desk, settings):
    settings.NOTCHPAY_PRIVATE_KEY = ""
    begun = gateway.begin(a_request(FRANCS))
    notchpay_desk.turn(begun.reference, "complete")

    with pytest.raises(GatewayError, match="dashboard"):
        gateway.refund(begun.reference, FRANCS, "one")
    assert len(notchpay_desk.calls) == 1


def test_the_private_key_goes_along_for_refunds_alone(notchpay_desk):
    begun = gateway.begin(a_request(FRANCS))
    notchpay_desk.turn(begun.reference, "complete")
    gateway.ask(begun.reference)
    gateway.refund(begun.reference, FRANCS, "one")

    assert [("X-Grant" in call.headers, "refunds" in call.path) for call in notchpay_desk.calls] == [
        (False, False),
        (False, False),
        (True, True),
        (True, True),
    ]


def test_a_notification_that_was_sent_again_for_hours_is_no_forgery(notchpay_desk):
    begun = gateway.begin(a_request(FRANCS))
    notchpay_desk.turn(begun.reference, "complete")
    notchpay_desk.events[0]["created_at"] = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=5)).isoformat()
    body, headers = notchpay_desk.signed(notchpay_desk.events[0])

    assert gateway.read(headers, body).reference == begun.reference


def test_one_without_an_id_is_known_by_its_content_and_older_ones_name_their_kind_otherwise(notchpay_desk):
    body, headers = notchpay_desk.signed({"event": "payment.complete", "data": {"reference": "trx.1"}})

    told = gateway.read(headers, body)

    assert told == gateway.read(headers, body)
    assert (told.kind, told.reference, told.event_id[:7]) == ("payment.complete", "trx.1", "sha256:")


def test_a_name_with_odd_characters_stays_one_step_of_the_address(notchpay_desk):
    with pytest.raises(GatewayError):
        gateway.ask("../balance?x=1#")

    assert notchpay_desk.calls[0].path == "/payments/..%2Fbalance%3Fx%3D1%23"
