"""How long a book is: pages and minutes (lists 23 and 24)."""

from __future__ import annotations

import re

from catalog.importers.onix.part import Part
from catalog.importers.remarks import Warn

MAX_PAGES = 30_000
MAX_MINUTES = 100_000

_DURATION = "09"
_PAGES = "03"
_NUMBER_OF_PAGES = "NumberOfPages"
_PREFERRED = ("00", _NUMBER_OF_PAGES, "05", "11", "07", "06", "10", "08")
"""Kinds of page counts, the best first: main content, then what counts more or less than that."""


def read_extents(parts: list[Part], number_of_pages: str, warn: Warn) -> tuple[int | None, int | None]:
    """Pages and minutes; `number_of_pages` is what 2.1 has besides its extents."""
    pages: dict[str, int] = {}
    duration = None
    if number_of_pages:
        pages[_NUMBER_OF_PAGES] = _count(number_of_pages, warn)
    for part in parts:
        kind, unit, value = part.code("ExtentType"), part.code("ExtentUnit"), part.code("ExtentValue")
        if kind == _DURATION and value:
            duration = _minutes(value, unit, warn) or duration
        elif unit in (_PAGES, "") and value:
            pages.setdefault(kind, _count(value, warn))
    count = next((pages[kind] for kind in _PREFERRED if pages.get(kind)), 0)
    if count > MAX_PAGES:
        warn(f"{count:,} pages is more than any book has; left out.")
        count = 0
    return count or None, duration


def _count(value: str, warn: Warn) -> int:
    """A whole number; 0 where it is none, with a warning."""
    found = re.fullmatch(r"\s*(\d{1,9})(?:\.0+)?\s*", value, re.ASCII)
    if not found:
        warn(f"The number of pages “{value[:30]}” is not a number; left out.")
        return 0
    return int(found[1])


def _minutes(value: str, unit: str, warn: Warn) -> int | None:
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", value, re.ASCII):
        warn(f"The duration “{value[:30]}” is not a number; left out.")
        return None
    whole = value.partition(".")[0]
    match unit:
        case "15":  # HHHMM
            total = int(whole[:-2] or 0) * 60 + int(whole[-2:])
        case "16":  # HHHMMSS
            total = int(whole[:-4] or 0) * 60 + int(whole[-4:-2] or 0)
        case "04" | "14":
            total = round(float(value) * 60)
        case "06":
            total = round(float(value) / 60)
        case _:
            total = round(float(value))
    return total if 0 < total < MAX_MINUTES else None
