"""Paying an order: attempts, what providers say of them, and what becomes of the order."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core import mail
from django.utils import timezone

from commerce.exceptions import CannotSend, IllegalTransition, PaymentUnavailable
from commerce.gateways import gateway_for, methods_for, sandbox
from commerce.gateways.protocol import Answer, Outcome
from commerce.models import Order, Payment, ProviderEvent, Refund, SandboxPayment, SellerSettings
from commerce.services import ledger, orders, payments
from commerce.tests.factories import UserFactory, an_order
from core.money import Money

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings):
    settings.PAYMENT_SANDBOX = True


@pytest.fixture
def order(persuasion) -> Order:
    """£10.94, to be paid by the sandbox."""
    return an_order({persuasion: 1}, method="sandbox")


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def succeeded(payment: Payment, amount: str = "10.94", currency: str = "GBP") -> Answer:
    return Answer(Outcome.SUCCEEDED, payment.reference, Money(Decimal(amount), currency))


def notify(client, reference: str, outcome: str = "succeeded", **kwargs):
    headers, body = sandbox.notification(reference, Outcome(outcome), **kwargs)
    return client.post("/webhooks/sandbox/", body, content_type="application/json", headers=headers)


def choose(client, reference: str, outcome: str):
    return client.post(f"/checkout/sandbox/{reference}/", {"outcome": outcome})


def test_what_is_offered_depends_on_currency_collection_and_settings(settings):
    def offered(currency: str = "GBP", **how) -> list[str]:
        how = {"is_collected": False, "is_sent": True, **how}
        return [method.value for method in methods_for(currency, **how)]

    assert offered() == ["invoice", "sandbox"]
    assert offered(is_collected=True, is_sent=False) == ["invoice", "cash", "sandbox"]
    assert offered(cash_on_delivery=True) == ["invoice", "cash", "sandbox"]
    assert offered(is_sent=False, cash_on_delivery=True) == ["invoice", "sandbox"]
    with patch.object(sandbox.SandboxGateway, "currencies", frozenset({"XAF"})):
        assert offered() == ["invoice"]
        assert offered("XAF") == ["invoice", "sandbox"]
    settings.PAYMENT_SANDBOX = False
    assert offered() == ["invoice"]
    with pytest.raises(LookupError):
        gateway_for("sandbox")


@pytest.mark.parametrize(
    ("address", "said", "offers"),
    [
        ("http://127.0.0.1:8000", None, "true"),
        ("https://books.example", None, None),
        ("http://127.0.0.1:8000", "false", "false"),
    ],
)
def test_only_a_shop_of_this_machine_offers_test_payments_by_itself(monkeypatch, address, said, offers):
    from booktime import embedded

    monkeypatch.setenv("SITE_URL", address)
    monkeypatch.delenv("PAYMENT_SANDBOX", raising=False)
    if said:
        monkeypatch.setenv("PAYMENT_SANDBOX", said)
    embedded.offer_test_payments()
    assert embedded.os.environ.get("PAYMENT_SANDBOX") == offers
    monkeypatch.delenv("PAYMENT_SANDBOX", raising=False)


def test_an_attempt_is_written_down_before_the_provider_is_called(order):
    seen = []

    def look(_self, request):
        seen.append((Payment.objects.get(key=request.key).state, request.amount, request.order_number))
        raise AssertionError

    with patch.object(sandbox.SandboxGateway, "begin", look), pytest.raises(AssertionError):
        payments.begin(order.pk, "sandbox")

    assert seen == [("created", gbp("10.94"), order.number)]


def test_paying_twice_uses_one_attempt_and_one_key(order):
    first, second = payments.begin(order.pk, "sandbox"), payments.begin(order.pk, "sandbox")

    assert first == second
    assert SandboxPayment.objects.get().key == first.key
    assert (SandboxPayment.objects.get().calls, first.state) == (1, "pending")


def test_money_makes_an_order_paid_once(order):
    payment = payments.begin(order.pk, "sandbox")
    mail.outbox.clear()

    for _time in range(3):
        payments.settle(payment.pk, succeeded(payment))

    order.refresh_from_db()
    assert order.payment_status == "paid"
    assert [event.sentence for event in order.events.filter(kind="paid")] == [
        "Money received: £10.94, Test payment (no money moves)"
    ]
    assert [message.subject for message in mail.outbox] == [f"We have your payment for order {order.number}"]


@pytest.mark.parametrize("late", [Outcome.PENDING, Outcome.FAILED, Outcome.CANCELLED])
def test_an_old_answer_after_the_money_changes_nothing(order, late):
    payment = payments.begin(order.pk, "sandbox")
    payments.settle(payment.pk, succeeded(payment))

    payments.settle(payment.pk, Answer(late, payment.reference))

    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.payment_status, payment.state) == ("paid", "captured")


def test_an_attempt_that_failed_can_still_be_paid(order):
    payment = payments.begin(order.pk, "sandbox")
    payments.settle(payment.pk, Answer(Outcome.FAILED, payment.reference, failure="No funds"))
    assert Payment.objects.get().failure == "No funds"

    payments.settle(payment.pk, succeeded(payment))

    order.refresh_from_db()
    assert order.payment_status == "paid"
    assert Payment.objects.get().failure == ""


def test_too_little_money_is_partly_paid_and_nothing_leaves(order):
    payment = payments.begin(order.pk, "sandbox")
    payments.settle(payment.pk, succeeded(payment, "10.00"))

    order.refresh_from_db()
    assert (order.payment_status, payments.due(order)) == ("partly-paid", gbp("0.94"))
    with pytest.raises(CannotSend, match="not paid yet"):
        orders.mark_lines_sent(order.pk, order.lines.values_list("pk", flat=True), UserFactory())
    assert payments.begin(order.pk, "sandbox").asked == gbp("0.94")


def test_too_much_money_is_flagged_and_the_books_may_leave(order):
    payment = payments.begin(order.pk, "sandbox")
    payments.settle(payment.pk, succeeded(payment, "20.00"))

    order.refresh_from_db()
    assert order.payment_status == "overpaid"
    assert not Refund.objects.exists()
    orders.mark_lines_sent(order.pk, order.lines.values_list("pk", flat=True), UserFactory())


def test_another_currency_pays_nothing_and_goes_back(order):
    payment = payments.begin(order.pk, "sandbox")
    SandboxPayment.objects.update(currency="USD", amount=20)
    payments.settle(payment.pk, succeeded(payment, "20.00", "USD"))

    order.refresh_from_db()
    refund = Refund.objects.get()
    assert (order.payment_status, payments.due(order)) == ("pending", gbp("10.94"))
    assert (refund.money, refund.state) == (Money(Decimal(20), "USD"), "done")


def test_an_order_that_is_paid_twice_gives_the_second_payment_back(order):
    first = payments.begin(order.pk, "sandbox")
    Payment.objects.filter(pk=first.pk).update(method="stripe")  # another tab, by card
    second = payments.begin(order.pk, "sandbox")
    mail.outbox.clear()

    payments.settle(first.pk, succeeded(first))
    payments.settle(second.pk, succeeded(second))

    order.refresh_from_db()
    second.refresh_from_db()
    refund = Refund.objects.get()
    assert (order.payment_status, payments.due(order)) == ("paid", gbp("0"))
    assert (refund.payment, refund.money, refund.state) == (second, gbp("10.94"), "done")
    assert second.is_unwanted
    assert [message.subject.split(" for ")[0] for message in mail.outbox] == [
        "We have your payment", "Money back", "£10.94 came",
    ]  # fmt: skip


def test_money_for_an_order_that_is_over_goes_back_and_everybody_hears(order, persuasion):
    payment = payments.begin(order.pk, "sandbox")
    assert payments.expire(order.pk)
    an_order({persuasion: 5}, email="bob@example.org")  # the copy is somebody else's by now
    mail.outbox.clear()

    payments.settle(payment.pk, succeeded(payment))

    order.refresh_from_db()
    persuasion.stock.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, order.payment_status) == ("cancelled", "refunded")
    assert (persuasion.stock.on_hand, persuasion.stock.allocated) == (5, 5)
    assert SandboxPayment.objects.get().refunded == gbp("10.94")
    assert payment.is_unwanted
    assert [message.to for message in mail.outbox] == [["ada@example.org"], ["service@booktime.example"]]
    assert all("cancelled before your money came" in message.body for message in mail.outbox)
    assert f"/admin/orders/inspect/{order.pk}/" in mail.outbox[1].body


def test_an_order_that_is_not_paid_in_time_gives_its_copies_back(order, persuasion):
    payments.begin(order.pk, "sandbox")
    mail.outbox.clear()

    assert payments.expire(order.pk)
    assert not payments.expire(order.pk)

    order.refresh_from_db()
    persuasion.stock.refresh_from_db()
    assert (order.status, order.payment_status, persuasion.stock.allocated) == ("cancelled", "pending", 0)
    assert len(mail.outbox) == 1
    with pytest.raises(IllegalTransition):
        payments.begin(order.pk, "sandbox")


@pytest.mark.parametrize("method", ["invoice", "cash"])
def test_who_pays_later_may_have_the_books_first(persuasion, method):
    SellerSettings.objects.update_or_create(defaults={"cash_on_delivery": True})
    order = an_order({persuasion: 1}, method=method)

    assert not payments.expire(order.pk)
    orders.mark_lines_sent(order.pk, order.lines.values_list("pk", flat=True), UserFactory())

    order.refresh_from_db()
    assert order.status == "done"


def test_a_transfer_that_is_too_small_holds_the_books_back(persuasion):
    order = an_order({persuasion: 1})
    payments.mark_paid(order.pk, UserFactory(), amount=gbp("5"))

    with pytest.raises(CannotSend, match="not paid yet"):
        orders.mark_lines_sent(order.pk, order.lines.values_list("pk", flat=True), UserFactory())


def test_a_method_that_is_not_offered_is_refused(client, persuasion, order, settings):
    settings.PAYMENT_SANDBOX = False

    for method in ("sandbox", "cash", "gift-card"):
        with pytest.raises(IllegalTransition):
            payments.choose(order.pk, method)

    assert client.post(f"/checkout/pay/{order.token}/", {"payment": "sandbox"}).status_code == 422


def test_what_is_free_is_paid(order):
    Order.objects.update(goods_amount=0, delivery_amount=0, total_amount=0)
    order.refresh_from_db()
    assert (ledger.status_of(order), payments.due(order)) == ("paid", gbp("0"))


def test_a_shopper_pays_on_the_page_of_the_provider(client, persuasion):
    from commerce.tests.test_story import DETAILS, add, shown, standard_delivery

    add(client, persuasion)
    client.post("/checkout/", DETAILS)
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    review = client.get("/checkout/review/")
    assert re.findall(r'name="payment" value="([^"]+)" required( checked)?', review.content.decode()) == [
        ("invoice", " checked"), ("sandbox", ""),
    ]  # fmt: skip

    answer = client.post("/checkout/review/", {"shown": shown(review), "payment": "sandbox"})

    order = Order.objects.get()
    reference = SandboxPayment.objects.get().reference
    assert answer.headers["Location"] == f"/checkout/pay/{order.token}/leave/sandbox/"
    page = client.get(answer.headers["Location"])
    assert f"checkout/sandbox/{reference}/" in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "no-store, private"
    back = choose(client, reference, "pay")
    assert back.headers["Location"].endswith(f"/checkout/pay/{order.token}/return/")
    done = client.get(f"/checkout/pay/{order.token}/return/", follow=True)
    assert done.redirect_chain[-1][0] == f"/checkout/done/{order.token}/"
    assert "Thank you" in done.content.decode()
    order.refresh_from_db()
    assert order.payment_status == "paid"
    assert ProviderEvent.objects.get().handled_at
    assert "Pay now" in mail.outbox[0].alternatives[0][0]


def test_coming_back_alone_proves_nothing_and_the_page_waits(client, order):
    payments.begin(order.pk, "sandbox")

    waiting = client.get(f"/checkout/pay/{order.token}/return/?status=succeeded&paid=1")
    many = client.get(f"/checkout/pay/{order.token}/return/?looks=99")

    order.refresh_from_db()
    assert order.payment_status == "pending"
    assert 'http-equiv="refresh" content="3;' in waiting.content.decode()
    assert "refresh" not in many.content.decode()
    assert "Look again" in many.content.decode()


def test_a_lost_notification_is_made_up_for_when_the_shopper_comes_back(client, persuasion):
    order = an_order({persuasion: 1}, method="sandbox", email="ada+silent@example.org")
    payment = payments.begin(order.pk, "sandbox")

    choose(client, payment.reference, "pay")
    assert not ProviderEvent.objects.exists()
    client.get(f"/checkout/pay/{order.token}/return/")

    order.refresh_from_db()
    assert order.payment_status == "paid"


def test_a_payment_that_failed_can_be_tried_again_in_another_way(client, order):
    first = payments.begin(order.pk, "sandbox")
    choose(client, first.reference, "fail")

    answer = client.get(f"/checkout/pay/{order.token}/return/", follow=True)
    assert "did not go through" in answer.content.decode()
    again = client.post(f"/checkout/pay/{order.token}/", {"payment": "sandbox"})
    assert again.headers["Location"] == f"/checkout/pay/{order.token}/leave/sandbox/"
    assert Payment.objects.count() == 2
    by_invoice = client.post(f"/checkout/pay/{order.token}/", {"payment": "invoice"}, follow=True)

    order.refresh_from_db()
    assert order.payment_method == "invoice"
    assert "Please transfer £10.94" in by_invoice.content.decode()


def test_a_provider_that_is_down_keeps_the_order_and_the_key(client, persuasion):
    order = an_order({persuasion: 1}, method="sandbox", email="ada+lost@example.org")

    with pytest.raises(PaymentUnavailable):
        payments.begin(order.pk, "sandbox")
    page = client.get(f"/checkout/pay/{order.token}/")
    assert "Pay now" in page.content.decode()
    payment = payments.begin(order.pk, "sandbox")

    provider = SandboxPayment.objects.get()
    assert (provider.key, provider.calls, payment.reference) == (payment.key, 2, provider.reference)
    assert Payment.objects.count() == 1


def test_a_provider_that_does_not_answer_ends_in_a_clear_page(client, persuasion):
    order = an_order({persuasion: 1}, method="sandbox", email="ada+down@example.org")

    page = client.post(f"/checkout/pay/{order.token}/", {"payment": "sandbox"}, follow=True).content.decode()

    assert "does not answer at the moment" in page
    assert "you have not been charged" in page
    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("placed", "pending")


def test_a_slow_provider_ends_within_ten_seconds(client, persuasion, monkeypatch):
    monkeypatch.setattr(sandbox, "PATIENCE", 0.1)
    order = an_order({persuasion: 1}, method="sandbox", email="ada+slow@example.org")

    started = time.monotonic()
    page = client.post(f"/checkout/pay/{order.token}/", {"payment": "sandbox"}, follow=True).content.decode()

    assert "does not answer at the moment" in page
    assert time.monotonic() - started < 5


def test_a_provider_that_refuses_leads_to_another_way(client, order):
    from commerce.gateways.protocol import GatewayError

    with patch.object(sandbox.SandboxGateway, "begin", side_effect=GatewayError("Amount too small")):
        page = client.post(f"/checkout/pay/{order.token}/", {"payment": "sandbox"}, follow=True).content.decode()

    assert "choose another way" in page
    assert (Payment.objects.get().state, Payment.objects.get().failure) == ("failed", "Amount too small")


def test_a_page_that_was_closed_by_the_provider_gives_way_to_a_new_attempt(client, order):
    first = payments.begin(order.pk, "sandbox")
    Payment.objects.update(created_at=timezone.now() - dt.timedelta(hours=1))
    SandboxPayment.objects.update(state="cancelled")

    second = payments.begin(order.pk, "sandbox")

    assert second != first
    assert list(Payment.objects.values_list("state", flat=True)) == ["cancelled", "pending"]


def test_a_notification_is_stored_once_and_acted_on_once(client, order):
    payment = payments.begin(order.pk, "sandbox")
    SandboxPayment.objects.update(state="succeeded")
    mail.outbox.clear()

    answers = [notify(client, payment.reference).status_code for _time in range(10)]

    order.refresh_from_db()
    assert answers == [200] * 10
    assert (ProviderEvent.objects.count(), order.payment_status, len(mail.outbox)) == (1, "paid", 1)


def test_what_a_notification_says_is_asked_about(client, order):
    payment = payments.begin(order.pk, "sandbox")

    notify(client, payment.reference, "succeeded")  # signed, but the provider itself says: pending

    order.refresh_from_db()
    assert order.payment_status == "pending"


def test_notifications_in_the_wrong_order_come_to_the_same(client, order):
    payment = payments.begin(order.pk, "sandbox")
    SandboxPayment.objects.update(state="succeeded")

    for outcome in ("succeeded", "pending", "failed"):
        notify(client, payment.reference, outcome)

    order.refresh_from_db()
    assert (order.payment_status, ProviderEvent.objects.count()) == ("paid", 3)


DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'{"id": NaN}', b'{"id": "\\ud800"}', b'{"id":1,"id":2}', b"\xff\xfe", DEEP],
    ids=["empty", "half", "null", "list", "nan", "surrogate", "twice", "bytes", "deep"],
)
@pytest.mark.parametrize("is_signed", [True, False])
def test_hostile_notifications_are_refused_and_leave_nothing(client, order, body, is_signed):
    at = str(int(time.time()))
    signature = sandbox._sign(at, body) if is_signed else "0" * 64
    started = time.monotonic()

    answer = client.post(
        "/webhooks/sandbox/", body, content_type="application/json",
        headers={"X-Sandbox-Signature": f"{at}.{signature}"},
    )  # fmt: skip

    assert answer.status_code == (413 if len(body) > 256 * 1024 else 400)
    assert time.monotonic() - started < 1
    assert not ProviderEvent.objects.exists()


def test_forged_altered_stale_and_huge_notifications_are_refused(client, order):
    headers, body = sandbox.notification("x", Outcome.SUCCEEDED)

    def post(body, headers):
        return client.post("/webhooks/sandbox/", body, content_type="application/json", headers=headers).status_code

    assert post(body, {}) == 400
    assert post(body, {"X-Sandbox-Signature": "é.ü"}) == 400
    assert post(body.replace(b"succeeded", b"cancelled"), headers) == 400
    assert post(body, {"X-Sandbox-Signature": headers["X-Sandbox-Signature"].replace("1", "2", 1)}) == 400
    assert notify(client, "x", at=time.time() - 301).status_code == 400
    assert post(json.dumps({"x": "y" * 10_000_000}), headers) == 413
    assert client.post("/webhooks/nobody/", b"{}", content_type="application/json").status_code == 404
    assert client.get("/webhooks/sandbox/").status_code == 405
    assert not ProviderEvent.objects.exists()


def test_a_notification_needs_no_browser(order):
    from django.test import Client

    headers, body = sandbox.notification("x", Outcome.SUCCEEDED)
    strict = Client(enforce_csrf_checks=True)
    cross_site = {**headers, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = strict.post("/webhooks/sandbox/", body, content_type="application/json", headers=cross_site)
    assert answer.status_code == 200


def test_a_notification_before_our_own_row_waits_for_it(client, order):
    from commerce.services.notifications import act_on

    payment = payments.begin(order.pk, "sandbox")
    reference = payment.reference
    Payment.objects.update(reference="")
    SandboxPayment.objects.update(state="succeeded")
    notify(client, reference)
    assert ProviderEvent.objects.get().handled_at is None

    Payment.objects.update(reference=reference)
    act_on.func(ProviderEvent.objects.get().pk)

    order.refresh_from_db()
    assert order.payment_status == "paid"
    assert ProviderEvent.objects.get().handled_at


def test_the_sandbox_is_not_there_where_it_is_off(client, order, settings):
    payment = payments.begin(order.pk, "sandbox")
    assert client.get(f"/checkout/sandbox/{payment.reference}/").status_code == 200
    settings.PAYMENT_SANDBOX = False

    assert client.post(f"/checkout/sandbox/{payment.reference}/", {"outcome": "pay"}).status_code == 404
    assert notify(client, payment.reference).status_code == 404
    assert SandboxPayment.objects.get().state == "pending"


def test_a_page_that_is_paid_leads_to_the_order(client, order):
    payment = payments.begin(order.pk, "sandbox")
    payments.settle(payment.pk, succeeded(payment))

    for path in ("", "return/"):
        answer = client.get(f"/checkout/pay/{order.token}/{path}")
        assert answer.headers["Location"] == f"/checkout/done/{order.token}/"
    assert client.get(f"/checkout/pay/{order.token}/leave/sandbox/").status_code == 302
