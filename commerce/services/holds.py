"""Keeping the copies on the shelf for whoever has begun the checkout. ADR 0015.

Whoever takes copies, to hold or to order them, first locks their stock records in ascending order of editions, and
then, in a statement of its own, looks at what others hold. So of two shoppers who want the last copy one waits, and
sees what the other has done. Whether a hold counts is asked at the moment (`until`); deleting old ones is upkeep.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Sum
from django.utils import timezone

from catalog.models import StockRecord
from commerce.models import Basket, StockHold

LONGEST = 4
"""So many times `CHECKOUT_HOLD` a basket may hold a copy by renewing it."""


@dataclass(frozen=True, slots=True)
class Free:
    """Copies of an edition that a basket may take, and until when others keep some from it."""

    copies: int = 0
    held_until: dt.datetime | None = None


def missing(basket: Basket) -> int:
    """How many copies more than it has a basket would hold, if they were there."""
    now = timezone.now()
    wanted = _wanted(basket)
    held = dict(StockHold.objects.active(now).filter(basket=basket).values_list("edition", "quantity"))
    return sum(max(quantity - held.get(edition_id, 0), 0) for edition_id, quantity in wanted.items())


def hold(basket_id: int) -> None:
    """Keep for the basket what it wants and nobody else holds, from now on for `CHECKOUT_HOLD`.

    Again renews it, up to `LONGEST` times as long as that: who goes on and on lets others have their turn.
    """
    with transaction.atomic():
        basket = Basket.objects.open().select_for_update().filter(pk=basket_id).first()
        if basket is None:
            return
        wanted = _wanted(basket)
        now = timezone.now()
        free = lock_free(basket, wanted, now)
        begun = dict(StockHold.objects.active(now).filter(basket=basket).values_list("edition", "begun_at"))
        kept = {pk: copies for pk, most in wanted.items() if (copies := min(most, free[pk].copies)) > 0}
        StockHold.objects.filter(basket=basket).exclude(edition__in=kept).delete()
        StockHold.objects.bulk_create(
            [
                StockHold(
                    basket=basket,
                    edition_id=pk,
                    quantity=copies,
                    begun_at=since,
                    until=min(now + settings.CHECKOUT_HOLD, since + LONGEST * settings.CHECKOUT_HOLD),
                )
                for pk, copies in sorted(kept.items())
                for since in [begun.get(pk, now)]
            ],
            update_conflicts=True,
            unique_fields=["basket", "edition"],
            update_fields=["quantity", "begun_at", "until"],
        )


def lock_free(basket: Basket, edition_ids: Collection[int], at: dt.datetime) -> dict[int, Free]:
    """What a basket may take of editions, their records locked until the caller's transaction ends."""
    records = StockRecord.objects.select_for_update().filter(edition_id__in=edition_ids).order_by("edition_id")
    available = {record.edition_id: record.available for record in records}
    others = StockHold.objects.active(at).filter(edition__in=edition_ids).exclude(basket=basket).order_by()
    held = {
        pk: (copies, until)
        for pk, copies, until in others.values_list("edition").annotate(copies=Sum("quantity"), until=Min("until"))
    }
    free = {}
    for pk in edition_ids:
        copies, until = held.get(pk, (0, None))
        free[pk] = Free(max(available.get(pk, 0) - copies, 0), until)
    return free


def let_go(basket: Basket) -> None:
    """The basket has been ordered: what it held is promised now."""
    StockHold.objects.filter(basket=basket).delete()


def trim(basket: Basket) -> None:
    """The basket wants less than before: it holds no more than that."""
    wanted = dict(basket.lines.values_list("edition", "quantity"))
    for held in StockHold.objects.filter(basket=basket):
        if held.edition_id not in wanted:
            held.delete()
        elif held.quantity > wanted[held.edition_id]:
            StockHold.objects.filter(pk=held.pk).update(quantity=wanted[held.edition_id])


def move(mine: Basket, shared: Basket) -> None:
    """What one basket holds the other one holds, when a shopper signs in. The caller has locked both."""
    now = timezone.now()
    StockHold.objects.filter(basket=shared, until__lte=now).delete()
    known = {held.edition_id: held for held in StockHold.objects.filter(basket=shared)}
    for held in StockHold.objects.active(now).filter(basket=mine):
        if other := known.get(held.edition_id):
            until = max(held.until, other.until)
            StockHold.objects.filter(pk=other.pk).update(quantity=F("quantity") + held.quantity, until=until)
        else:
            StockHold.objects.filter(pk=held.pk).update(basket=shared)
    trim(shared)


def purge() -> int:
    """Delete what has run out; how many rows."""
    return StockHold.objects.filter(until__lte=timezone.now()).delete()[0]


def _wanted(basket: Basket) -> dict[int, int]:
    """Printed copies in the basket by edition; downloads are never short."""
    lines = basket.lines.select_related("edition")
    return {line.edition_id: line.quantity for line in lines if not line.edition.is_digital}
