"""Tags and their pages."""

from __future__ import annotations


def tags_with_covers() -> list[dict[str, object]]:
    """Every tag that has books, with their number and up to three covers."""
    return []
