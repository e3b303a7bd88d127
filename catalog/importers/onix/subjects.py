"""What a book is about, as headings that shoppers may read (list 27)."""

from __future__ import annotations

from typing import NamedTuple

from catalog.importers import codes
from catalog.importers.onix.part import BLANK, Part

MAX_TAGS = 30
MAX_LENGTH = 100


class Subject(NamedTuple):
    """A subject as sent; any of the three may be empty."""

    scheme: str
    code: str
    heading: str


def from_parts(parts: list[Part], scheme: str) -> list[Subject]:
    """Subjects of composites; `scheme` is the element in which such a composite names its scheme."""
    return [Subject(p.code(scheme), p.code("SubjectCode"), p.plain("SubjectHeadingText")) for p in parts]


def tags(subjects: list[Subject]) -> list[str]:
    """Headings as sent, else the broad group of a code, then keywords; without repeats, whatever their case."""
    headings: list[str] = []
    keywords: list[str] = []
    for scheme, code, heading in subjects:
        if scheme in codes.NOT_FOR_DISPLAY:
            continue
        if scheme == codes.KEYWORDS:
            keywords += heading.split(";" if ";" in heading else ",")
        elif heading:
            headings.append(heading)
        elif group := codes.subject_group(scheme, code):
            headings.append(group)
    found: dict[str, str] = {}
    for value in headings + keywords:
        tag = value.strip(BLANK + ".")
        if tag and len(tag) <= MAX_LENGTH:
            found.setdefault(tag.casefold(), tag)
    return list(found.values())[:MAX_TAGS]
