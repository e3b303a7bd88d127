"""Tags and their pages."""

from __future__ import annotations

from pyroaring import BitMap

from catalog import facets
from catalog.addresses import tag_url
from catalog.faces import card_from
from catalog.models.listing import BookListing
from catalog.models.people import Tag

COVERS = 3
MOST_PICTURED = 120
"""Tags of which covers are shown; a shop that has more shows the rest without."""


def tags_with_cards() -> list[dict[str, object]]:
    """Every tag that has books, by name, with their number and up to three cards of its newest books."""
    state = facets.index.state()
    pictured = state.having(facets.PICTURED)
    tags = [(tag, books) for tag in Tag.objects.order_by("name") if (books := state.having(f"t:{tag.pk}"))]
    largest = sorted(tags, key=lambda entry: -len(entry[1]))[:MOST_PICTURED]
    latest = {tag.pk: _newest(books & pictured, books - pictured) for tag, books in largest}
    wanted = {page_id for page_ids in latest.values() for page_id in page_ids}
    rows = BookListing.objects.filter(pk__in=wanted).only("face", "offers") if wanted else ()
    cards = {row.pk: card_from(row) for row in rows}
    return [
        {
            "name": tag.name,
            "url": tag_url(tag.slug),
            "description": tag.description,
            "count": len(books),
            "cards": [cards[page_id] for page_id in latest.get(tag.pk, ()) if page_id in cards],
        }
        for tag, books in tags
    ]


def _newest(pictured: BitMap, others: BitMap) -> list[int]:
    """The newest books, first those that have a picture."""
    return [*reversed(pictured[-COVERS:]), *reversed(others[-COVERS:])][:COVERS]
