"""Tags and their pages."""

from __future__ import annotations

from typing import Any

from catalog import facets
from catalog.addresses import tag_url
from catalog.faces import cover_of
from catalog.models.listing import BookListing
from catalog.models.people import Tag

COVERS = 3
MOST_PICTURED = 120
"""Tags of which covers are shown; a shop that has more shows the rest without."""


def tags_with_covers() -> list[dict[str, object]]:
    """Every tag that has books, by name, with their number and up to three covers of its newest books."""
    state = facets.index.state()
    pictured = state.having(facets.PICTURED)
    tags = [(tag, books) for tag in Tag.objects.order_by("name") if (books := state.having(f"t:{tag.pk}"))]
    largest = sorted(tags, key=lambda entry: -len(entry[1]))[:MOST_PICTURED]
    latest = {tag.pk: list(reversed((books & pictured)[-COVERS:])) for tag, books in largest}
    wanted = {page_id for page_ids in latest.values() for page_id in page_ids}
    faces: dict[int, Any] = dict(BookListing.objects.filter(pk__in=wanted).values_list("pk", "face")) if wanted else {}
    return [
        {
            "name": tag.name,
            "url": tag_url(tag.slug),
            "description": tag.description,
            "count": len(books),
            "covers": [
                cover
                for page_id in latest.get(tag.pk, ())
                if page_id in faces and (cover := cover_of(faces[page_id]["pictures"][0]))
            ],
        }
        for tag, books in tags
    ]
