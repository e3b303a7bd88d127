"""Money, many at once. Each race has a control that shows the race is real where the guard is missing."""

from __future__ import annotations

import time
from contextlib import ExitStack
from unittest.mock import patch

import pytest
from django.core import mail
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from catalog.models import StockRecord
from catalog.tests.factories import book
from commerce.bookkeeping import CHECKS
from commerce.exceptions import CannotRefund, CommerceError
from commerce.gateways import sandbox
from commerce.gateways.protocol import Outcome
from commerce.models import Invoice, Order, OrderEvent, Payment, ProviderEvent, Refund, SandboxPayment
from commerce.services import orders, payments, refunding, refunds, returns
from commerce.services.reconciliation import Run
from commerce.tests.factories import an_order, filled_basket
from commerce.tests.test_payments import choose, gbp, notify, succeeded
from commerce.tests.test_races import at_once, last_click

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

ON_SQLITE = "SQLite lets one writer in at a time: there is no race"


@pytest.fixture(autouse=True)
def _sandbox(settings):
    settings.PAYMENT_SANDBOX = True


def drifts() -> list[str]:
    return [found for check in CHECKS for found in check()]


def an_open_order(email: str = "ada@example.org") -> tuple[Order, Payment]:
    order = an_order({book("Emma", availability="available").editions.get(): 1}, method="sandbox", email=email)
    return order, payments.begin(order.pk, "sandbox")


def without_locks() -> ExitStack:
    """As if nobody locked a row: read, wait, write."""

    def unlocked(order_id: int) -> Order:
        order = Order.objects.get(pk=order_id)
        time.sleep(0.05)
        return order

    locks = ExitStack()
    locks.enter_context(patch.object(orders, "lock", unlocked))
    locks.enter_context(patch.object(QuerySet, "select_for_update", lambda rows, **_how: rows.all()))
    return locks


def test_the_same_form_sent_twenty_times_begins_one_payment_ten_times(books_page):
    """C-07 at a provider's: one order, one attempt, one call, one confirmation; paid, one thank-you and one number."""
    edition = book("Emma", in_stock=10).editions.get()
    for number in range(1, 11):
        click = last_click(filled_basket({edition: 1}), "sandbox")
        mail.outbox.clear()

        answers = at_once(*[click] * 20)

        order = Order.objects.latest("pk")
        assert {answer.headers["Location"] for answer in answers} == {f"/checkout/pay/{order.token}/leave/sandbox/"}
        assert Order.objects.count() == Payment.objects.count() == number
        attempt = order.payments.get()
        assert SandboxPayment.objects.get(reference=attempt.reference).calls == 1
        choose(Client(), attempt.reference, "pay")
        assert [message.subject for message in mail.outbox] == [
            f"Your order {order.number} at BookTime",
            f"We have your payment for order {order.number}",
        ]
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == list(range(1, 11))
    assert drifts() == []


def test_control_without_the_claim_the_provider_is_called_many_times(books_page):
    order = an_order({book("Emma").editions.get(): 1}, method="sandbox")

    real = sandbox.SandboxGateway.begin

    def slowly(self, request):
        begun = real(self, request)
        time.sleep(0.3)
        return begun

    with patch.object(payments, "_claim", lambda _payment: True), patch.object(sandbox.SandboxGateway, "begin", slowly):
        at_once(*[lambda: payments.begin(order.pk, "sandbox") for _click in range(8)])

    assert SandboxPayment.objects.get().calls > 1


@pytest.mark.parametrize("rounds", [50])
def test_browser_notification_and_clock_at_once_pay_once(books_page, rounds):
    edition = book("Emma", availability="available").editions.get()
    clients = [Client(), Client()]
    for _round in range(rounds):
        order = an_order({edition: 1}, method="sandbox")
        payment = payments.begin(order.pk, "sandbox")
        sandbox.finish(payment.reference, Outcome.SUCCEEDED)
        Payment.objects.update(created_at=order.placed_at.replace(year=2020), asked_at=None)
        mail.outbox.clear()

        at_once(
            lambda order=order: clients[0].get(f"/checkout/pay/{order.token}/return/"),
            lambda payment=payment: notify(clients[1], payment.reference),
            lambda: Run()._attempts(),
        )

        order.refresh_from_db()
        assert order.payment_status == "paid"
        assert order.events.filter(kind="paid").count() == 1
        assert [message.subject for message in mail.outbox] == [f"We have your payment for order {order.number}"]
    assert drifts() == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason=ON_SQLITE)
def test_control_without_the_lock_money_is_counted_twice(books_page):
    _order, payment = an_open_order()

    with without_locks():
        at_once(*[lambda: payments.settle(payment.pk, succeeded(payment)) for _answer in range(8)])

    assert OrderEvent.objects.filter(kind="paid").count() > 1


