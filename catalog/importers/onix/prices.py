"""What a consumer may be charged: which of a product's prices, and why there may be none (lists 57 to 59)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from catalog.choices import DIGITAL_FORMATS, Format
from catalog.importers import codes
from catalog.importers.onix import dates
from catalog.importers.onix.context import Context
from catalog.importers.onix.part import Part
from catalog.importers.records import PriceRecord
from catalog.importers.remarks import Warn
from core.money import CURRENCIES

MAX_AMOUNT = Decimal(9_999_999)
_AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,8})?\Z", re.ASCII)
_FREE_OF_CHARGE = "01"


@dataclass(frozen=True, slots=True)
class _Offer:
    """A price as it was understood, with what decides between it and others."""

    price: PriceRecord
    here: bool
    """False where the market or the territory leaves out our country."""
    named: bool
    """Our country is named, not just part of the world."""
    rank: int
    """Rank of its type, 0 for an ordinary price."""

    @property
    def order(self) -> tuple[bool, bool, int]:
        return (not self.here, not self.named, self.rank)


class Prices:
    """Takes in the prices of one product, one by one, and chooses among them at the end."""

    def __init__(self, context: Context, form: Format, warn: Warn) -> None:
        self._context = context
        self._format = form
        self._warn = warn
        self._offers: list[_Offer] = []
        self._unpriced = ""
        self._any = False

    def add_unpriced(self, part: Part) -> None:
        """Note why a supply or a price has no amount; the first reason counts."""
        self._unpriced = self._unpriced or part.code("UnpricedItemType")

    def add(self, part: Part, *, here: bool, named: bool) -> None:
        """Take a price in, if a consumer may be charged it.

        Args:
            here: whether its market and its territory hold our country.
            named: whether one of them names it.
        """
        value = part.code("PriceAmount")
        if not value:
            self.add_unpriced(part)
            return
        self._any = True
        kind = part.code("PriceType") or part.code("PriceTypeCode") or self._context.header.price_type
        kind = kind.zfill(2) if kind else ""
        if not kind:
            self._warn(f"Price {value[:20]}: neither it nor the header says what kind of price it is; left out.")
            return
        if kind not in codes.PRICE_TYPES or not _is_for_one_copy(part):
            return
        starts, ends = _days(part, self._warn)
        if not _is_for_consumers(part.code("PriceQualifier"), limited=bool(starts or ends)):
            return
        if starts and ends and ends < starts:
            self._warn(f"Price {value[:20]}: it ends ({ends}) before it begins ({starts}); left out.")
            return
        if ends and ends < self._context.today:
            return
        currency = _currency(part.code("CurrencyCode").upper(), value, self._context, self._warn)
        amount = _amount(value, currency, self._format, self._warn) if currency else None
        if amount is None:
            return
        price = PriceRecord(amount, currency, kind in codes.TAX_INCLUDED, kind in codes.FIXED_PRICE, starts, ends)
        self._offers.append(_Offer(price, here, named, codes.PRICE_TYPES[kind]))

    def choose(self) -> list[PriceRecord]:
        """The best price of each currency, period and tax, those that name our country first."""
        shop_currency = self._context.shop_currency
        best: dict[tuple[str, dt.date | None, dt.date | None, bool], _Offer] = {}
        elsewhere: list[PriceRecord] = []
        for offer in self._offers:
            price = offer.price
            if price.currency == shop_currency and not offer.here:
                elsewhere.append(price)
                continue
            key = (price.currency, price.starts_on, price.ends_on, price.tax_included)
            if key not in best or offer.order < best[key].order:
                best[key] = offer
        ordered = sorted(best.values(), key=lambda offer: (offer.order[:2], not offer.price.tax_included))
        chosen = [offer.price for offer in ordered]
        if elsewhere and not any(price.currency == shop_currency for price in chosen):
            self._warn(f"Price {elsewhere[0].amount} {shop_currency} holds in other countries only; left out.")
        if self._unpriced == _FREE_OF_CHARGE and not chosen:
            return [PriceRecord(Decimal("0.00"), shop_currency)]
        return chosen

    def objection(self, chosen: list[PriceRecord]) -> str:
        """Why it cannot be sold at the chosen prices, or ""."""
        if not chosen:
            nothing = "No price that a consumer may be charged" if self._any else "No price"
            return codes.UNPRICED.get(self._unpriced, nothing)
        shop_currency = self._context.shop_currency
        if any(price.currency == shop_currency for price in chosen):
            return ""
        return f"No price in {shop_currency}"


def _is_for_one_copy(part: Part) -> bool:
    minimum = part.code("MinimumOrderQuantity")
    return part.code("PricePer") in ("", "00") and not (minimum.isdecimal() and int(minimum) > 1)


def _is_for_consumers(qualifier: str, *, limited: bool) -> bool:
    """Whether everybody may be charged it; a promotion counts only where its days are stated."""
    return qualifier in codes.CONSUMER_QUALIFIERS or (qualifier == codes.PROMOTION_QUALIFIER and limited)


def _days(part: Part, warn: Warn) -> tuple[dt.date | None, dt.date | None]:
    """First and last day of a price: PriceDate (list 173) in 3.x, elements of their own in 2.1."""
    starts = ends = None
    for date in part.parts("PriceDate"):
        role, value = date.code("PriceDateRole"), date.code("Date")
        if role == "14":
            starts = dates.day(value, "first day of a price", warn)
        elif role == "15":
            ends = dates.day(value, "last day of a price", warn)
    starts = dates.day(part.code("PriceEffectiveFrom"), "first day of a price", warn) or starts
    ends = dates.day(part.code("PriceEffectiveUntil"), "last day of a price", warn) or ends
    return starts, ends


def _currency(own: str, amount: str, context: Context, warn: Warn) -> str:
    """The price's own currency, else the header's, else the caller's; "" where nobody says or it is none."""
    currency = own or context.header.currency or context.currency
    if not currency:
        warn(
            f"Price {amount[:20]}: neither it nor the header names a currency; left out. If the sender means one, "
            "import the file again with --currency."
        )
        return ""
    if currency not in CURRENCIES:
        warn(f"Price {amount[:20]}: “{currency[:10]}” is no currency in use (ISO 4217); left out.")
        return ""
    return currency


def _amount(value: str, currency: str, form: Format, warn: Warn) -> Decimal | None:
    """Major units, rounded to the currency; None, with a warning, where it is no price."""
    if not _AMOUNT.match(value):
        warn(f"Price “{value[:30]}” is not an amount (digits, and a point before the pence); left out.")
        return None
    exact = Decimal(value)
    amount = exact.quantize(Decimal(1).scaleb(-codes.minor_units(currency)), ROUND_HALF_UP)
    if amount != exact:
        warn(f"Price {value} {currency} is finer than the currency; rounded to {amount}.")
    if amount > MAX_AMOUNT:
        warn(f"Price {value} {currency} is more than any book costs; left out.")
        return None
    if not amount and form not in DIGITAL_FORMATS:
        warn(f"Price {value} {currency}: for a printed book 0 means “unknown”; left out.")
        return None
    return amount
