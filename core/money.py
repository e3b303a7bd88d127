"""Money: a Decimal and its currency, and the one place where amounts are rounded. ADR 0004."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cache

from babel.core import get_global
from babel.numbers import format_currency, get_currency_name, get_currency_precision
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

CURRENCIES = frozenset(
    code
    for periods in get_global("territory_currencies").values()
    for code, _from, until, is_tender in periods
    if is_tender and until is None
)
"""ISO 4217 codes of the money in use today (Unicode CLDR through Babel)."""


def check_currency(code: str) -> None:
    """For fields in which staff type a currency.

    Raises:
        ValidationError: it is none in use, or not written in capitals.
    """
    if code not in CURRENCIES:
        raise ValidationError(_("That is no currency in use (ISO 4217): GBP, EUR …"))


@cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 for GBP, 1 for JPY and XAF (ISO 4217, by Babel's table)."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def currency_name(currency: str) -> str:
    """A currency in words, as one says it of a sum: euros, British pounds."""
    return get_currency_name(currency, count=2, locale=to_locale(get_language() or "en-gb"))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units of one currency, always held to its minor unit, rounded half up."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"Money takes a Decimal, not {type(self.amount).__name__}")
        object.__setattr__(self, "amount", self.amount.quantize(minor_unit(self.currency), ROUND_HALF_UP))

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in that currency."""
        return cls(Decimal(0), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return format_currency(self.amount, self.currency, locale=to_locale(get_language() or "en-gb"))

    def _same(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be mixed")
        return other.amount


def tax_within(gross: Money, rate: Decimal) -> Money:
    """The tax contained in a tax-inclusive amount at `rate` percent, rounded half up: 12.00 at 20 is 2.00."""
    return Money(gross.amount * rate / (100 + rate), gross.currency)


def share(amount: Money, weights: Sequence[Decimal]) -> list[Money]:
    """Split an amount by weights so that the parts add up exactly: rounded down, the rest to the largest remainders."""
    total = sum(weights) or Decimal(len(weights))
    weights = weights if any(weights) else [Decimal(1)] * len(weights)
    unit = minor_unit(amount.currency)
    exact = [amount.amount * weight / total for weight in weights]
    parts = [value.quantize(unit, ROUND_DOWN) for value in exact]
    left = int((amount.amount - sum(parts)) / unit)
    by_remainder = sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])
    for place in by_remainder[:left]:
        parts[place] += unit
    return [Money(part, amount.currency) for part in parts]
