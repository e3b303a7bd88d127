"""Kept editions (wishes, lines saved for later) as of now: price, availability, what changed. Reads, never writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.faces import Card
from catalog.models import Edition
from catalog.offers import Availability, Offer, offer_for
from commerce.covers import PlainCover, cover_of
from commerce.models.wishes import KeptEdition
from core.money import Money

GONE = Availability("unavailable")


@dataclass(frozen=True)
class Kept:
    """A kept edition at a moment. Of a book that is gone only the words are left."""

    row: KeptEdition
    edition: Edition | None = None
    offer: Offer | None = None

    @property
    def title(self) -> str:
        """The book's title; of one that is gone, as it was."""
        return self.edition.product.title if self.edition else self.row.title

    @property
    def format_label(self) -> str:
        """Paperback, eBook …"""
        return self.edition.format_label if self.edition else self.row.format_label

    @property
    def url(self) -> str:
        """The book's page with this edition chosen; nothing where there is none."""
        return self.edition.get_absolute_url() if self.edition else ""

    @cached_property
    def card(self) -> Card | PlainCover:
        """What the cover is drawn from."""
        return cover_of(self.edition.product if self.edition else None, self.title)

    @property
    def price(self) -> Money | None:
        """What it costs."""
        return self.offer.price if self.offer else None

    @property
    def tax_note(self) -> str:
        """What is said of tax beside the price."""
        return "" if self.offer is None or self.offer.tax_included or not self.offer.price else _("plus tax")

    @property
    def availability(self) -> Availability:
        """Whether and how it can be had."""
        return self.offer.availability if self.offer else GONE

    @property
    def can_buy(self) -> bool:
        """True where a basket may take it."""
        return self.offer is not None and self.offer.can_buy

    @property
    def buy_label(self) -> str:
        """What the button says."""
        return self.availability.buy_label

    @property
    def price_notice(self) -> str:
        """How the price moved since the book was added; nothing where it did not."""
        now, seen = self.price, self.row.seen
        if now is None or seen is None or now.currency != seen.currency or now == seen or not self.can_buy:
            return ""
        if self.is_cheaper:
            return _("%(amount)s less than when it was added") % {"amount": seen - now}
        return _("%(amount)s more than when it was added") % {"amount": now - seen}

    @property
    def is_cheaper(self) -> bool:
        """True where it costs less than on the day it was added."""
        now, seen = self.price, self.row.seen
        return bool(now and seen and now.currency == seen.currency and now < seen)


def kept_now(rows: Iterable[KeptEdition]) -> list[Kept]:
    """Rows with what the shop offers of them now: two queries for any number of them, none for none."""
    rows, at = list(rows), timezone.now()
    ids = [row.edition_id for row in rows if row.edition_id]
    shown = Edition.objects.with_offer().select_related("product__listing").filter(product__live=True, is_active=True)
    editions = shown.in_bulk(ids) if ids else {}
    return [
        Kept(row, edition, offer_for(edition, at)) if (edition := editions.get(row.edition_id)) else Kept(row)
        for row in rows
    ]
