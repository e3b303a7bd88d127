"""Whether invoices and credit notes agree with one another and with their orders. Each check yields what does not:
the document or order, and what is wrong with it. Nothing is changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from commerce.bookkeeping.drift import Drift
from commerce.models import CreditNote, Invoice, InvoiceCounter, Order, OrderLine

HALF_A_MILL = Decimal("0.0005")


def numbers() -> Iterator[Drift]:
    """Every series runs from 1 to its counter without a gap, and later numbers bear later times."""
    counters = {(row.series, row.year): row.last for row in InvoiceCounter.objects.all()}
    for model in (Invoice, CreditNote):
        expected: dict[tuple[str, int], int] = defaultdict(int)
        before = None
        rows = model.objects.order_by("series", "year", "sequence").values_list(
            "series", "year", "sequence", "number", "issued_at"
        )
        for series, year, sequence, number, issued_at in rows.iterator():
            expected[series, year] += 1
            if sequence != expected[series, year]:
                yield Drift(f"expected number {expected[series, year]} of {series}-{year}: a gap", number)
                expected[series, year] = sequence
            if before and before[:2] == (series, year) and issued_at < before[2]:
                yield Drift("issued before the number before it", number)
            before = series, year, issued_at
        for key, last in expected.items():
            if counters.pop(key, None) != last:
                yield Drift("the counter is not at the last number", f"{key[0]}-{key[1]}")
    for (series, year), last in counters.items():
        if last:
            yield Drift(f"the counter is at {last}, and there is no document", f"{series}-{year}")


def digests() -> Iterator[Drift]:
    """Every stored text is what was issued, under the number that was issued."""
    for model in (Invoice, CreditNote):
        for issued in model.objects.order_by("pk").iterator(200):
            if not issued.is_intact:
                yield Drift("the stored text is not what was issued", issued.number)
            elif issued.snapshot["number"] != issued.number:
                yield Drift(f"the stored text is of {issued.snapshot['number']}", issued.number)


def credits() -> Iterator[Drift]:
    """No copy, delivery or order is credited beyond its invoice, and what is kept on them is what the notes say."""
    by_line: dict[int, Decimal] = defaultdict(Decimal)
    by_order: dict[int, Decimal] = defaultdict(Decimal)
    delivery: dict[int, Decimal] = defaultdict(Decimal)
    for note in CreditNote.objects.select_related("invoice").order_by("pk").iterator(200):
        order_id, said = note.invoice.order_id, note.snapshot
        by_order[order_id] += Decimal(said["total"])
        delivery[order_id] += Decimal(said["delivery"]["gross"])
        for part in said["parts"]:
            by_line[part["line"]] += Decimal(part["gross"])
    for order in Order.objects.filter(credited_amount__gt=0).iterator(200):
        if not _same(order.credited_amount, by_order.pop(order.pk, Decimal(0))):
            yield Drift("the credit notes do not add up to what is credited", order.number)
        if not _same(order.delivery_credited_amount, delivery.pop(order.pk, Decimal(0))):
            yield Drift("the credit notes do not add up to what is credited of the delivery", order.number)
        if order.credited_amount > order.total_amount or order.delivery_credited_amount > order.delivery_amount:
            yield Drift("more is credited than was invoiced", order.number)
    lines = OrderLine.objects.filter(credited_amount__gt=0).select_related("order")
    for line in lines.iterator(200):
        if not _same(line.credited_amount, by_line.pop(line.pk, Decimal(0))):
            yield Drift(f"{line.title}: the credit notes do not add up to what is credited", line.order.number)
        if line.credited_amount > line.unit_gross:
            yield Drift(f"{line.title}: more is credited than was invoiced", line.order.number)
    for rest in (by_order, by_line, delivery):
        for pk, amount in rest.items():
            if amount:
                yield Drift("a credit note says what is not kept on its order", str(pk))


CHECKS = (numbers, digests, credits)


def _same(one: Decimal, other: Decimal) -> bool:
    """SQLite keeps decimals as floats."""
    return abs(one - other) < HALF_A_MILL
