"""Names as keys of rows that have no ISBN."""

from __future__ import annotations

import hashlib
import re
import unicodedata


def name_key(name: str) -> str:
    """Key of a row without ISBN: its name, whatever the case, the accents' coding, the blanks and the stops.

    >>> name_key("The Hobbit!") == name_key("  the  HOBBIT ")
    True
    """
    words = re.sub(r"[^\w]+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()
    words = words or name.strip()
    if len(words) <= 100:
        return f"name:{words}"
    return f"name:{words[:80]}~{hashlib.sha256(words.encode()).hexdigest()[:16]}"
