"""What an edition costs at a moment, and whether and how it can be had.

One function decides for the card, the page and the basket, so they always agree. What it looks at
(`Terms`) comes from the rows of an edition or from the read model.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain, zip_longest
from operator import itemgetter
from typing import Any

from babel.dates import format_date, format_skeleton, format_time
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext, to_locale
from django.utils.translation import gettext as _

from catalog.choices import (
    DIGITAL_FORMATS,
    ORDERABLE_WITHOUT_STOCK,
    DatePrecision,
    Format,
    SupplierAvailability,
)
from catalog.models.editions import Edition
from catalog.models.prices import Price, precedence
from core.money import Money

LOW_STOCK = 2
"""At most so many copies left are counted out to shoppers."""

NOW = "now"
ORDER = "order"
PRE_ORDER = "pre-order"

GROUPS = {
    "in-stock": NOW,
    "low-stock": NOW,
    "download": NOW,
    "to-order": ORDER,
    "special-order": ORDER,
    "print-on-demand": ORDER,
    "pre-order": PRE_ORDER,
}
"""Availability codes under which something can be bought, by what a shopper asks for."""

_GROUP_RANK = {NOW: 0, ORDER: 1, PRE_ORDER: 2}
_FORMAT_RANK: dict[str, int] = {
    Format.PAPERBACK: 0,
    Format.HARDBACK: 1,
    Format.AUDIOBOOK: 3,
    Format.AUDIO_CD: 3,
    Format.EBOOK: 4,
}
_OTHER_PRINT = 2


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether and how something can be had: a code for machines, words for people.

    The words are made when they are asked for: the read model decides for thousands of editions and asks for none.
    """

    code: str
    copies: int = 0
    """Copies left, where so few are left that they are counted out."""
    expected: dt.date | None = None
    precision: str = DatePrecision.DAY
    is_offered: bool = True

    @property
    def label(self) -> str:
        """What a shopper reads first."""
        if self.code == "low-stock":
            return ngettext("Only %(count)d left", "Only %(count)d left", self.copies) % {"count": self.copies}
        if self.code == "pre-order" and self.expected:
            return _("Pre-order: published %(date)s") % {"date": date_as_known(self.expected, self.precision)}
        if self.code == "unavailable" and not self.is_offered:
            return _("Not available to buy")
        return str(_LABELS[self.code])

    @property
    def detail(self) -> str:
        """How long it takes, where that is known."""
        return str(_DETAILS.get(self.code, ""))

    @property
    def can_buy(self) -> bool:
        """True where a basket may take it."""
        return self.code in GROUPS

    @property
    def buy_label(self) -> str:
        """What the button says; nothing where there is none."""
        if self.code == "pre-order":
            return _("Pre-order")
        return _("Add to basket") if self.can_buy else ""

    @property
    def group(self) -> str | None:
        """What a shopper asks for: now, order, pre-order; None where nothing can be bought."""
        return GROUPS.get(self.code)


NOT_SOLD = Availability("unavailable", is_offered=False)
"""What is said where there is no price, no right to sell, or no edition at all."""

_LABELS = {
    "in-stock": gettext_lazy("In stock"),
    "download": gettext_lazy("Instant download"),
    "to-order": gettext_lazy("Available to order"),
    "special-order": gettext_lazy("Special order"),
    "print-on-demand": gettext_lazy("Printed on demand"),
    "pre-order": gettext_lazy("Pre-order"),
    "temporarily-out": gettext_lazy("Temporarily out of stock"),
    "out-of-print": gettext_lazy("Out of print"),
    "unavailable": gettext_lazy("Not available"),
}
_DETAILS = {
    "to-order": gettext_lazy("Usually 2–4 days"),
    "special-order": gettext_lazy("Usually 1–3 weeks"),
    "print-on-demand": gettext_lazy("Usually 1–2 weeks"),
}


