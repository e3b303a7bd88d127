"""Addresses of books and tags: they depend on the slug alone, never on the place in the tree."""

from __future__ import annotations

from urllib.parse import quote

from django.urls import reverse

BOOKS, TAGS = "books", "tags"
"""Slugs of the catalogue and of the tag index."""


def book_url(slug: str) -> str:
    """The address of a book, in the active language."""
    return f"{reverse('wagtail_serve', args=('',))}{BOOKS}/{quote(slug)}/"


def tag_url(slug: str) -> str:
    """The address of a tag, in the active language."""
    return f"{reverse('wagtail_serve', args=('',))}{TAGS}/{quote(slug)}/"


def cached_as(book_id: int) -> str:
    """The name under which `core.page_cache` purges the pages that show a book."""
    return f"book:{book_id}"
