"""Invoices: their numbers and their texts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery

from commerce.bookkeeping.drift import Drift
from commerce.models import Invoice, InvoiceCounter
from core.money import Money


def numbers_have_no_gaps() -> Iterator[Drift]:
    """In each series and year the numbers run from 1 to what the counter says, and no number is outside a counter."""
    counters = InvoiceCounter.objects.annotate(
        issued=_of_counter(Count("pk")), highest=_of_counter(Max("sequence"))
    ).filter(Exists(_of_series()) | Q(last__gt=0))
    for counter in counters.order_by("pk").iterator():
        where = f"invoices {counter.series}-{counter.year}"
        if (counter.highest or 0) != counter.last:
            yield Drift("the last number", where, counter.highest or 0, counter.last)
        if (counter.issued or 0) != counter.last:
            yield Drift("how many there are", where, counter.issued or 0, counter.last)
    counted = InvoiceCounter.objects.filter(series=OuterRef("series"), year=OuterRef("year"))
    for number in Invoice.objects.filter(~Exists(counted)).order_by("pk").values_list("number", flat=True):
        yield Drift("the counter", f"invoice {number}", "missing", "there")


def texts_are_as_issued() -> Iterator[Drift]:
    """The digest of each invoice is that of its text, and it asks for what the order costs."""
    for invoice in Invoice.objects.select_related("order").order_by("pk").iterator(chunk_size=500):
        where, order = f"invoice {invoice.number}", invoice.order
        if not invoice.is_intact:
            yield Drift("the text", where, "another one", "the one that was issued")
        asked = Money(Decimal(invoice.snapshot["total"]), invoice.snapshot["currency"])
        if asked != order.total:
            yield Drift("the total", where, asked, f"{order.total}, as order {order.number} says")


def _of_series() -> QuerySet[Invoice]:
    return Invoice.objects.filter(series=OuterRef("series"), year=OuterRef("year")).order_by()


def _of_counter(aggregate: Count | Max) -> Subquery:
    return Subquery(_of_series().values("series").annotate(found=aggregate).values("found"))
