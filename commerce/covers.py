"""Covers beside the lines of baskets and orders."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.cards import card_of
from catalog.faces import Card
from catalog.models import ProductPage


@dataclass(frozen=True, slots=True)
class PlainCover:
    """What a typographic cover is made of, for a book that lists no longer show."""

    title: str
    byline: str = ""
    cover: None = None


def cover_of(book: ProductPage | None, title: str, byline: str = "") -> Card | PlainCover:
    """What `components/cover.html` draws: the book's own cover, else its title and byline set in type."""
    return card_of(book) or PlainCover(title, byline)
