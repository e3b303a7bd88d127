"""Lists of books: filtered, sorted, in pages, with the facets beside them."""

from __future__ import annotations

from django.http import HttpRequest

from catalog.models.people import Tag


def listing_for(request: HttpRequest, *, tag: Tag | None = None) -> object:
    """The list that the address asks for."""
    return None