def test_a_notification_ten_times_at_once_is_stored_and_acted_on_once(books_page):
    order, payment = an_open_order()
    sandbox.finish(payment.reference, Outcome.SUCCEEDED)
    mail.outbox.clear()
    started = time.monotonic()

    answers = at_once(*[lambda: notify(Client(), payment.reference) for _delivery in range(10)])

    order.refresh_from_db()
    assert {answer.status_code for answer in answers} == {200}
    assert time.monotonic() - started < 5
    assert (order.payment_status, ProviderEvent.objects.count(), len(mail.outbox)) == ("paid", 1, 1)


def test_notifications_in_any_order_at_once_pay_once(books_page):
    order, payment = an_open_order()
    sandbox.finish(payment.reference, Outcome.SUCCEEDED)

    kinds = ["succeeded", "pending", "failed", "cancelled"] * 3
    at_once(*[lambda kind=kind: notify(Client(), payment.reference, kind) for kind in kinds])

    order.refresh_from_db()
    assert order.payment_status == "paid"
    assert order.events.filter(kind="paid").count() == 1
    assert ProviderEvent.objects.count() == 4


def test_two_ways_that_both_succeed_at_once_pay_once(books_page):
    order, first = an_open_order()
    Payment.objects.update(method="stripe")  # another tab, by card
    second = payments.begin(order.pk, "sandbox")

    with patch.dict("commerce.gateways.GATEWAYS", {"stripe": "commerce.gateways.sandbox.SandboxGateway"}):
        at_once(*[lambda one=one: payments.settle(one.pk, succeeded(one)) for one in (first, second)])

    order.refresh_from_db()
    assert (order.payment_status, payments.received(order)) == ("paid", order.total)
    refund = Refund.objects.get()
    assert (refund.money, refund.state) == (order.total, "done")
    assert drifts() == []


def paid_order() -> Order:
    order, payment = an_open_order()
    choose(Client(), payment.reference, "pay")
    return order


def test_ten_refunds_at_once_give_back_no_more_than_came(books_page):
    order = paid_order()

    answers = at_once(*[lambda: payments.refund(order.pk, gbp("3"), "x") for _press in range(10)])

    assert sum(isinstance(answer, CannotRefund) for answer in answers) == 7
    assert payments.received(order) == gbp("1.94")
    assert SandboxPayment.objects.get().refunded == gbp("9")
    assert drifts() == []


def test_refund_withdrawal_and_cancellation_at_once_give_back_what_came(books_page):
    """C-16: whoever comes first, all of it goes back, and not a penny more."""
    for _round in range(5):
        order = paid_order()
        lines = list(order.lines.values_list("pk", flat=True))

        answers = at_once(
            lambda order=order: payments.refund(order.pk, gbp("3"), "A torn page."),
            lambda order=order: payments.refund(order.pk, order.total, "Goodwill."),
            lambda order=order, lines=lines: returns.withdraw(order.pk, lines, name="Ada", email=order.email),
            lambda order=order: refunds.cancel(order.pk, None, "Sold out."),
        )

        assert all(not isinstance(one, Exception) or isinstance(one, CommerceError) for one in answers), answers
        order.refresh_from_db()
        assert (order.status, order.payment_status) == ("cancelled", "refunded")
        provider = SandboxPayment.objects.get(reference=order.payments.get().reference)
        assert (provider.refunded, payments.received(order)) == (order.total, gbp("0"))
        assert StockRecord.objects.filter(allocated__gt=0).count() == 0
    assert drifts() == []


def test_the_same_refund_ten_times_at_once_is_one_call_to_the_provider(books_page):
    order = paid_order()
    calls = []
    real = sandbox.SandboxGateway.refund

    def counted(self, reference, amount, key):
        calls.append(key)
        return real(self, reference, amount, key)

    with patch.object(sandbox.SandboxGateway, "refund", counted):
        at_once(*[lambda: payments.refund(order.pk, gbp("3"), "x", once="form") for _press in range(10)])
        [refund] = Refund.objects.all()
        Refund.objects.update(state="created", asked_at=None)
        at_once(*[lambda: refunding.send_refund.func(refund.pk) for _worker in range(10)])

    assert len(calls) == 2, "one when it was promised, one by the fastest of ten workers"
    assert SandboxPayment.objects.get().refunded == gbp("3")


@pytest.mark.skipif(connection.vendor == "sqlite", reason=ON_SQLITE)
def test_control_without_the_lock_the_database_alone_stops_refunds(books_page):
    order = paid_order()

    with without_locks():
        answers = at_once(*[lambda: payments.refund(order.pk, gbp("10"), "x") for _press in range(6)])

    assert any(not isinstance(answer, list | CannotRefund) for answer in answers), "the constraint had to step in"
    assert SandboxPayment.objects.get().refunded == gbp("10")


def test_the_end_of_an_order_and_its_money_at_once_come_to_one_of_two_ends(books_page):
    ends = set()
    for _round in range(10):
        order, payment = an_open_order()
        sandbox.finish(payment.reference, Outcome.SUCCEEDED)

        at_once(lambda order=order: payments.expire(order.pk), lambda payment=payment: payments.look(payment.pk))

        order.refresh_from_db()
        ends.add((order.status, order.payment_status))
    assert ends <= {("placed", "paid"), ("cancelled", "refunded")}
    assert drifts() == []