@dataclass(frozen=True, slots=True)
class PriceTerm:
    """A price and when it holds."""

    amount: Decimal
    tax_included: bool
    is_fixed: bool
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    former: Decimal | None = None
    """Of an announced offer: the lowest price of the 30 days before it began."""

    def holds(self, at: dt.datetime) -> bool:
        """True where `at` lies in the price's time; the end is the first moment at which it no longer holds."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


Also = tuple[tuple[str, tuple[PriceTerm, ...]], ...]
"""Prices in other currencies, by currency."""


def holding(prices: Iterable[PriceTerm], at: dt.datetime) -> PriceTerm | None:
    """The price that holds at a moment, of several in the order in which they bind."""
    return next((price for price in prices if price.holds(at)), None)


@dataclass(frozen=True)
class Terms:
    """All that decides what an edition costs and whether it can be had.

    Prices are those in the shop's currency, the most binding first. `also` has those that the shop itself asks in
    other currencies.
    """

    format: str
    is_for_sale: bool
    supplier: str
    free: int
    publication_date: dt.date | None
    precision: str
    embargo_date: dt.date | None
    prices: tuple[PriceTerm, ...]
    also: Also = ()

    @property
    def is_digital(self) -> bool:
        """Downloaded: no stock, no parcel."""
        return self.format in DIGITAL_FORMATS

    @cached_property
    def expected(self) -> dt.date | None:
        """First day on which a copy may leave the shop; the first day of the period where only that is known."""
        if self.embargo_date or not self.publication_date or self.precision == DatePrecision.DAY:
            return self.embargo_date or self.publication_date
        return self.publication_date.replace(
            day=1, month=1 if self.precision == DatePrecision.YEAR else self.publication_date.month
        )

    def prices_in(self, currency: str) -> tuple[PriceTerm, ...]:
        """What is asked in a currency, the most binding first; nothing where nothing is asked in it."""
        return self.prices if currency == settings.SHOP_CURRENCY else dict(self.also).get(currency, ())

    def price_at(self, at: dt.datetime) -> PriceTerm | None:
        """The price in the shop's currency that holds at a moment."""
        return holding(self.prices, at)

    def changes(self) -> Iterator[dt.datetime]:
        """Moments at which the answer may become another one."""
        for price in chain(self.prices, *(prices for _currency, prices in self.also)):
            if price.starts_at:
                yield price.starts_at
            if price.ends_at:
                yield price.ends_at
        if self.expected:
            yield timezone.make_aware(dt.datetime.combine(self.expected, dt.time.min))


