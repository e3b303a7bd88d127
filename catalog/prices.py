"""The only writer of prices and of their history. ADR 0012.

Staff's wishes, from a form or a list, become a plan: what is asked now, what will be, and what stands in the way.
The plan is shown first; `apply` works it out again under a lock and writes it only if it is still the one that was
seen. Feeds write through `replace_feed_prices`. Reading a price is `Edition.price` and `catalog.offers`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import indexing, price_history
from catalog.importers.bulk import delete_rows, insert_rows
from catalog.models import Edition, Price, PriceChange
from catalog.offers import PriceTerm, price_entry, price_from, term_of
from catalog.price_history import REFERENCE, Asked, Era
from catalog.price_sums import Operation, Sum
from core.money import Money

if TYPE_CHECKING:
    from accounts.models import User

MOST_AT_ONCE = 5_000
"""Editions whose prices one plan may change: a few seconds' work."""
HIGHEST = Decimal(999_999)
"""More than this is a mistake."""

Key = tuple[int, str]
"""An edition and a currency."""
Refusal = Callable[[Edition, Money, Money], str]
"""Why an edition of an ordinary price may not be offered at another one, in words; empty where it may."""
LAWS: list[Callable[[], Refusal]] = []
"""Who may refuse an offer, asked anew for each plan: rooms above add themselves."""
Changes = list[tuple[dt.datetime, tuple[PriceTerm, ...]]]


class ChangedMeanwhile(Exception):
    """The plan is no longer the one that was seen: somebody else changed a price, or what was chosen by."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the price of an edition in one currency is to become.

    With an end it is an offer, without one a price until further notice; without a beginning it holds at once.
    """

    edition_id: int
    currency: str
    sum: Sum
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None


@dataclass
class Planned:
    """What becomes of the prices of an edition in one currency."""

    edition: Edition
    currency: str
    at: dt.datetime
    before: list[Price]
    after: list[Price]
    changes: Changes
    problems: list[str] = field(default_factory=list)

    @property
    def is_change(self) -> bool:
        """True where something will be different."""
        return _marks(self.before) != _marks(self.after)

    @property
    def now(self) -> Money | None:
        """What is asked before the change."""
        price = price_history.holding(_terms(self.before), self.at)
        return Money(price.amount, self.currency) if price else None

    @property
    def shown(self) -> list[Asked]:
        """What shoppers will see, from now on, each time it changes."""
        return list(price_history.asked(self.eras(), self.at))

    def eras(self) -> list[Era]:
        """The history, with the plan as its last era."""
        if not self.is_change:
            return price_history.eras(self.edition.created_at, self.changes, _terms(self.before))
        changes = [*self.changes, (self.at, _terms(self.before))]
        return price_history.eras(self.edition.created_at, changes, _terms(self.after))


# --- Reading -------------------------------------------------------------------------------------


def eras_of(edition: Edition, currency: str | None = None) -> list[Era]:
    """What was asked for an edition, and what is planned: three queries at most."""
    currency = currency or settings.SHOP_CURRENCY
    changes = PriceChange.objects.filter(edition=edition, currency=currency).order_by("at", "pk")
    rows = [price for price in edition.prices.all() if price.currency == currency]
    return price_history.eras(
        edition.created_at, [(change.at, _before(change.before)) for change in changes], _terms(rows)
    )


def lowest_price_since(
    edition: Edition, at: dt.datetime, days: int = REFERENCE.days, currency: str | None = None
) -> Money | None:
    """The lowest price that was asked in the days before `at`; None where nothing was asked."""
    amount = price_history.lowest(eras_of(edition, currency), at - dt.timedelta(days=days), at)
    return None if amount is None else Money(amount, currency or settings.SHOP_CURRENCY)


# --- Staff ---------------------------------------------------------------------------------------


def plan(wishes: Iterable[Wish], at: dt.datetime | None = None) -> list[Planned]:
    """What these wishes come to at `at` (now), in their order: the same three queries for one and for thousands."""
    at = at or timezone.now()
    wanted: dict[Key, list[Wish]] = defaultdict(list)
    for wish in wishes:
        wanted[wish.edition_id, wish.currency].append(wish)
    ids = {edition_id for edition_id, _currency in wanted}
    editions = Edition.objects.select_related("product").in_bulk(ids)
    prices = _by_key(Price.objects.filter(edition__in=ids))
    changes = _recent_changes(ids, at)
    refusals = [law() for law in LAWS]
    planned = []
    for key, asked_for in wanted.items():
        if key[0] not in editions:
            continue
        before = prices.get(key, [])
        entry = Planned(editions[key[0]], key[1], at, before, list(before), changes.get(key, []))
        for wish in asked_for:
            if problem := _problem(entry, wish, refusals):
                entry.problems.append(problem)
            else:
                _work_in(entry, wish)
        if entry.is_change:
            _settle(entry)
        planned.append(entry)
    return planned


