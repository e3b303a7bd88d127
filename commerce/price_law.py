"""What the law on book prices allows: discounts, and how little a delivery may cost. Reads, never writes. ADR 0013."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from django.conf import settings
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django_countries import countries

from catalog.models import Edition
from catalog.offers import Offer, offer_for
from commerce.models.law import LeastDeliveryFee, PriceLawFigures, PriceLawProfile, VoucherHolders
from commerce.models.tax import TaxClass, tax_class_of
from core.money import Money

NOTHING = Decimal(0)


@dataclass(frozen=True)
class LeastFee:
    """The least that delivery costs below a value of new printed books, and from it on."""

    threshold: Money
    below: Money
    from_it: Money


@dataclass(frozen=True)
class Law:
    """The law of the country of delivery, or of collection. Without figures, prices are free."""

    country: str
    fixes_print: bool = False
    fixes_ebooks: bool = False
    most_off_posted: Decimal = NOTHING
    most_off_collected: Decimal = NOTHING
    vouchers_for: str = VoucherHolders.EVERYBODY
    least_fees: Mapping[str, LeastFee] = field(default_factory=dict)
    """By currency. The law's figure is never converted: a shop enters it in each currency it sells in."""

    def refusal(self, edition: Edition, is_collected: bool, offer: Offer | None = None) -> str:
        """Why nothing may be taken off a new copy, in words; empty where something may."""
        if self.most_discount(edition, is_collected, offer) != NOTHING:
            return ""
        if not self._fixes(tax_class_of(edition.format)):
            return _("Its price is fixed by the publisher, so nothing may be taken off.")
        place = {"country": countries.name(self.country)}
        if is_collected or edition.is_digital or not self.most_off_collected:
            return (
                _("By law new books are sold at their fixed price in %(country)s, so nothing may be taken off.") % place
            )
        return _(
            "By law new books are delivered to %(country)s at their fixed price, so nothing may be taken off. "
            "Where you collect them in the shop, up to %(percent)s %% may be."
        ) % {**place, "percent": f"{self.most_off_collected.normalize():f}"}

    def voucher_refusal(self, edition: Edition, *, is_named: bool) -> str:
        """Why no voucher may be used for a new copy, whatever it takes off; empty where one may.

        Args:
            is_named: the voucher names the customers who may use it.
        """
        holders = self.vouchers_for
        is_allowed = holders == VoucherHolders.EVERYBODY or (holders == VoucherHolders.NAMED and is_named)
        if is_allowed or not edition.is_new or not self._fixes(tax_class_of(edition.format)):
            return ""
        place = {"country": countries.name(self.country)}
        if holders == VoucherHolders.NAMED:
            return _("By law only vouchers that name their customer are used for new books in %(country)s.") % place
        return _("By law no vouchers are used for new books in %(country)s.") % place

    def most_discount(self, edition: Edition, is_collected: bool, offer: Offer | None = None) -> Decimal | None:
        """Percent that may be taken off a new copy; None where there is no limit.

        Reads the edition's prices where its offer is not handed over.
        """
        limit = self.allowance(tax_class_of(edition.format), is_new=edition.is_new, is_collected=is_collected)
        if limit is None and (offer or offer_for(edition)).is_fixed:
            return NOTHING
        return limit

    def left_to_take(self, edition: Edition, offer: Offer, is_collected: bool) -> Decimal | None:
        """Percent that may be taken off what a copy is sold at, where an offer took some already; None: no limit."""
        limit, sold_at = (
            self.most_discount(edition, is_collected, offer),
            self.lawful_price(edition, offer, is_collected),
        )
        if limit is None or offer.ordinary_price is None or not sold_at:
            return limit
        least = offer.ordinary_price.amount * (100 - limit) / 100
        return max(NOTHING, 100 - 100 * least / sold_at.amount)

    def at_most(self, percent: Decimal) -> str:
        """How much may be taken off, in words."""
        return _("By law at most %(percent)s %% may be taken off a new book in %(country)s.") % {
            "percent": f"{percent.normalize():f}",
            "country": countries.name(self.country),
        }

    def words_of(self, edition: Edition, offer: Offer, is_collected: bool) -> str:
        """Why a copy is not sold at the shop's offer."""
        limit = self.most_discount(edition, is_collected, offer) or NOTHING
        return self.refusal(edition, is_collected, offer) or self.at_most(limit)

    def lawful_price(self, edition: Edition, offer: Offer, is_collected: bool) -> Money | None:
        """What a copy is sold at: the offer, or the least that the law lets be asked; None where there is no price."""
        limit, ordinary = self.most_discount(edition, is_collected, offer), offer.ordinary_price
        if offer.price is None or ordinary is None or limit is None or offer.is_fixed:
            return offer.price
        return max(offer.price, ordinary * ((100 - limit) / Decimal(100)), key=lambda price: price.amount)

    def allowance(self, kind: TaxClass, *, is_new: bool, is_collected: bool) -> Decimal | None:
        """Percent that the law lets be taken off goods of a kind; None where it sets no limit, as for used books."""
        if not is_new or not self._fixes(kind):
            return None
        return self.most_off_collected if is_collected and kind == TaxClass.BOOKS else self.most_off_posted

    def least_delivery(self, goods: Money, new_books: Money) -> Money:
        """The least that the delivery of `goods` may cost, of which `new_books` are new and printed."""
        fee = self.least_fees.get(goods.currency)
        if fee is None or not new_books:
            return Money.zero(goods.currency)
        return fee.below if new_books < fee.threshold else fee.from_it

    def _fixes(self, kind: TaxClass) -> bool:
        return (kind == TaxClass.BOOKS and self.fixes_print) or (kind == TaxClass.EBOOKS and self.fixes_ebooks)


def law_for(country: str, on: dt.date) -> Law:
    """The law that holds in a country (ISO 3166, two letters) on a day. One query; one more for the least fees."""
    rows = PriceLawFigures.objects.select_related("profile").filter(valid_from__lte=on).order_by("valid_from")
    named = [row for row in rows if country in row.profile.named] or [row for row in rows if not row.profile.named]
    if not named:
        return Law(country)
    figures = named[-1]
    return Law(
        country,
        fixes_print=figures.fixes_print,
        fixes_ebooks=figures.fixes_ebooks,
        most_off_posted=figures.most_off_posted,
        most_off_collected=figures.most_off_collected,
        vouchers_for=figures.vouchers_for,
        least_fees=cast(Mapping[str, LeastFee], SimpleLazyObject(lambda: _least_fees(figures.profile, on))),
    )


def refusal_of_offers() -> Callable[[Edition, Money, Money], str]:
    """Why the law of the shop's own country forbids an offer: asked of edition, ordinary price and offer; one query."""
    law = law_for(settings.SHOP_COUNTRY, timezone.localdate())

    def refusal(edition: Edition, ordinary: Money, amount: Money) -> str:
        kind = tax_class_of(edition.format)
        limits = [law.allowance(kind, is_new=edition.is_new, is_collected=collected) for collected in (False, True)]
        known = [limit for limit in limits if limit is not None]
        if len(known) < len(limits) or amount.amount >= ordinary.amount * (100 - max(known)) / 100:
            return ""
        return law.at_most(max(known))

    return refusal


def _least_fees(profile: PriceLawProfile, on: dt.date) -> dict[str, LeastFee]:
    fees = LeastDeliveryFee.objects.filter(profile=profile, valid_from__lte=on).order_by("valid_from")
    return {
        row.currency: LeastFee(
            *(Money(amount, row.currency) for amount in (row.threshold, row.fee_below, row.fee_from))
        )
        for row in fees
    }
