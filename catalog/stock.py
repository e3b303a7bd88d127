"""The only writer of `StockRecord`: promise copies, send them, give them back, count them.

Each change is one conditional UPDATE, in ascending order of editions, with a check constraint behind it:
two orders that touch the same books queue instead of deadlocking, and the last copy is promised once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from django.db import transaction
from django.db.models import F

from catalog import indexing
from catalog.models import Edition, StockRecord


class InsufficientStock(Exception):
    """Fewer copies are free than were asked for. `edition_id` says of which edition."""

    def __init__(self, edition_id: int) -> None:
        super().__init__(f"Not enough copies of edition {edition_id}")
        self.edition_id = edition_id


def allocate(copies: Mapping[int, int]) -> None:
    """Promise copies (`{edition id: how many}`), all of them or, raising InsufficientStock, none."""
    with transaction.atomic():
        for edition_id, quantity in sorted(copies.items()):
            promised = StockRecord.objects.filter(edition_id=edition_id, on_hand__gte=F("allocated") + quantity).update(
                allocated=F("allocated") + quantity
            )
            if not promised:
                raise InsufficientStock(edition_id)
        _tell_lists(copies)


def release(copies: Mapping[int, int]) -> None:
    """Give promised copies back, as when an order is cancelled."""
    with transaction.atomic():
        for edition_id, quantity in sorted(copies.items()):
            _move(edition_id, allocated=-quantity)
        _tell_lists(copies)


def consume(copies: Mapping[int, int]) -> None:
    """Promised copies leave the shop."""
    with transaction.atomic():
        for edition_id, quantity in sorted(copies.items()):
            _move(edition_id, on_hand=-quantity, allocated=-quantity)
        _tell_lists(copies)


def adjust(edition_id: int, change: int) -> None:
    """Copies arrive (positive) or are written off (negative); never below what is promised.

    Raises:
        InsufficientStock: fewer free copies than are to be written off.
    """
    with transaction.atomic():
        StockRecord.objects.get_or_create(edition_id=edition_id)
        changed = StockRecord.objects.filter(edition_id=edition_id, on_hand__gte=F("allocated") - change).update(
            on_hand=F("on_hand") + change
        )
        if not changed:
            raise InsufficientStock(edition_id)
        _tell_lists({edition_id: change})


def _move(edition_id: int, *, on_hand: int = 0, allocated: int = 0) -> None:
    moved = StockRecord.objects.filter(edition_id=edition_id, allocated__gte=-allocated, on_hand__gte=-on_hand).update(
        on_hand=F("on_hand") + on_hand, allocated=F("allocated") + allocated
    )
    if not moved:
        raise InsufficientStock(edition_id)


def _tell_lists(copies: Mapping[int, int]) -> None:
    pages = set(Edition.objects.filter(pk__in=copies).values_list("product_id", flat=True))
    transaction.on_commit(partial(indexing.refresh, pages))