def sign_of(planned: Iterable[Planned]) -> str:
    """A sign of a plan: equal signs, equal changes of equal prices."""
    facts = [
        (entry.edition.pk, entry.currency, [price.pk for price in entry.before], _marks(entry.before),
         _marks(entry.after, since=entry.at))
        for entry in planned
    ]  # fmt: skip
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def apply(
    wishes: Sequence[Wish], *, seen: str | None, user: User | None, cause: str = PriceChange.Cause.STAFF
) -> list[Planned]:
    """Do what these wishes come to, in one transaction with the lists that show it; return the changes.

    What a plan has problems with stays as it is.

    Args:
        seen: the `sign_of` the plan that the user agreed to; None where there was nothing to see, as for a new edition.

    Raises:
        ChangedMeanwhile: the plan has become another one. Nothing was written.
    """
    ids = {wish.edition_id for wish in wishes}
    with transaction.atomic():
        list(Edition.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
        planned = plan(wishes)
        if seen is not None and sign_of(planned) != seen:
            raise ChangedMeanwhile
        changed = [entry for entry in planned if entry.is_change]
        _write(changed, user, cause)
        indexing.refresh({entry.edition.product_id for entry in changed})
    return changed


def _problem(entry: Planned, wish: Wish, refusals: Iterable[Refusal]) -> str:
    """Why a wish cannot come true; nothing where it can."""
    operation, at = wish.sum.operation, entry.at
    if operation in (Operation.GIVE_BACK, Operation.END_OFFERS):
        return ""
    start = max(wish.starts_at or at, at)
    if wish.ends_at and wish.ends_at <= start:
        return _("The offer would be over before it begins.")
    amount = wish.sum.of(_ordinary(entry, start), wish.currency)
    if amount is None:
        return _("There is no price to start from.")
    if amount.amount < 0 or (not amount and operation != Operation.SET):
        return _("Nothing would be left of the price.")
    if amount.amount > HIGHEST:
        return _("%(price)s is more than any book costs.") % {"price": amount}
    there = [price for price in entry.after if _overlap(price, start, wish.ends_at)]
    fixed = next((price for price in there if price.is_fixed and price.money != amount), None)
    if fixed:
        return _("The publisher fixes the price: %(price)s.") % {"price": fixed.money}
    if wish.ends_at:
        other = next((price for price in there if price.is_offer), None)
        if other and not _is_same(other, amount, wish):
            return _("There is an offer at that time already: %(price)s. End it first.") % {"price": other.money}
        if ordinary := _ordinary(entry, start):
            return next(filter(None, (refusal(entry.edition, ordinary, amount) for refusal in refusals)), "")
    return ""


def _work_in(entry: Planned, wish: Wish) -> None:
    """Make a wish part of a plan."""
    operation, at = wish.sum.operation, entry.at
    shops = [price for price in entry.after if price.source == Price.Source.SHOP]
    if operation == Operation.END_OFFERS:
        _replace(entry, [price for price in shops if price.is_offer], None)
        return
    if operation == Operation.GIVE_BACK:
        _replace(entry, [price for price in shops if not price.is_offer], None)
        return
    is_later = wish.starts_at is not None and wish.starts_at > at
    start = wish.starts_at if is_later else (at if wish.ends_at else None)
    amount = wish.sum.of(_ordinary(entry, start or at), wish.currency)
    if amount is None or (wish.ends_at and any(_is_same(price, amount, wish) for price in shops)):
        return
    if wish.ends_at:
        replaced = []
    else:
        replaced = [
            price
            for price in shops
            if not price.is_offer and is_later == bool(price.starts_at and price.starts_at > at)
        ]
        binding = min(replaced, key=lambda price: price.precedence, default=None)
        if binding and binding.amount == amount.amount and (not is_later or binding.starts_at == start):
            return
    _replace(entry, replaced, Price(
        edition=entry.edition, amount=amount.amount, currency=wish.currency, starts_at=start, ends_at=wish.ends_at,
        source=Price.Source.SHOP,
    ))  # fmt: skip


def _replace(entry: Planned, gone: Sequence[Price], new: Price | None) -> None:
    entry.after = [price for price in entry.after if price not in gone] + ([new] if new else [])


def _is_same(price: Price, amount: Money, wish: Wish) -> bool:
    """True for an offer that is wished for again as it stands."""
    return price.is_offer and (price.amount, price.ends_at) == (amount.amount, wish.ends_at) and (
        wish.starts_at is None or price.starts_at == wish.starts_at
    )  # fmt: skip


def _overlap(price: Price, start: dt.datetime, end: dt.datetime | None) -> bool:
    return (end is None or price.starts_at is None or price.starts_at < end) and (
        price.ends_at is None or start < price.ends_at
    )


def _ordinary(entry: Planned, at: dt.datetime) -> Money | None:
    """What is asked at a moment apart from offers."""
    price = price_history.holding(_terms([price for price in entry.after if not price.is_offer]), at)
    return Money(price.amount, entry.currency) if price else None


# --- Feeds ---------------------------------------------------------------------------------------


def replace_feed_prices(new: Mapping[int, Sequence[Price]]) -> None:
    """Give editions, locked by the caller, these prices instead of those that a feed gave them before.

    A handful of statements for a thousand editions. The caller refreshes the lists.
    """
    at = timezone.now()
    before = _by_key(Price.objects.filter(edition__in=new))
    after: dict[Key, list[Price]] = {
        key: [price for price in prices if price.source != Price.Source.FEED] for key, prices in before.items()
    }
    for edition_id, prices in new.items():
        for price in prices:
            after.setdefault((edition_id, price.currency), []).append(price)
    changed = {key for key, prices in after.items() if _marks(prices) != _marks(before.get(key, []))}
    offering = {key for key in changed if any(price.is_offer for price in after[key])}
    if offering:
        _settle_offers(offering, before, after, at)
    _record(((key, before.get(key, [])) for key in sorted(changed)), at, None, PriceChange.Cause.FEED)
    delete_rows(Price.objects.filter(edition__in=new, source=Price.Source.FEED))
    insert_rows(Price, (price for prices in new.values() for price in prices))


def _settle_offers(
    keys: Iterable[Key], before: Mapping[Key, list[Price]], after: Mapping[Key, list[Price]], at: dt.datetime
) -> None:
    ids = {edition_id for edition_id, _currency in keys}
    editions = Edition.objects.in_bulk(ids)
    changes = _recent_changes(ids, at)
    offers: list[Price] = []
    for key in keys:
        entry = Planned(editions[key[0]], key[1], at, before.get(key, []), after[key], changes.get(key, []))
        _settle(entry)
        offers += [price for price in entry.after if price.is_offer]
    Price.objects.bulk_update(offers, ["former"], batch_size=500)


# --- Writing -------------------------------------------------------------------------------------


def _settle(entry: Planned) -> None:
    """Drop the shop's prices that are over, and work out what each coming offer's reduction is announced from."""
    entry.after = [
        price
        for price in entry.after
        if price.source != Price.Source.SHOP or price.ends_at is None or price.ends_at > entry.at
    ]
    is_fixed = any(price.is_fixed and _overlap(price, entry.at, None) for price in entry.after)
    known = entry.eras()
    for price in entry.after:
        if not price.is_offer:
            continue
        if is_fixed:
            price.former = None
        elif price.pk is None or (price.starts_at and price.starts_at > entry.at):
            price.former = price_history.former_price(known, term_of(price))


def _write(changed: Sequence[Planned], user: User | None, cause: str) -> None:
    if not changed:
        return
    _record((((entry.edition.pk, entry.currency), entry.before) for entry in changed), changed[0].at, user, cause)
    kept = [price for entry in changed for price in entry.after if price.pk is not None]
    gone = {price.pk for entry in changed for price in entry.before} - {price.pk for price in kept}
    if gone:
        delete_rows(Price.objects.filter(pk__in=gone))
    if offers := [price for price in kept if price.is_offer]:
        Price.objects.bulk_update(offers, ["former"], batch_size=500)
    insert_rows(Price, (price for entry in changed for price in entry.after if price.pk is None))


def _record(before: Iterable[tuple[Key, Sequence[Price]]], at: dt.datetime, user: User | None, cause: str) -> None:
    """Write down what held until now; the editions were updated."""
    before = list(before)
    Edition.objects.filter(pk__in={edition_id for (edition_id, _currency), _prices in before}).update(updated_at=at)
    insert_rows(
        PriceChange,
        (
            PriceChange(
                edition_id=edition_id,
                currency=currency,
                at=at,
                before=[price_entry(term) for term in _terms(prices)],
                cause=cause,
                user=user,
            )
            for (edition_id, currency), prices in before
        ),
    )


def _recent_changes(edition_ids: Iterable[int], at: dt.datetime) -> dict[Key, Changes]:
    """The changes of the time that a reduction looks back to."""
    found: dict[Key, Changes] = defaultdict(list)
    rows = PriceChange.objects.filter(edition__in=edition_ids, at__gt=at - REFERENCE).order_by("at", "pk")
    for edition_id, currency, when, before in rows.values_list("edition_id", "currency", "at", "before"):
        found[edition_id, currency].append((when, _before(before)))
    return found


def _by_key(prices: Iterable[Price]) -> dict[Key, list[Price]]:
    found: dict[Key, list[Price]] = defaultdict(list)
    for price in prices:
        found[price.edition_id, price.currency].append(price)
    return found


def _before(entries: Iterable[Sequence[object]]) -> tuple[PriceTerm, ...]:
    return tuple(price_from(entry) for entry in entries)


def _terms(prices: Iterable[Price]) -> tuple[PriceTerm, ...]:
    return tuple(term_of(price) for price in sorted(prices, key=lambda price: price.precedence))


def _marks(prices: Iterable[Price], since: dt.datetime | None = None) -> list[tuple[object, ...]]:
    """What prices say, to be compared; a beginning at the moment of the plan itself counts as "at once"."""
    return sorted(
        (
            price.source,
            f"{price.amount:.3f}",
            price.tax_included,
            price.is_fixed,
            str("" if price.starts_at in (None, since) else price.starts_at),
            str(price.ends_at or ""),
        )
        for price in prices
    )
