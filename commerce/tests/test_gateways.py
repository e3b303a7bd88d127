"""What holds for every payment provider, shown by the real clients against local servers that play the providers."""

from __future__ import annotations

import json
import logging
import time
from decimal import Decimal

import pytest

from commerce.gateways import wire
from commerce.gateways.protocol import Answer, BadNotification, GatewayError, Outcome, Unreachable
from core.money import Money
from tests.providers.fixtures import a_request


@pytest.fixture
def impatient(monkeypatch) -> None:
    """A line that waits for half a second instead of eight."""
    monkeypatch.setattr(wire, "SECONDS", 0.5)


def a_payment(case):
    return case.gateway.begin(a_request(case.amount))


def a_notification(case, number=0, **how):
    body, headers = case.server.signed(case.server.events[number], **how)
    return headers, body


# --- paying ------------------------------------------------------------------------------------


def test_a_shopper_is_sent_to_the_providers_page_pays_there_and_the_provider_says_so(case):
    begun = a_payment(case)

    assert begun.url.startswith(case.server.url)
    assert case.gateway.ask(begun.reference) == Answer(Outcome.PENDING, begun.reference)

    case.pay(begun.reference)

    assert case.gateway.ask(begun.reference) == Answer(Outcome.SUCCEEDED, begun.reference, case.amount)


def test_a_payment_that_fails_and_one_that_nobody_makes_bring_nothing(case):
    failed, expired = case.gateway.begin(a_request(case.amount, key="one")), a_payment(case)
    case.fail(failed.reference)
    case.expire(expired.reference)

    assert case.gateway.ask(failed.reference).outcome == Outcome.FAILED
    assert case.gateway.ask(expired.reference) == Answer(Outcome.CANCELLED, expired.reference)


def test_the_same_key_again_opens_the_same_payment_and_another_key_another_one(case):
    begun = a_payment(case)

    assert a_payment(case) == begun
    assert case.gateway.begin(a_request(case.amount, key="another")).reference != begun.reference


def test_an_unknown_payment_is_a_refusal_and_not_a_payment_that_failed(case):
    with pytest.raises(GatewayError) as refused:
        case.gateway.ask("nobody-knows-this")
    assert not isinstance(refused.value, Unreachable)


def test_a_gateway_without_keys_is_not_configured(case, settings):
    assert case.gateway.is_configured
    settings.STRIPE_SECRET_KEY = settings.NOTCHPAY_PUBLIC_KEY = ""
    assert not case.gateway.is_configured


def test_a_wrong_key_is_refused_and_the_refusal_does_not_say_it(case, settings):
    settings.STRIPE_SECRET_KEY = settings.NOTCHPAY_PUBLIC_KEY = "sk_test_wrong"

    with pytest.raises(GatewayError, match="does not accept the key") as refused:
        a_payment(case)
    assert "sk_test_wrong" not in str(refused.value)
    assert not isinstance(refused.value, Unreachable)


# --- a provider in trouble (K-09) -----------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["500", "503", "429", "reset", "html", "nothing", "huge", "deep", "redirect"])
def test_trouble_means_that_nobody_knows_and_the_same_key_is_good_for_another_try(case, trouble):
    case.server.trouble(trouble)
    with pytest.raises(Unreachable):
        a_payment(case)

    begun = a_payment(case)
    case.pay(begun.reference)

    assert len(case.server.charges) == 1
    for call in (
        lambda: case.gateway.ask(begun.reference),
        lambda: case.gateway.refund(begun.reference, case.amount, "refund"),
        lambda: case.gateway.ask_refund(begun.reference, "whatever"),
    ):
        case.server.trouble(trouble)
        with pytest.raises(Unreachable):
            call()


@pytest.mark.parametrize("trouble", ["slow", "trickle"])
def test_a_slow_provider_is_given_up_in_time_however_it_is_slow(case, trouble, impatient):
    case.server.trouble(trouble)
    began = time.monotonic()

    with pytest.raises(Unreachable):
        a_payment(case)

    assert time.monotonic() - began < 1


def test_what_a_call_sends_shares_its_time(case, monkeypatch):
    """A refund asks two or three times. Were each given all the time, a page could wait for three times as long."""
    begun = a_payment(case)
    case.pay(begun.reference)
    monkeypatch.setattr(wire, "SECONDS", 1)
    answer = case.server.api
    monkeypatch.setattr(case.server, "api", lambda call: time.sleep(0.6) or answer(call))
    began = time.monotonic()

    with pytest.raises(Unreachable):
        case.gateway.refund(begun.reference, case.amount, "refund")

    assert time.monotonic() - began < 1.3


def test_the_real_patience_leaves_the_page_one_of_its_ten_seconds():
    assert (wire.SECONDS, wire.PATIENCE) == (8, 9)


@pytest.mark.parametrize("trouble", ["503", "redirect"])
def test_nothing_is_repeated_by_itself_nor_sent_elsewhere(case, trouble):
    case.server.trouble(trouble)
    with pytest.raises(Unreachable):
        a_payment(case)

    assert len(case.server.calls) == 1


