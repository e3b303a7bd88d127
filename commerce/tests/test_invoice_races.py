"""Numbers of documents under many writers (C-17). The control twin shows that the test would find a gap."""

from __future__ import annotations

import datetime as dt
import random
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from catalog.tests.factories import book
from commerce.bookkeeping import documents as audit
from commerce.exceptions import CommerceError
from commerce.models import CreditNote, Invoice, InvoiceCounter, Order
from commerce.services import checkout, credit_notes, invoicing, numbering
from commerce.services.numbering import Number
from commerce.tests.factories import filled_basket, place
from commerce.tests.test_races import at_once

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

THREADS, EACH, FAILING = 10, 20, 0.3


class Refused(Exception):
    """What a third of the transactions end with."""


def orders_without_invoices(count: int) -> list[Order]:
    edition = book("Emma", availability="available").editions.get()
    with patch.object(invoicing, "issue_at_placing"), patch.object(checkout, "post"):
        return [place(filled_basket({edition: 1})) for _number in range(count)]


def issue_all(orders: list[Order]) -> None:
    """Ten threads issue twenty invoices each, and a third of the transactions fail after that."""
    fails = {order.pk: random.Random(order.pk).random() < FAILING for order in orders}
    errors: list[BaseException] = []

    def run(mine: list[Order]) -> None:
        for order in mine:
            try:
                with transaction.atomic():
                    invoicing.issue(order)
                    if fails[order.pk]:
                        raise Refused
            except Refused:
                pass
            except Exception as error:  # noqa: BLE001  # the test looks at it
                errors.append(error)

    at_once(*[lambda mine=orders[thread::THREADS]: run(mine) for thread in range(THREADS)])
    assert errors == []


def test_ten_threads_with_rollbacks_over_new_years_eve_leave_no_gap_in_either_year(books_page):
    orders = orders_without_invoices(THREADS * EACH)
    eve = dt.datetime(2031, 12, 31, 23, 59, 59, 300_000, tzinfo=dt.UTC)

    with time_machine.travel(eve, tick=True):
        issue_all(orders)

    kept = Invoice.objects.count()
    assert 0 < kept < THREADS * EACH
    assert list(audit.numbers()) == []
    assert set(Invoice.objects.values_list("year", flat=True)) == {2031, 2032}
    assert sum(InvoiceCounter.objects.values_list("last", flat=True)) == kept
    for invoice in Invoice.objects.all():
        assert timezone.localdate(invoice.issued_at).year == invoice.year
        assert invoice.number == invoice.snapshot["number"]


def test_control_a_counter_that_is_not_rolled_back_leaves_gaps(books_page):
    orders = orders_without_invoices(40)
    taken = iter(range(1, 10_000))

    def take(series: str) -> Number:
        return Number(series, 2031, next(taken), timezone.now())

    with patch.object(numbering, "take", take):
        issue_all(orders)

    assert any("a gap" in found.what for found in audit.numbers())


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time: there is no race")
def test_control_without_the_lock_two_documents_want_one_number(books_page):
    orders = orders_without_invoices(40)

    def take(series: str) -> Number:
        last = Invoice.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
        return Number(series, 2031, last + 1, timezone.now())

    with patch.object(numbering, "take", take), pytest.raises(AssertionError, match="IntegrityError"):
        issue_all(orders)


def test_an_order_that_is_invoiced_by_three_at_once_has_one_invoice(books_page):
    orders = orders_without_invoices(10)
    for order in orders:
        found = at_once(*[lambda order=order: invoicing.issue(order) for _who in range(3)])
        assert len({invoice.pk for invoice in found}) == 1
    assert list(audit.numbers()) == []


def test_a_copy_that_is_credited_by_ten_at_once_is_credited_once(books_page):
    order = orders_without_invoices(1)[0]
    invoicing.issue(order)
    line = order.lines.get()

    found = at_once(
        *[lambda: credit_notes.issue(order.pk, [line.pk], reason="x", actor=None) for _who in range(5)],
        *[lambda: credit_notes.issue_amount(order.pk, order.total, reason="x", actor=None) for _who in range(5)],
    )

    assert len([note for note in found if isinstance(note, CreditNote)]) in {1, 2}, "the copy, then the delivery"
    assert all(isinstance(one, CreditNote | CommerceError) for one in found)
    order.refresh_from_db()
    assert order.credited_amount <= order.total_amount
    assert list(audit.numbers()) == []
    assert list(audit.credits()) == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time: there is no race")
def test_control_without_the_lock_a_copy_is_credited_twice(books_page):
    order = orders_without_invoices(1)[0]
    invoicing.issue(order)
    line = order.lines.get()

    def unlocked(order_id: int):
        order = Order.objects.get(pk=order_id)
        return order, order.invoice

    with patch.object(credit_notes, "_locked", unlocked):
        at_once(*[lambda: credit_notes.issue(order.pk, [line.pk], reason="x", actor=None) for _who in range(8)])

    assert CreditNote.objects.count() > 1
