"""Cards of books for pages that show a few of them: one query each."""

from __future__ import annotations

from django.db.models import QuerySet

from catalog import facets
from catalog.faces import Card, card_from
from catalog.listing import newest_rows
from catalog.models import BookListing, ProductPage


def with_cards(books: QuerySet[ProductPage]) -> QuerySet[ProductPage]:
    """Books together with what their cards show, so that `card_of` needs no query."""
    return books.select_related("listing").defer("description", "listing__facets", "listing__names", "listing__body")


def card_of(book: ProductPage | None) -> Card | None:
    """The card of a book; None where there is no book or the public may not see it."""
    listing: BookListing | None = getattr(book, "listing", None)
    return card_from(listing) if book and book.live and listing and listing.is_live else None


def cards_of_tag(tag_id: int, limit: int, state: facets.State | None = None) -> list[Card]:
    """Cards of the newest books of a tag: one query, and one more without the `state` of `facets.index`."""
    state = state or facets.index.state()
    return [card_from(row) for row in newest_rows(state, state.having(f"t:{tag_id}"), limit)]


def newest_cards(limit: int) -> list[Card]:
    """Cards of the newest books of the shop."""
    return [card_from(row) for row in _shown().order_by("-newest", "-page_id")[:limit]]


def _shown() -> QuerySet[BookListing]:
    return BookListing.objects.filter(is_live=True).only("face", "offers")