def test_what_a_netrc_of_the_machine_holds_is_not_sent_in_the_place_of_the_key(case, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login root password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    assert a_payment(case).reference


def test_nobody_listening_is_unreachable(case, settings):
    settings.STRIPE_API_BASE = settings.NOTCHPAY_API_BASE = "http://127.0.0.1:9"

    with pytest.raises(Unreachable):
        a_payment(case)


def test_an_answer_that_is_lost_after_the_provider_acted_is_found_again_by_the_key(case):
    case.server.trouble("swallow")
    with pytest.raises(Unreachable):
        a_payment(case)

    begun = a_payment(case)
    case.pay(begun.reference)

    assert len(case.server.charges) == 1
    assert case.gateway.ask(begun.reference).amount == case.amount


# --- money that goes back -----------------------------------------------------------------------


def test_money_goes_back_in_parts_and_once_for_a_key(case):
    begun = a_payment(case)
    case.pay(begun.reference)
    part = Money(Decimal(5), case.amount.currency)

    first = case.gateway.refund(begun.reference, part, "one")
    again = case.gateway.refund(begun.reference, part, "one")
    rest = case.gateway.refund(begun.reference, case.amount - part, "two")

    assert first == again == Answer(Outcome.SUCCEEDED, first.reference, part)
    assert rest.amount == case.amount - part
    assert len(case.server.refunds) == 2
    assert case.gateway.ask_refund(begun.reference, first.reference) == first


def test_a_refund_whose_answer_was_lost_is_given_once(case):
    begun = a_payment(case)
    case.pay(begun.reference)
    reads = 2 if case.name == "stripe" else 1
    case.server.trouble(*["fine"] * reads, "swallow")
    with pytest.raises(Unreachable):
        case.gateway.refund(begun.reference, case.amount, "one")
    assert len(case.server.refunds) == 1

    found = case.gateway.refund(begun.reference, case.amount, "one")

    assert found.outcome == Outcome.SUCCEEDED
    assert list(case.server.refunds) == [found.reference]


def test_more_than_was_paid_does_not_go_back(case):
    begun = a_payment(case)
    case.pay(begun.reference)
    case.gateway.refund(begun.reference, case.amount, "all of it")

    with pytest.raises(GatewayError) as refused:
        case.gateway.refund(begun.reference, Money(Decimal(1), case.amount.currency), "and one more")
    assert not isinstance(refused.value, Unreachable)
    assert len(case.server.refunds) == 1


def test_nothing_goes_back_of_what_never_came_nor_in_another_currency(case):
    begun = a_payment(case)
    with pytest.raises(GatewayError):
        case.gateway.refund(begun.reference, case.amount, "too early")
    case.pay(begun.reference)
    with pytest.raises(GatewayError):
        case.gateway.refund(begun.reference, Money(Decimal(1), "JPY"), "in yen")

    assert case.server.refunds == {}


def test_a_refund_that_is_under_way_is_asked_about_until_it_is_done_or_failed(case):
    begun = a_payment(case)
    case.pay(begun.reference)
    case.server.refund_state = "pending"
    refund = case.gateway.refund(begun.reference, case.amount, "one")
    assert refund.outcome == Outcome.PENDING

    case.server.settle(refund.reference, "failed")

    assert case.gateway.ask_refund(begun.reference, refund.reference).outcome == Outcome.FAILED


# --- notifications (C-13, P5) --------------------------------------------------------------------


def test_a_notification_says_which_payment_to_ask_about(case):
    begun = a_payment(case)
    case.pay(begun.reference)

    told = case.gateway.read(*a_notification(case))

    assert told.reference == begun.reference
    assert told.event_id == case.server.events[0]["id"]
    assert told.kind == case.server.events[0]["type"]


def test_repeated_it_is_the_same_event_and_in_any_order_each_says_the_same_payment(case):
    begun = a_payment(case)
    case.pay(begun.reference)
    case.gateway.refund(begun.reference, case.amount, "one")
    case.server.settle(next(iter(case.server.refunds)), "failed")

    late, early, again = (case.gateway.read(*a_notification(case, number)) for number in (1, 0, 0))

    assert early == again
    assert {late.reference, early.reference} == {begun.reference}
    assert late.event_id != early.event_id


@pytest.mark.parametrize(
    "how",
    ["forged", "altered", "unsigned", "empty signature", "not ASCII", "signature of another body", "cut off", "empty"],
)
def test_what_the_provider_did_not_sign_is_refused(case, how):
    begun = a_payment(case)
    case.pay(begun.reference)
    headers, body = a_notification(case)
    if how == "forged":
        headers, body = a_notification(case, secret=case.wrong_secret)
    elif how == "altered":
        body = body.replace(b'"livemode": false', b'"livemode": true').replace(b"6500", b"9999")
    elif how == "unsigned":
        headers = {}
    elif how == "empty signature":
        headers = {case.signature: ""}
    elif how == "not ASCII":
        headers = {case.signature: headers[case.signature] + "é"}
    elif how == "signature of another body":
        headers = case.server.signed({"id": "other"})[1]
    elif how == "cut off":
        body = body[:-1]
    elif how == "empty":
        body = b""

    with pytest.raises(BadNotification):
        case.gateway.read(headers, body)


def test_without_a_secret_nothing_is_believed(case, settings):
    settings.STRIPE_WEBHOOK_SECRET = settings.NOTCHPAY_HASH_KEY = ""
    case.pay(a_payment(case).reference)

    for secret in ("", "None"):
        with pytest.raises(BadNotification):
            case.gateway.read(*a_notification(case, secret=secret))


def test_a_notification_about_something_else_is_about_none_of_ours(case):
    event = {
        "stripe": {"id": "evt_1", "type": "payout.paid", "data": {"object": {"id": "po_1", "object": "payout"}}},
        "notchpay": {"id": "evt_1", "type": "transfer.complete", "data": {"id": "trf_1"}},
    }[case.name]
    body, headers = case.server.signed(event)

    assert case.gateway.read(headers, body).reference == ""


def test_of_a_notification_names_and_states_are_kept_and_nothing_of_the_person(case):
    begun = a_payment(case)
    case.pay(begun.reference)
    assert "mary@reader.example" in json.dumps(case.server.events)

    told = case.gateway.read(*a_notification(case))

    assert "mary" not in json.dumps(told.payload).lower()


def test_a_notification_that_is_too_long_is_not_even_looked_at(case):
    case.pay(a_payment(case).reference)
    event = {**case.server.events[0], "padding": "x" * 300_000}
    body, headers = case.server.signed(event)

    with pytest.raises(BadNotification, match="too long"):
        case.gateway.read(headers, body)


HOSTILE = {
    "depth": b'{"data":' * 100_000 + b"1" + b"}" * 100_000,
    "NaN": b'{"id": "1", "type": "a", "data": {"object": {"amount": NaN}}}',
    "infinity": b'{"id": "1", "type": "a", "data": {"object": {"amount": 1e999}}}',
    "long number": b'{"id": "1", "type": "a", "data": {"object": {"amount": ' + b"9" * 100_000 + b"}}}",
    "duplicate keys": b'{"id": "1", "id": "2", "type": "a", "data": {"object": {}}}',
    "lone surrogate": b'{"id": "\\ud800", "type": "a", "data": {"object": {}}}',
    "zero character": b'{"id": "\\u0000", "type": "a", "data": {"object": {}}}',
    "not UTF-8": b'{"id": "\xff", "type": "a", "data": {"object": {}}}',
    "10 MB": b'{"id": "' + b"x" * 10_000_000 + b'"}',
    "a list": b"[1, 2]",
    "a number": b"1",
    "nothing in it": b"{}",
    "data is a list": b'{"id": "1", "type": 3, "data": []}',
    "type is long": b'{"id": "1", "type": "' + b"x" * 101 + b'", "data": {"object": {}}}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_refused_at_once_even_with_a_good_signature(case, name):
    body = HOSTILE[name]
    began = time.monotonic()

    with pytest.raises(BadNotification):
        case.gateway.read(case.server.sign(body), body)

    assert time.monotonic() - began < 1


# --- logs (D-03) ---------------------------------------------------------------------------------


def test_neither_logs_nor_refusals_hold_a_secret_or_an_address(case, caplog, settings):
    """A whole life of a payment, with refusals, at the level that production writes."""
    logging.getLogger("stripe").setLevel(settings.LOGGING["loggers"]["stripe"]["level"])
    refusals = []
    with caplog.at_level(logging.INFO):
        begun = a_payment(case)
        case.pay(begun.reference)
        case.gateway.ask(begun.reference)
        case.gateway.refund(begun.reference, case.amount, "one")
        for trouble in ("", "503", "reset", "html"):
            case.server.trouble(*([trouble] if trouble else []))
            try:
                case.gateway.begin(a_request(case.amount, key=f"bad-{trouble}", email="mary at@reader.example x"))
            except GatewayError as refused:
                refusals.append(repr(refused) + repr(refused.__cause__))
        with pytest.raises(BadNotification) as forged:
            case.gateway.read(*a_notification(case, secret=case.wrong_secret))
        refusals.append(repr(forged.value))

    written = caplog.text + "".join(refusals)
    assert len(refusals) == 5 if case.name == "stripe" else 4
    for secret in (
        settings.STRIPE_SECRET_KEY,
        settings.STRIPE_WEBHOOK_SECRET,
        settings.NOTCHPAY_PUBLIC_KEY,
        settings.NOTCHPAY_PRIVATE_KEY,
        settings.NOTCHPAY_HASH_KEY,
        "reader.example",
    ):
        assert not secret or secret not in written


def test_what_a_provider_says_is_cleaned_before_anybody_keeps_it():
    said = "No such key: sk_live_4eC39HqLy\r\nfor mary.o'neil@reader.example, whsec_x, hsk.test.1 or pk_test_2"

    assert wire.words(said) == "No such key: … for … … … or …"
    assert wire.words("a" * 300) == "a" * 200
    assert wire.words(None) == ""