@dataclass(frozen=True, slots=True)
class Offer:
    """What the shop offers of an edition at a moment."""

    terms: Terms
    price: Money | None
    tax_included: bool
    is_fixed: bool
    availability: Availability
    ordinary_price: Money | None = None
    """Where the price is one that ends: what is asked apart from it."""
    former_price: Money | None = None
    """Where a reduction is announced: the lowest price of the 30 days before it (Directive 98/6, article 6a)."""
    offer_starts_at: dt.datetime | None = None
    offer_ends_at: dt.datetime | None = None
    also: tuple[Money, ...] = ()
    """What the shop asks in other currencies; never converted, never mixed."""

    @property
    def can_buy(self) -> bool:
        """True where a basket may take it."""
        return self.availability.can_buy

    @property
    def percent_off(self) -> int:
        """The announced reduction in percent of the former price, rounded down; 0 where there is none."""
        if self.former_price is None or self.price is None:
            return 0
        return int((self.former_price - self.price).amount * 100 // self.former_price.amount)

    @property
    def until_label(self) -> str:
        """How long the offer holds: its last day, and the time where it does not end with the day."""
        if self.offer_ends_at is None:
            return ""
        locale = to_locale(get_language() or settings.LANGUAGE_CODE)
        ends = timezone.localtime(self.offer_ends_at)
        if ends.time() == dt.time.min:
            return _("until %(date)s") % {
                "date": format_date(ends.date() - dt.timedelta(days=1), "long", locale=locale)
            }
        return _("until %(date)s, %(time)s") % {
            "date": format_date(ends.date(), "long", locale=locale),
            "time": format_time(ends.time(), "short", locale=locale),
        }

    @property
    def rank(self) -> tuple[int, int, int]:
        """Smallest first, as editions are shown: now, to order, pre-order, not at all; then by format; then newest."""
        published = self.terms.publication_date
        return (
            _GROUP_RANK.get(self.availability.group or "", 3),
            _FORMAT_RANK.get(self.terms.format, _OTHER_PRINT),
            -(published.toordinal() if published else 0),
        )


def offer_for(edition: Edition, at: dt.datetime | None = None) -> Offer:
    """The offer of an edition at `at` (now). Reads `stock` and `prices`: fetch editions `with_offer()`."""
    return decide(terms_of(edition), at or timezone.now())


def offers_of(editions: Sequence[Edition], at: dt.datetime) -> list[Offer]:
    """The offers of many editions, in their order: one query for the prices. Reads `stock`."""
    prices = prices_of(Price.objects.filter(edition__in=editions))
    return [decide(_terms(edition, *prices.get(edition.pk, ((), ()))), at) for edition in editions]


def terms_of(edition: Edition) -> Terms:
    """The terms of a live edition."""
    prices, also = sort_prices(
        (price.currency, price.source, price.precedence, term_of(price)) for price in edition.prices.all()
    )
    return _terms(edition, prices, also)


def _terms(edition: Edition, prices: tuple[PriceTerm, ...], also: Also) -> Terms:
    return Terms(
        format=edition.format,
        is_for_sale=edition.is_active and not edition.not_for_sale,
        supplier=edition.availability,
        free=edition.available_copies(),
        publication_date=edition.publication_date,
        precision=edition.publication_precision,
        embargo_date=edition.embargo_date,
        prices=prices,
        also=also,
    )


def term_of(price: Price) -> PriceTerm:
    """A price without what it belongs to."""
    return PriceTerm(price.amount, price.tax_included, price.is_fixed, price.starts_at, price.ends_at, price.former)


def prices_of(rows: QuerySet[Price]) -> dict[int, tuple[tuple[PriceTerm, ...], Also]]:
    """Prices by edition as `Terms` has them, from the rows of many editions, of which no objects are made."""
    found: dict[int, list[tuple[str, str, tuple[Any, ...], PriceTerm]]] = defaultdict(list)
    for pk, edition_id, amount, currency, source, taxed, fixed, starts_at, ends_at, former in rows.filter(
        Q(currency=settings.SHOP_CURRENCY) | Q(source=Price.Source.SHOP)
    ).values_list(
        "pk", "edition_id", "amount", "currency", "source", "tax_included", "is_fixed", "starts_at", "ends_at", "former"
    ):  # fmt: skip
        term = PriceTerm(amount, taxed, fixed, starts_at, ends_at, former)
        found[edition_id].append((currency, source, precedence(source, starts_at, ends_at, taxed, pk), term))
    return {edition_id: sort_prices(prices) for edition_id, prices in found.items()}


def sort_prices(
    found: Iterable[tuple[str, str, tuple[Any, ...], PriceTerm]],
) -> tuple[tuple[PriceTerm, ...], Also]:
    """An edition's prices as `Terms` has them, from currency, source, precedence and price of each.

    Of other currencies only what the shop itself asks is shown: a feed's price in them is meant for other countries.
    """
    by: dict[str, list[tuple[tuple[Any, ...], PriceTerm]]] = {}
    for currency, source, rank, term in found:
        if currency == settings.SHOP_CURRENCY or source == Price.Source.SHOP:
            by.setdefault(currency, []).append((rank, term))
    ordered = {currency: tuple(term for _p, term in sorted(by[currency], key=itemgetter(0))) for currency in sorted(by)}
    return ordered.pop(settings.SHOP_CURRENCY, ()), tuple(ordered.items())


def terms_from(entry: dict[str, Any]) -> Terms:
    """The terms of an entry of `BookListing.offers`."""
    return Terms(
        format=entry["format"],
        is_for_sale=entry["sold"],
        supplier=entry["supplier"],
        free=entry["free"],
        publication_date=_date(entry["published"]),
        precision=entry["precision"],
        embargo_date=_date(entry["embargo"]),
        prices=tuple(
            price_from(price, former) for price, former in zip_longest(entry["prices"], entry.get("former", ()))
        ),
        also=tuple((name, tuple(price_from(price) for price in prices)) for name, prices in entry.get("also", ())),
    )


def price_from(entry: Sequence[Any], former: str | None = None) -> PriceTerm:
    """A price that `price_entry` wrote."""
    amount, taxed, fixed, starts, ends = entry
    return PriceTerm(Decimal(amount), taxed, fixed, _moment(starts), _moment(ends), Decimal(former) if former else None)


def price_entry(price: PriceTerm) -> list[Any]:
    """A price as JSON keeps it; the former price is kept apart from it, see `entry_of`."""
    return [
        str(price.amount),
        price.tax_included,
        price.is_fixed,
        price.starts_at and price.starts_at.isoformat(),
        price.ends_at and price.ends_at.isoformat(),
    ]


def entry_of(terms: Terms) -> dict[str, Any]:
    """The terms as `BookListing.offers` keeps them: `terms_from` reads them back.

    `former` and `also` are there only where they say something: most editions have neither, and code that does not
    know them passes them over.
    """
    entry: dict[str, Any] = {
        "format": terms.format,
        "sold": terms.is_for_sale,
        "supplier": terms.supplier,
        "free": terms.free,
        "published": terms.publication_date and terms.publication_date.isoformat(),
        "precision": terms.precision,
        "embargo": terms.embargo_date and terms.embargo_date.isoformat(),
        "prices": [price_entry(price) for price in terms.prices],
    }
    if any(price.former for price in terms.prices):
        entry["former"] = [price.former and str(price.former) for price in terms.prices]
    if terms.also:
        entry["also"] = [[name, [price_entry(price) for price in prices]] for name, prices in terms.also]
    return entry


def decide(terms: Terms, at: dt.datetime, currency: str = "") -> Offer:
    """Price and availability at a moment: our own stock first, the supplier's word second.

    In the shop's currency, or in another one that was asked for: at the price that the shop asks in it.
    """
    currency = currency or settings.SHOP_CURRENCY
    prices = terms.prices_in(currency)
    price = holding(prices, at)
    today = timezone.localdate(at)
    announced = price if price and price.former else None
    ordinary = holding((term for term in prices if not term.ends_at), at) if price and price.ends_at else None
    return Offer(
        terms=terms,
        price=Money(price.amount, currency) if price else None,
        tax_included=price.tax_included if price else True,
        is_fixed=price.is_fixed if price else False,
        availability=_availability(terms, today) if price and terms.is_for_sale else NOT_SOLD,
        ordinary_price=Money(ordinary.amount, currency) if ordinary else None,
        former_price=Money(announced.former, currency) if announced and announced.former else None,
        offer_starts_at=announced.starts_at if announced else None,
        offer_ends_at=announced.ends_at if announced else None,
        also=tuple(
            Money(term.amount, name)
            for name, prices in terms.also
            if name != currency and (term := holding(prices, at))
        ),
    )


def _availability(terms: Terms, today: dt.date) -> Availability:
    supplier, free = terms.supplier, terms.free
    is_awaited = (terms.expected is not None and today < terms.expected) or (
        supplier == SupplierAvailability.FORTHCOMING and not free
    )
    if is_awaited and (free or terms.is_digital or supplier in ORDERABLE_WITHOUT_STOCK):
        return _pre_order(terms, today)
    if terms.is_digital or not free:
        if supplier in _GONE:
            return Availability(_GONE[supplier])
        if is_awaited:
            return Availability("temporarily-out")
        if terms.is_digital:
            return Availability("download")
        return Availability(_FROM_SUPPLIER.get(supplier, "temporarily-out"))
    return Availability("in-stock") if free > LOW_STOCK else Availability("low-stock", copies=free)


_GONE: dict[str, str] = {
    SupplierAvailability.OUT_OF_PRINT: "out-of-print",
    SupplierAvailability.NOT_AVAILABLE: "unavailable",
    SupplierAvailability.TEMPORARILY_OUT: "temporarily-out",
}
_FROM_SUPPLIER: dict[str, str] = {
    SupplierAvailability.AVAILABLE: "to-order",
    SupplierAvailability.SPECIAL_ORDER: "special-order",
    SupplierAvailability.PRINT_ON_DEMAND: "print-on-demand",
}


def _pre_order(terms: Terms, today: dt.date) -> Availability:
    precision = DatePrecision.DAY if terms.embargo_date else terms.precision
    date = terms.embargo_date or terms.publication_date
    if date is None or _last_day(date, precision) < today:
        return Availability("pre-order")
    return Availability("pre-order", expected=date, precision=precision)


def date_as_known(date: dt.date, precision: str) -> str:
    """A date with as much of it as is known: 14 March 2026, March 2026, 2026. The day is never invented."""
    locale = to_locale(get_language() or settings.LANGUAGE_CODE)
    if precision == DatePrecision.YEAR:
        return str(date.year)
    if precision == DatePrecision.MONTH:
        return str(format_skeleton("yMMMM", date, locale=locale))
    return str(format_date(date, "long", locale=locale))


def _last_day(date: dt.date, precision: str) -> dt.date:
    if precision == DatePrecision.YEAR:
        return date.replace(month=12, day=31)
    if precision == DatePrecision.MONTH:
        return date.replace(day=calendar.monthrange(date.year, date.month)[1])
    return date


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
