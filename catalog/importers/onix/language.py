"""The language that a book is written or read aloud in."""

from __future__ import annotations

from catalog.importers import text
from catalog.importers.onix.part import Part
from catalog.importers.remarks import Warn

_NO_LANGUAGE = ("und", "mul", "zxx", "mis")


def read_language(parts: list[Part], default: str, warn: Warn, *, spoken: bool) -> str:
    """BCP 47 tag by the roles of list 22, or ""; the header's `default` only where nothing is said."""
    by_role = {part.code("LanguageRole"): part for part in reversed(parts)}
    wanted = ("08", "01", "") if spoken else ("01", "", "08")
    part = next((by_role[role] for role in wanted if role in by_role), None)
    if part is None:
        return text.language_tag(default)
    code = part.code("LanguageCode")
    tag = text.language_tag(code, part.code("CountryCode"))
    if code and not tag and code.lower() not in _NO_LANGUAGE:
        warn(f"Language “{code[:20]}” is no code of ISO 639; left out.")
    return tag
