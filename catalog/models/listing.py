"""The read model: one row per book with all that lists, facets and search need. ADR 0003.

Written only by `catalog.indexing`, from pages, editions and stock; it can be rebuilt at any time.
"""

from __future__ import annotations

from django.db import models
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _


class BookListing(models.Model):
    """A book as lists show it. The row of a deleted book stays, empty, so that every process learns of it."""

    page = models.OneToOneField(
        "catalog.ProductPage",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="listing",
    )
    is_live = models.BooleanField()
    version = models.PositiveBigIntegerField(db_index=True)
    """Value of `ListingVersion` when the row was written: facet indexes read only what is newer."""
    title_key = models.CharField(max_length=255)
    """Folded title as it files."""
    newest = models.DateField()
    """Publication date of the newest edition, else the day the page was first published."""
    price = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    """Lowest price in the shop's currency at which an edition can be bought."""
    series_id = models.PositiveBigIntegerField(null=True)
    series_position = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    next_change_at = models.DateTimeField(null=True, db_index=True)
    """When a price or a publication date will change what the row says."""
    facets = models.TextField()
    """Facet keys between blanks: " f:paperback l:en t:12 "."""
    names = models.TextField()
    """Folded title, subtitle, contributors, series, publisher, ISBNs: a line each."""
    body = models.TextField()
    """Folded tags and description."""
    face = models.JSONField()
    """What a card and the head of the page show: texts, addresses, pictures. Never a price or a figure of stock."""
    offers = models.JSONField()
    """Editions with prices and their times, so that a card says the price of the moment it is shown."""

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        indexes = [
            # Partial, and with the flag besides: Django asks for `WHERE is_live`, which SQLite answers from such an
            # index alone, and from no other one.
            models.Index(
                fields=("-newest", "-page", "is_live"), condition=models.Q(is_live=True), name="listing_newest"
            ),
            models.Index(
                fields=("title_key", "page", "is_live"), condition=models.Q(is_live=True), name="listing_title"
            ),
            models.Index(fields=("price", "page", "is_live"), condition=models.Q(is_live=True), name="listing_price"),
            models.Index(fields=("series_id", "series_position", "page"), name="listing_series"),
        ]

    def __str__(self) -> str:
        return self.title_key


def new_epoch() -> str:
    """A name for one history of the catalogue."""
    return get_random_string(12)


class ListingVersion(models.Model):
    """One row that counts the changes of the catalogue.

    Writers of `BookListing` raise it under its row lock, so versions become visible in their order. The
    epoch tells a database from another one, or from itself before it was emptied.
    """

    number = models.PositiveBigIntegerField(default=0)
    epoch = models.CharField(max_length=12, default=new_epoch)

    class Meta:
        verbose_name = _("listing version")
        verbose_name_plural = _("listing versions")

    def __str__(self) -> str:
        return str(self.number)


SHORTEST_LEARNED = 3
"""Letters of the shortest words that are kept; shorter ones are not taken for mistyped."""


class SearchWord(models.Model):
    """A word that stands in the names of some book or in a tag: what a mistyped word is compared with."""

    word = models.CharField(max_length=64, primary_key=True)
    backwards = models.CharField(max_length=64, db_index=True, editable=False)
    length = models.PositiveSmallIntegerField(editable=False)

    class Meta:
        verbose_name = _("search word")
        verbose_name_plural = _("search words")

    def __str__(self) -> str:
        return self.word
