"""What delivery within the shop's own country costs and takes, for what the catalogue tells machines of its offers.

Methods, their prices and the least fees of the law are remembered until staff change them. A law holds from a day on,
so what is remembered is of a day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.core.cache import cache
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from catalog import delivery, feeds
from catalog.choices import SupplierAvailability
from catalog.delivery import Way, Ways
from catalog.models import Edition
from catalog.offers import Offer
from commerce.models import DeliveryBand, DeliveryMethod, PriceLawProfile
from commerce.models.law import LeastDeliveryFee, PriceLawFigures
from commerce.models.shipping import ASSUMED_WEIGHT_G
from commerce.models.tax import TaxClass, tax_class_of
from commerce.price_law import Law, law_for
from commerce.promises import SUPPLIER_DAYS
from core import generations, page_cache
from core.money import Money

GENERATION = "commerce.delivery.generation"
SECONDS = 60 * 60
FROM_SHELF = 1
"""Working days until what is here leaves: after the last hour of picking, the next one."""


@dataclass(frozen=True)
class Terms:
    """The methods that go to every address of the shop's country, with their prices, and its law."""

    methods: tuple[DeliveryMethod, ...]
    law: Law

    def ways(self, edition: Edition, offer: Offer) -> Sequence[Way]:
        """What each costs for one copy; none for a download, or where nothing is asked for it."""
        if edition.is_digital or offer.price is None:
            return ()
        is_new_book = edition.is_new and tax_class_of(edition.format) == TaxClass.BOOKS
        least = self.law.least_delivery(offer.price, offer.price if is_new_book else Money.zero(offer.price.currency))
        weight_g = edition.weight_g or ASSUMED_WEIGHT_G
        return [
            Way(
                name=method.name,
                price=max(method.price_for(offer.price, weight_g), least, key=lambda cost: cost.amount),
                handling_days=_handling_days(edition, offer),
                transit_days=method.transit_days,
            )
            for method in self.methods
        ]


def _handling_days(edition: Edition, offer: Offer) -> int | None:
    match offer.availability.group, offer.availability.code:
        case "now", _:
            return FROM_SHELF
        case "order", _:
            return SUPPLIER_DAYS.get(SupplierAvailability(edition.availability))
    return None


def ways() -> Ways:
    """How editions are delivered today; no query while it is remembered."""
    today = timezone.localdate()
    key = f"commerce.delivery.{generations.generation(GENERATION)}.{today}"
    terms: Terms | None = cache.get(key)
    if terms is None:
        terms = _read(today)
        cache.set(key, terms, SECONDS)
    return terms.ways


def _read(today: dt.date) -> Terms:
    law = law_for(settings.SHOP_COUNTRY, today)
    methods = DeliveryMethod.objects.active(settings.SHOP_CURRENCY).prefetch_related("bands").to(settings.SHOP_COUNTRY)
    return Terms(
        methods=tuple(method for method in methods if not method.is_collected),
        law=replace(law, least_fees=dict(law.least_fees)),
    )


def forget(**_kwargs: object) -> None:
    """Read them anew from the next page on; pages of books and the merchant feed are made anew."""
    generations.begin(GENERATION)
    page_cache.purge(page_cache.BOOKS)
    feeds.outdate()


def next_day() -> dt.datetime:
    """When another day's law holds: no page is kept beyond it."""
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    return timezone.make_aware(dt.datetime.combine(tomorrow, dt.time.min))


def connect() -> None:
    """Called once, when the app is ready."""
    delivery.senders.append(ways)
    page_cache.horizons[page_cache.SITE].append(next_day)
    for sender in (DeliveryMethod, DeliveryBand, PriceLawProfile, PriceLawFigures, LeastDeliveryFee):
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=sender, dispatch_uid=f"commerce.delivery.{sender.__name__}")
