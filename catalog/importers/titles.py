"""Titles that the site can hold, whatever the feed."""

from __future__ import annotations

from catalog.importers import text
from catalog.importers.remarks import Refused, Warn


def require(title: str) -> None:
    """Refuse a record without a title, or with something else in its place.

    Raises:
        Refused: there is none, or it is too long to be one.
    """
    if not title:
        raise Refused("No title.")
    if len(title) > text.ABSURD_TITLE:
        raise Refused(f"The title has {len(title):,} characters: another text stands in its field.")


def fit(value: str, name: str, warn: Warn) -> str:
    """The title or subtitle, cut at a word where it is too long; `name` says in the warning which it is."""
    if len(value) <= text.MAX_TITLE:
        return value
    warn(f"The {name} has {len(value):,} characters; cut after {text.MAX_TITLE}: “{value[:40]}…”.")
    return value[: text.MAX_TITLE - 1].rsplit(" ", 1)[0] + "…"
