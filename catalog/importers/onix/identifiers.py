"""Numbers that name a product, its work and its other formats (lists 5, 16 and 51)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from catalog.importers.onix.part import Part
from catalog.importers.remarks import Refused
from catalog.isbn import InvalidISBN, clean, to_gtin13, to_isbn13

OTHER_FORMATS = frozenset({"06", "13", "27"})
"""Relations of list 51 that name the same work: alternative format, print original, electronic version."""


def isbn_of(part: Part, warnings: list[str], *, needed: bool) -> str:
    """The record's ISBN-13, else its GTIN-13; only direct children of the product name the product itself.

    Raises:
        Refused: there is none that is right. None at all is "" where it is not `needed`.
    """
    sent: dict[str, list[str]] = defaultdict(list)
    for identifier in part.parts("ProductIdentifier"):
        value = identifier.code("IDValue")
        if value:
            sent[identifier.code("ProductIDType").zfill(2)].append(value)
    sent["02"] += part.codes("ISBN")
    sent["03"] += part.codes("EAN13")
    books: list[str] = []
    faults: list[str] = []
    for value in sent["15"]:
        _try(to_isbn13, value, books, faults)
    for value in sent["03"]:
        if value not in books and _is_bookland(value):
            _try(to_isbn13, value, books, faults)
    for value in sent["02"]:
        if not any(value[:9] == isbn[3:12] for isbn in books):
            _try(to_isbn13, value, books, faults)
    if not books:
        for value in sent["03"]:
            if not _is_bookland(value):
                _try(to_gtin13, value, books, faults)
    distinct = list(dict.fromkeys(books))
    if not distinct:
        if faults:
            raise Refused(" ".join(dict.fromkeys(faults)))
        if needed:
            raise Refused("No ISBN and no GTIN-13: nothing tells which product this is.")
        return ""
    if len(distinct) > 1:
        warnings.append(f"ISBN: the record names {' and '.join(distinct[:3])}; {distinct[0]} was taken.")
    warnings.extend(dict.fromkeys(faults))
    return distinct[0]


def other_formats(parts: Iterable[Part], relation: str, isbn: str) -> frozenset[str]:
    """ISBNs of related products that are the same work; `relation` is the release's name for the kind."""
    found: list[str] = []
    for part in parts:
        if OTHER_FORMATS.isdisjoint(part.codes(relation)):
            continue
        for identifier in part.parts("ProductIdentifier"):
            if identifier.code("ProductIDType") in ("02", "03", "15"):
                _try(to_isbn13, identifier.code("IDValue"), found, [])
    return frozenset(found) - {isbn}


def works(identifiers: Iterable[Part]) -> frozenset[str]:
    """Identifiers with their type in front; a proprietary one (01) means something only with its sender."""
    pairs = ((part.code("WorkIDType"), part.plain("IDValue")) for part in identifiers)
    return frozenset(f"{kind}:{value}"[:255] for kind, value in pairs if value)


def _is_bookland(value: str) -> bool:
    """Whether a GTIN-13 is an ISBN: 978 and 979, but not 979-0, which is printed music."""
    number = clean(value)
    return number.startswith(("978", "979")) and not number.startswith("9790")


def _try(convert: Callable[[str], str], value: str, into: list[str], faults: list[str]) -> None:
    try:
        into.append(convert(value))
    except InvalidISBN as error:
        faults.append(str(error))
