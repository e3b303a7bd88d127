"""What is sold: editions. Prices are in `prices.py`, copies in `stock.py`.

They hang on the page by plain foreign keys, outside its revisions: publishing an old draft never
changes what is sold or for how much. ADR 0002.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from catalog.addresses import book_url
from catalog.choices import (
    DIGITAL_FORMATS,
    ORDERABLE_WITHOUT_STOCK,
    Condition,
    DatePrecision,
    Format,
    SupplierAvailability,
)

if TYPE_CHECKING:
    from catalog.models.prices import Price


class EditionQuerySet(models.QuerySet["Edition"]):
    """Sets of editions."""

    def for_sale(self) -> EditionQuerySet:
        """Offered, and nothing known that forbids the sale. Price and stock are another question."""
        return self.filter(is_active=True, not_for_sale="")

    def with_offer(self) -> EditionQuerySet:
        """With stock and prices at hand: two queries for any number of editions."""
        return self.select_related("stock").prefetch_related("prices")


class Edition(index.Indexed, models.Model):
    """One sellable version of a book: this format, this ISBN. Readers see it as a "format"."""

    product = models.ForeignKey(
        "catalog.ProductPage", on_delete=models.CASCADE, related_name="editions", verbose_name=_("book")
    )
    isbn = models.CharField(
        "ISBN",
        max_length=13,
        unique=True,
        null=True,
        blank=True,
        help_text=_("13 digits. Empty for goods without one."),
    )
    sku = models.CharField(
        _("SKU"), max_length=40, unique=True, blank=True, help_text=_("Our stock code; the ISBN where there is one.")
    )
    format = models.CharField(_("format"), max_length=20, choices=Format, default=Format.PAPERBACK)
    condition = models.CharField(
        _("condition"),
        max_length=4,
        choices=Condition,
        default=Condition.NEW,
        help_text=_("Second-hand copies are an edition of their own, without the ISBN where new ones are sold too."),
    )
    edition_statement = models.CharField(_("edition statement"), max_length=255, blank=True)
    imprint = models.CharField(
        _("imprint"), max_length=255, blank=True, help_text=_("Who publishes this edition, as readers know them.")
    )
    is_active = models.BooleanField(
        _("offered"), default=True, help_text=_("Switch off to take this edition off sale.")
    )
    not_for_sale = models.CharField(
        _("not for sale because"),
        max_length=255,
        blank=True,
        help_text=_("Shown to staff. While it says something, the edition is shown but cannot be bought."),
    )
    availability = models.CharField(
        _("availability at the supplier"),
        max_length=20,
        choices=SupplierAvailability,
        default=SupplierAvailability.STOCK_ONLY,
        help_text=_("Counts where none is on our shelf."),
    )
    publication_date = models.DateField(_("publication date"), null=True, blank=True)
    publication_precision = models.CharField(
        _("known to the"), max_length=5, choices=DatePrecision, default=DatePrecision.DAY
    )
    embargo_date = models.DateField(
        _("on sale from"), null=True, blank=True, help_text=_("Strict on-sale date: not sold before.")
    )
    pages = models.PositiveIntegerField(_("pages"), null=True, blank=True)
    duration_minutes = models.PositiveIntegerField(_("duration in minutes"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=35, blank=True, help_text=_("BCP 47: en, fr, pt-BR"))
    weight_g = models.PositiveIntegerField(_("weight in grams"), null=True, blank=True)
    height_mm = models.PositiveIntegerField(_("height in mm"), null=True, blank=True)
    width_mm = models.PositiveIntegerField(_("width in mm"), null=True, blank=True)
    thickness_mm = models.PositiveIntegerField(_("thickness in mm"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField(_("updated"), auto_now=True, db_default=Now())

    objects = EditionQuerySet.as_manager()

    search_fields = [
        index.SearchField("isbn"),
        index.AutocompleteField("isbn"),
        index.AutocompleteField("sku"),
        index.RelatedFields("product", [index.SearchField("title"), index.AutocompleteField("title")]),
        index.FilterField("format"),
        index.FilterField("is_active"),
        index.FilterField("availability"),
    ]

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ("product_id", "id")

    def __str__(self) -> str:
        return f"{self.product.title} ({self.format_label}, {self.isbn or self.sku})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the SKU filled: the ISBN, else a code of our own."""
        self.isbn = self.isbn or None
        if not self.sku:
            self.sku = self.isbn or new_sku()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """The book's page with this edition chosen."""
        return f"{book_url(self.product.slug)}?edition={self.sku}"

    @property
    def format_label(self) -> str:
        """What a reader gets, in words: Paperback, eBook; of copies that are not new, that too."""
        label = self.get_format_display()
        if self.is_new:
            return label
        return gettext("%(format)s, second-hand") % {"format": label}

    @property
    def is_new(self) -> bool:
        """No reader had it before."""
        return self.condition == Condition.NEW

    @property
    def is_digital(self) -> bool:
        """Downloaded: no stock, no parcel."""
        return self.format in DIGITAL_FORMATS

    @property
    def on_sale_date(self) -> dt.date | None:
        """First day on which a copy may leave the shop: the embargo, else a publication date known to the day."""
        if self.embargo_date:
            return self.embargo_date
        return self.publication_date if self.publication_precision == DatePrecision.DAY else None

    def price(self, currency: str, at: dt.datetime | None = None) -> Price | None:
        """The price that holds at `at` (now) in `currency`: ours before the feed's, dated before undated.

        Reads `prices`, so prefetch them where there are many editions.
        """
        at = at or timezone.now()
        holding = [price for price in self.prices.all() if price.currency == currency and price.holds(at)]
        return min(holding, key=lambda price: price.precedence, default=None)

    def available_copies(self) -> int:
        """Copies on our shelf that nobody was promised."""
        stock = getattr(self, "stock", None)
        return stock.available if stock else 0

    @property
    def can_order_without_stock(self) -> bool:
        """True where the shop takes an order although none is on the shelf."""
        return self.is_digital or self.availability in ORDERABLE_WITHOUT_STOCK


def new_sku() -> str:
    """A stock code for goods without an ISBN: short, unique, said over the telephone without doubt."""
    return "BT-" + get_random_string(8, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ")


class FeedRecord(models.Model):
    """What a sender last said of an edition: recognises repeats, and tells what an editor changed since."""

    edition = models.OneToOneField(Edition, on_delete=models.CASCADE, primary_key=True, related_name="feed_record")
    sender = models.CharField(max_length=255, blank=True)
    reference = models.CharField(max_length=255, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64)
    written = models.JSONField(default=dict)
    is_deleted = models.BooleanField(default=False)
    imported_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        verbose_name = _("feed record")
        verbose_name_plural = _("feed records")
        indexes = [models.Index(fields=("sender", "reference"), name="feed_record_reference")]

    def __str__(self) -> str:
        return f"{self.sender}: {self.reference}"
