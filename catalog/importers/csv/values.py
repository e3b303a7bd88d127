"""Cells that hold one simple thing: a number, a word of a fixed list, tags, a picture."""

from __future__ import annotations

import re

from catalog.choices import Format, SupplierAvailability
from catalog.importers import links, text
from catalog.importers.csv.row import Row
from catalog.importers.csv.words import FORMAT_OF, normal

MAX_TAGS = 30
_COMMA_LISTS = frozenset({"categories", "genres", "subjects"})
"""Columns in which a comma parts tags."""
_WHOLE = re.compile(r"(\d{1,9})(?:\.0+)?\Z", re.ASCII)


def whole(row: Row, name: str, most: int) -> int | None:
    """A whole number up to `most`, or None."""
    value = row.get(name)
    if not value:
        return None
    found = _WHOLE.match(value)
    if not found or int(found[1]) > most:
        row.warn(f"{name} “{value[:30]}” is not a whole number up to {most:,}; left out.")
        return None
    return int(found[1])


def book_format(row: Row) -> Format:
    """The format; just a book where the row says none that we know."""
    value = row.get("format")
    if not value:
        return Format.PRINT
    found = FORMAT_OF.get(normal(value))
    if found is None:
        row.warn(f"Format “{value[:40]}” is none that we know; shown as “Book”.")
        return Format.PRINT
    return found


def language(row: Row) -> str:
    """BCP 47 tag, or ""."""
    value = row.get("language")
    found = text.language_tag(value)
    if value and not found and value.lower() not in ("mul", "und", "zxx"):
        row.warn(f"Language “{value[:40]}” is not understood; left out.")
    return found


def tags(row: Row) -> list[str]:
    """Headings of all columns that have some, without repeats, whatever their case."""
    found: dict[str, str] = {}
    for index in row.table.where.get("tags", ()):
        separators = r"[|;,]" if row.table.columns[index] in _COMMA_LISTS else r"[|;]"
        for part in re.split(separators, row.cells[index]):
            tag = text.plain(part)
            if tag and len(tag) <= 100:
                found.setdefault(tag.casefold(), tag)
    return list(found.values())[:MAX_TAGS]


def images(row: Row) -> list[str]:
    """The pictures, separated by `|`, the cover first; none that stands for “no picture”."""
    given = [name for name in row.get("image").split("|") if name.strip() and "nophoto" not in name.lower()]
    return links.pictures(given, row.warn)


def availability(row: Row) -> SupplierAvailability:
    """What the row says. The simple form is a shop's own list of what it sells, so it can be ordered."""
    value = row.get("availability")
    if not value:
        return SupplierAvailability.STOCK_ONLY if row.table.has_isbn else SupplierAvailability.AVAILABLE
    try:
        return SupplierAvailability(normal(value).replace("_", "-"))
    except ValueError:
        known = ", ".join(SupplierAvailability.values)
        row.warn(f"Availability “{value[:40]}” is none of {known}; sold from our own stock only.")
        return SupplierAvailability.STOCK_ONLY
