"""Everybody in one cell: names, and roles in brackets behind them."""

from __future__ import annotations

import re

from catalog.choices import Role
from catalog.importers import text
from catalog.importers.csv.row import Row
from catalog.importers.csv.words import ROLE_OF, normal
from catalog.importers.records import ContributorRecord
from catalog.importers.remarks import Refused

MAX_PEOPLE = 100
_MANY_PEOPLE = frozenset({"authors", "contributors"})
"""Columns in which a comma may part people."""
_ROLE_IN_BRACKETS = re.compile(r"(.*\S)\s*[(\[]([^()\[\]]{1,40})[)\]]\s*\Z")


def contributors(row: Row) -> list[ContributorRecord]:
    """Everybody in every role, once each.

    Raises:
        Refused: the row says that it is no book.
    """
    value = text.plain(row.get("contributors"))
    if not value:
        return []
    if value.upper() == "NOT A BOOK":
        raise Refused("The file itself says that this is “NOT A BOOK”.")
    found: dict[tuple[str, Role], ContributorRecord] = {}
    for person in _people(value, many=row.column_of("contributors") in _MANY_PEOPLE):
        person, role = _role(person, row)
        name, sort_name = text.turn_round(person) if "," in person else (person, "")
        name = name.strip(" ,;")
        if name and not text.is_nobody(name):
            person_record = ContributorRecord(name[: text.MAX_TITLE], role, sort_name[: text.MAX_TITLE])
            found.setdefault((name, role), person_record)
    return list(found.values())[:MAX_PEOPLE]


def _role(person: str, row: Row) -> tuple[str, Role]:
    """The name without the role in brackets behind it, and the role; an author where there is none."""
    bracket = _ROLE_IN_BRACKETS.match(person)
    if not bracket:
        return person, Role.AUTHOR
    role = ROLE_OF.get(normal(bracket[2]))
    if role is None:
        row.warn(f"“{bracket[2]}” after {bracket[1][:60]} is no role that we know; kept in the name.")
        return person, Role.AUTHOR
    return bracket[1], role


def _people(value: str, *, many: bool) -> list[str]:
    """Names in one cell. A comma parts people only in a column of many, and never "Verne, Jules"."""
    for separator in ("|", ";", "/"):
        if separator in value:
            return [person.strip() for person in value.split(separator) if person.strip()]
    if many and "," in value:
        parts = [part.strip() for part in value.split(",") if part.strip()]
        single = [part for part in parts if " " not in part]
        if not (len(parts) == 2 and len(single) == 2) and not (len(parts) > 1 and text.is_suffix(parts[1])):
            return parts
    return [value.strip()]
