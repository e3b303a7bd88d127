"""The only writer of `StockRecord` and `StockMovement`: promise copies, send them, give them back, count them.

Each change is one conditional UPDATE, in ascending order of editions, with a check constraint behind it: two orders
that touch the same books queue instead of deadlocking, and the last copy is promised once. The movements that say
what, who and why are written in the same transaction, so a record always follows from them: `StockMovement`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog import indexing
from catalog.importers.bulk import insert_rows
from catalog.models import Edition, StockMovement, StockRecord

if TYPE_CHECKING:
    from accounts.models import User

Kind = StockMovement.Kind


class InsufficientStock(Exception):
    """Fewer copies are free than were asked for. `edition_id` says of which edition."""

    def __init__(self, edition_id: int) -> None:
        super().__init__(f"Not enough copies of edition {edition_id}")
        self.edition_id = edition_id


def allocate(copies: Mapping[int, int], *, order: str = "", user: User | None = None) -> None:
    """Promise copies (`{edition id: how many}`), all of them or, raising InsufficientStock, none."""
    with transaction.atomic():
        for edition_id, quantity in sorted(copies.items()):
            promised = StockRecord.objects.filter(edition_id=edition_id, on_hand__gte=F("allocated") + quantity).update(
                allocated=F("allocated") + quantity
            )
            if not promised:
                raise InsufficientStock(edition_id)
        _record(Kind.ALLOCATED, copies, order=order, user=user)


def release(copies: Mapping[int, int], *, order: str = "", user: User | None = None, why: str = "") -> None:
    """Give promised copies back, as when an order is cancelled."""
    with transaction.atomic():
        for edition_id, quantity in sorted(copies.items()):
            _move(edition_id, allocated=-quantity)
        _record(Kind.RELEASED, copies, order=order, user=user, why=why)


def consume(copies: Mapping[int, int], *, order: str = "", user: User | None = None) -> None:
    """Promised copies leave the shop."""
    with transaction.atomic():
        for edition_id, quantity in sorted(copies.items()):
            _move(edition_id, on_hand=-quantity, allocated=-quantity)
        _record(Kind.SHIPPED, copies, order=order, user=user)


def adjust(
    edition_id: int,
    change: int,
    *,
    kind: str = Kind.COUNTED,
    order: str = "",
    user: User | None = None,
    why: str = "",
) -> None:
    """There are more copies (positive) or fewer than before; never fewer than are promised.

    Args:
        kind: counted, received (more) or written off (fewer).

    Raises:
        InsufficientStock: fewer free copies than are to go.
    """
    with transaction.atomic():
        StockRecord.objects.get_or_create(edition_id=edition_id)
        changed = StockRecord.objects.filter(edition_id=edition_id, on_hand__gte=F("allocated") - change).update(
            on_hand=F("on_hand") + change
        )
        if not changed:
            raise InsufficientStock(edition_id)
        copies = {edition_id: -change if kind == Kind.WRITTEN_OFF else change}
        _record(kind, copies, order=order, user=user, why=why)


def begin(copies: Mapping[int, int], *, why: str) -> None:
    """Open the books of editions that have none, with what is on the shelf: two statements for thousands of them.

    The caller refreshes the lists.
    """
    with transaction.atomic(savepoint=False):
        insert_rows(StockRecord, (StockRecord(edition_id=pk, on_hand=count) for pk, count in copies.items()))
        insert_rows(StockMovement, _movements(Kind.RECEIVED, copies, why=why))


def _move(edition_id: int, *, on_hand: int = 0, allocated: int = 0) -> None:
    moved = StockRecord.objects.filter(edition_id=edition_id, allocated__gte=-allocated, on_hand__gte=-on_hand).update(
        on_hand=F("on_hand") + on_hand, allocated=F("allocated") + allocated
    )
    if not moved:
        raise InsufficientStock(edition_id)


def _record(kind: str, copies: Mapping[int, int], *, order: str = "", user: User | None = None, why: str = "") -> None:
    """Write the movements down, and have the lists show what is there now."""
    StockMovement.objects.bulk_create(_movements(kind, copies, order=order, user=user, why=why))
    pages = set(Edition.objects.filter(pk__in=copies).values_list("product_id", flat=True))
    transaction.on_commit(partial(indexing.refresh, pages))


def _movements(
    kind: str, copies: Mapping[int, int], *, order: str = "", user: User | None = None, why: str = ""
) -> Iterable[StockMovement]:
    now = timezone.now()
    for edition_id, quantity in sorted(copies.items()):
        if quantity:
            yield StockMovement(
                edition_id=edition_id,
                kind=kind,
                quantity=quantity,
                at=now,
                user=user,
                why=why[:200],
                order_number=order,
            )
