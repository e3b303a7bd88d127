"""E-mail addresses: their one spelling."""

from __future__ import annotations

import unicodedata


def normalised(email: str) -> str:
    """One spelling of an address, whatever its capitals and the width of its letters: one person, one account."""
    return unicodedata.normalize("NFKC", email).strip().lower()
