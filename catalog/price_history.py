"""What was asked for an edition in one currency over time: pure reasoning, no query.

An era is a time in which nobody changed the prices. Within it the price still changes where one that is dated
begins or ends. Eras of the past come from `PriceChange`, the last one from the prices of today; so what is planned
is read in the same way as what was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from catalog.offers import PriceTerm, holding

REFERENCE = dt.timedelta(days=30)
"""How far back the former price of a reduction is looked for: Directive 98/6, article 6a."""


@dataclass(frozen=True, slots=True)
class Era:
    """A time in which nobody changed the prices; the last one has no end. Prices stand in the order they bind."""

    since: dt.datetime
    until: dt.datetime | None
    prices: tuple[PriceTerm, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was, or will be, asked from a moment on; None where nothing."""

    since: dt.datetime
    price: PriceTerm | None


def eras(
    born: dt.datetime,
    changes: Iterable[tuple[dt.datetime, tuple[PriceTerm, ...]]],
    prices: Sequence[PriceTerm],
) -> list[Era]:
    """The eras since the edition came into the shop, from its changes (when, and what held until then) in their order.

    What held before the first change is taken to have held since the beginning.
    """
    found, since = [], born
    for at, before in changes:
        found.append(Era(since, at, before))
        since = max(since, at)
    found.append(Era(since, None, tuple(prices)))
    return found


def asked(known: Iterable[Era], start: dt.datetime, end: dt.datetime | None = None) -> Iterator[Asked]:
    """What is asked from `start` until before `end` (for ever), each time it changes."""
    last: Asked | None = None
    for era in known:
        low = max(start, era.since)
        high = min((moment for moment in (end, era.until) if moment), default=None)
        if high is not None and low >= high:
            continue
        dates = {date for price in era.prices for date in (price.starts_at, price.ends_at) if date and date > low}
        for moment in sorted({low, *dates}):
            if high is not None and moment >= high:
                break
            price = holding(era.prices, moment)
            if last is None or price != last.price:
                last = Asked(moment, price)
                yield last


def lowest(known: Iterable[Era], start: dt.datetime, end: dt.datetime) -> Decimal | None:
    """The lowest price of a time; None where nothing was asked in it."""
    return min((moment.price.amount for moment in asked(known, start, end) if moment.price), default=None)


def former_price(known: Sequence[Era], offer: PriceTerm) -> Decimal | None:
    """The price that an offer's reduction is announced from; None where none may be.

    It is the lowest price of the 30 days before the offer begins, or of the edition's life where that is shorter.
    None is announced where nothing was asked before, where the offer is not lower, where a publisher fixed the price,
    and where a price stood without its tax, which cannot be compared.
    """
    if offer.starts_at is None or offer.is_fixed or not offer.tax_included:
        return None
    before = [moment.price for moment in asked(known, offer.starts_at - REFERENCE, offer.starts_at) if moment.price]
    if not before or any(price.is_fixed or not price.tax_included for price in before):
        return None
    former = min(price.amount for price in before)
    return former if former > offer.amount else None
