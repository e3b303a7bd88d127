"""Texts and pictures that show a book to shoppers: which of those that were sent."""

from __future__ import annotations

from catalog.importers import codes, links, text
from catalog.importers.onix.part import Part
from catalog.importers.remarks import Warn


def description(texts: dict[str, list[Part]]) -> str:
    """Sanitised HTML of the best text, from texts by their type in list 153."""
    parts = (part for kind in codes.DESCRIPTION_TYPES for part in texts.get(kind, ()))
    return next((found for part in parts if (found := part.rich("Text"))), "")


def short_description(texts: dict[str, list[Part]]) -> str:
    """Plain text of the first short one, from texts by their type in list 153."""
    parts = texts.get(codes.SHORT_DESCRIPTION_TYPE)
    return parts[0].plain("Text")[: text.MAX_TEXT] if parts else ""


def covers(images: dict[str, list[str]], warn: Warn) -> list[str]:
    """Front and back, from links by their type in list 158: a thumbnail or holding image for want of a cover."""
    front = images.get(codes.FRONT_COVER) or images.get(codes.THUMBNAIL) or images.get(codes.HOLDING_IMAGE) or []
    return links.pictures(front[:1] + images.get(codes.BACK_COVER, [])[:1], warn)
