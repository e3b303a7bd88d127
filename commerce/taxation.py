"""Which tax is charged on what goes where. Reads, never writes. The rules in words: docs/tax.md."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from commerce.models.tax import TaxClass, TaxFreeReason, TaxRate, TaxRegistration
from commerce.tax_territories import Territory
from commerce.vat_ids import state_of


@dataclass(frozen=True, slots=True)
class Tax:
    """What is charged on goods: a rate in percent, or none at all for a reason. A rate of zero has no reason."""

    rate: Decimal
    reason: str = ""


class Rates:
    """The taxes that a shop charges on one day on what it sells to one destination."""

    def __init__(self, destination: Territory, shop: Territory, on: dt.date, vat_id: str = "") -> None:
        self._destination, self._shop = destination, shop
        self._buyer = state_of(vat_id)
        self._known: dict[tuple[str, str], Decimal] = {}
        rows = TaxRate.objects.filter(country__in={destination.rates, shop.rates}, valid_from__lte=on)
        for country, tax_class, rate in rows.order_by("valid_from").values_list("country", "tax_class", "rate"):
            self._known[str(country), tax_class] = rate
        is_abroad = destination.state != shop.state
        self._collected = TaxRegistration.covering(destination.rates, on) if is_abroad else set()

    def tax_on(self, tax_class: str, *, is_digital: bool) -> Tax:
        """The tax on goods of a class that are sent or, digital, downloaded."""
        shop, there = self._shop, self._destination
        if there.state == shop.state:
            return Tax(self._rate(tax_class))
        if shop.in_union and there.in_union:
            if self._buyer and self._buyer != shop.state:
                return Tax(Decimal(0), TaxFreeReason.REVERSE_CHARGE)
            return Tax(self._rate(tax_class))
        covers = TaxRegistration.Covers.DOWNLOADS if is_digital else TaxRegistration.Covers.PARCELS
        if covers in self._collected:
            return Tax(self._rate(tax_class))
        return Tax(Decimal(0), TaxFreeReason.EXPORT)

    def at_home(self, tax_class: str) -> Decimal:
        """Percent in the shop's own country: what its tax-inclusive prices hold."""
        return self._first((self._shop.rates, tax_class), (self._shop.rates, TaxClass.OTHER))

    def _rate(self, tax_class: str) -> Decimal:
        """The destination's rate, else its standard rate, else the shop's own."""
        there = self._destination.rates
        if (there, tax_class) in self._known or (there, TaxClass.OTHER) in self._known:
            return self._first((there, tax_class), (there, TaxClass.OTHER))
        return self.at_home(tax_class)

    def _first(self, *keys: tuple[str, str]) -> Decimal:
        return next((self._known[key] for key in keys if key in self._known), Decimal(0))
