"""Which edition of the work it is, in words."""

from __future__ import annotations

from catalog.importers import codes
from catalog.importers.onix.part import Part


def statement(part: Part) -> str:
    """The sender's own statement, else one from the number and the types: "2nd edition, revised"."""
    own = part.plain("EditionStatement")
    if own:
        return own
    number = part.code("EditionNumber")
    words = [_ordinal(int(number)) + " edition"] if number.isdecimal() and 1 < int(number) < 200 else []
    types = part.codes("EditionType") + part.codes("EditionTypeCode")  # 3.x, 2.1
    words += [codes.EDITION_TYPES[code] for code in types if code in codes.EDITION_TYPES]
    return ", ".join([*words[:1], *(word.lower() for word in words[1:])])


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
