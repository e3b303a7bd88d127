"""A line of a basket at the price of the moment: its figures, and what its shopper is told of it."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.addresses import book_url
from catalog.faces import Card, card_of_face
from catalog.models import Edition
from catalog.offers import Offer
from commerce.covers import PlainCover
from commerce.models.basket import MAX_QUANTITY
from commerce.promises import time_of_day
from core.money import Money, tax_within


@dataclass(frozen=True, slots=True)
class Held:
    """Copies of an edition that are kept for shoppers in the checkout (`commerce.services.holds`)."""

    by_others: int = 0
    until: dt.datetime | None = None
    """When others let the first of them go."""
    for_us_until: dt.datetime | None = None


NOTHING_HELD = Held()


@dataclass(frozen=True)
class PricedLine:
    """A basket line at the price of the moment. Amounts include tax."""

    pk: int
    edition: Edition
    offer: Offer
    quantity: int
    unit: Money
    seen: Money | None
    tax_rate: Decimal
    limit: int
    """Copies that could be sold now."""
    held: Held = NOTHING_HELD
    title: str = ""
    slug: str = ""
    face: str = field(default="", repr=False)
    entries: str = field(default="", repr=False)
    """The book's row of the read model, as text: `face` and `offers`; empty where the public may not see it."""
    off: tuple[Money, ...] = ()
    """What promotions and vouchers take off each copy; none where they take off nothing."""
    law_notice: str = ""
    """Why the book costs more here than the shop's offer, in words."""

    @property
    def format_label(self) -> str:
        """Paperback, eBook …"""
        return self.edition.format_label

    @property
    def url(self) -> str:
        """The book's page with this edition chosen."""
        return f"{book_url(self.slug)}?edition={self.edition.sku}"

    @property
    def field_name(self) -> str:
        """The name of the quantity's field in the basket's form."""
        return f"quantity-{self.pk}"

    @cached_property
    def card(self) -> Card | PlainCover:
        """What the book's cover is drawn from."""
        if not self.face:
            return PlainCover(self.title)
        return card_of_face(json.loads(self.face), json.loads(self.entries), timezone.now())

    @property
    def tag_ids(self) -> frozenset[int]:
        """The tags of the book, as far as lists show it."""
        return frozenset(pk for pk, *_name in json.loads(self.face).get("tags", ())) if self.face else frozenset()

    @cached_property
    def copies(self) -> tuple[Money, ...]:
        """What each copy costs, discounts taken off."""
        return tuple(self.unit - amount for amount in self.off) if self.off else (self.unit,) * self.quantity

    @property
    def before(self) -> Money:
        """All copies of the line without discounts."""
        return self.unit * self.quantity

    @cached_property
    def total(self) -> Money:
        """All copies of the line."""
        return sum(self.copies, Money.zero(self.unit.currency)) if self.off else self.before

    @cached_property
    def tax(self) -> Money:
        """The tax in all copies, rounded for each."""
        taxes = (tax_within(paid, self.tax_rate) * count for paid, count in Counter(self.copies).items())
        return sum(taxes, Money.zero(self.unit.currency))

    @property
    def price_notice(self) -> str:
        """What the shopper is told where the price is not the one they knew."""
        if self.seen is None or self.seen == self.unit or not self.offer.can_buy:
            return ""
        if self.seen.currency != self.unit.currency:  # which `PricedBasket.currency_notice` is about
            return ""
        return _("The price of %(title)s changed from %(old)s to %(new)s.") % {
            "title": self.title, "old": self.seen, "new": self.unit,
        }  # fmt: skip

    @property
    def here(self) -> int:
        """Copies on the shelf that nobody was promised and no other shopper holds."""
        return free_copies(self.edition, self.held)

    @property
    def supply_notice(self) -> str:
        """What the shopper is told where the shelf has some of the copies and the supplier the others."""
        here = self.here
        if self.edition.is_digital or self.problem or not 0 < here < self.quantity:
            return ""
        return ngettext(
            "%(count)d copy is here; the others come from our supplier.",
            "%(count)d copies are here; the others come from our supplier.",
            here,
        ) % {"count": here}

    @property
    def problem(self) -> str:
        """Why the line cannot be ordered as it is; empty where it can."""
        if not self.offer.can_buy and self.offer.availability.is_offered:
            return _("%(title)s has just been sold out. Please remove it.") % {"title": self.title}
        if not self.offer.can_buy:
            return _("%(title)s cannot be bought any more. Please remove it.") % {"title": self.title}
        if self.quantity > self.limit and self.held.until:
            return self._held_by_others(self.held.until)
        if self.quantity > self.limit:
            return ngettext(
                "Only %(count)d copy of %(title)s is left.", "Only %(count)d copies of %(title)s are left.", self.limit
            ) % {"count": self.limit, "title": self.title}
        return ""

    def _held_by_others(self, until: dt.datetime) -> str:
        facts = {"count": self.limit, "title": self.title, "time": time_of_day(until)}
        if not self.limit:
            return (
                _("%(title)s is held by another shopper until %(time)s. What is not bought is free again then.") % facts
            )
        return (
            ngettext(
                "Only %(count)d copy of %(title)s is free; another shopper holds more of them until %(time)s.",
                "Only %(count)d copies of %(title)s are free; another shopper holds more of them until %(time)s.",
                self.limit,
            )
            % facts
        )


def free_copies(edition: Edition, held: Held) -> int:
    """Copies on the shelf that nobody was promised and no other shopper holds."""
    return max(edition.available_copies() - held.by_others, 0)


def sellable_copies(edition: Edition, held: Held = NOTHING_HELD) -> int:
    """How many copies one basket may have: what is free on the shelf, unless more can be had elsewhere."""
    return MAX_QUANTITY if edition.can_order_without_stock else min(free_copies(edition, held), MAX_QUANTITY)
