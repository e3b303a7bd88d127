"""The books of the stock."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from catalog.models import Edition, StockMovement
from commerce.bookkeeping.drift import Drift
from commerce.models.order import UNSENT

Kind = StockMovement.Kind


def records_follow_movements() -> Iterator[Drift]:
    """Copies on hand and allocated are what the movements come to (`StockMovement` has the equation)."""
    rows = _with_books().annotate(
        on_hand_of_movements=_sum({Kind.RECEIVED: 1, Kind.COUNTED: 1, Kind.SHIPPED: -1, Kind.WRITTEN_OFF: -1}),
        allocated_of_movements=_sum({Kind.ALLOCATED: 1, Kind.RELEASED: -1, Kind.SHIPPED: -1}),
    )
    agree = Q(on_hand=F("on_hand_of_movements"), allocated=F("allocated_of_movements"))
    for row in rows.exclude(agree).order_by("pk").iterator():
        for what, says, should_be in (
            ("copies on hand", row.on_hand, row.on_hand_of_movements),
            ("copies allocated", row.allocated, row.allocated_of_movements),
        ):
            if says != should_be:
                yield Drift(what, f"edition {row.sku}", says, should_be)


def promises_are_those_of_orders() -> Iterator[Drift]:
    """Copies allocated are the order lines that were promised one and have not been sent."""
    waiting = Q(order_lines__is_allocated=True, order_lines__status__in=UNSENT)
    rows = _with_books().annotate(promised=Count("order_lines", filter=waiting))
    for row in rows.exclude(allocated=F("promised")).order_by("pk").iterator():
        yield Drift("copies allocated", f"edition {row.sku}", row.allocated, f"{row.promised}, as orders say")


def _with_books() -> QuerySet[Edition]:
    """Every edition with what its record says; nothing where it has none."""
    return Edition.objects.annotate(on_hand=Coalesce("stock__on_hand", 0), allocated=Coalesce("stock__allocated", 0))


def _sum(signs: dict[Kind, int]) -> Coalesce:
    moves = Case(
        *(When(movements__kind=kind, then=F("movements__quantity") * sign) for kind, sign in signs.items()),
        default=0,
        output_field=IntegerField(),
    )
    return Coalesce(Sum(moves), 0)
