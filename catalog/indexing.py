"""The only writer of the read model (`BookListing`)."""

from __future__ import annotations

from collections.abc import Iterable


def refresh(page_ids: Iterable[int]) -> None:
    """Write the rows of these books anew."""
