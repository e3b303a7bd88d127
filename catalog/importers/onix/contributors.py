"""Who made the product: names, roles, and the numbers that tell people apart."""

from __future__ import annotations

from stdnum import isni

from catalog.choices import Role
from catalog.importers import codes, text
from catalog.importers.onix.part import Part
from catalog.importers.records import ContributorRecord
from catalog.importers.remarks import Warn

_NAME_FIELDS = ("TitlesBeforeNames", "NamesBeforeKey", "PrefixToKey", "KeyNames", "NamesAfterKey", "SuffixToKey")


def read_contributors(parts: list[Part], warn: Warn) -> list[ContributorRecord]:
    """Everybody in every role, once each, by their numbers where all have one."""
    numbered = [(part.code("SequenceNumber"), part) for part in parts]
    if numbered and all(number.isascii() and number.isdigit() for number, _ in numbered):
        numbered.sort(key=lambda pair: int(pair[0][:9]))
    found: dict[tuple[str, Role], ContributorRecord] = {}
    for _, part in numbered:
        name, sort_name = _name(part)
        if not name or text.is_nobody(name):
            continue
        roles = [role for code in part.codes("ContributorRole") for role in codes.roles_of(code.upper())]
        isni_number, orcid = _identities(part, warn)
        biography = part.rich("BiographicalNote")
        for role in roles or [Role.AUTHOR]:
            if (name, role) not in found:
                found[name, role] = ContributorRecord(
                    name=name[: text.MAX_TITLE],
                    role=role,
                    sort_name=sort_name[: text.MAX_TITLE],
                    biography=biography,
                    isni=isni_number,
                    orcid=orcid,
                )
    return list(found.values())


def _name(part: Part) -> tuple[str, str]:
    """Name as it is said, and as it files, in the best order that the fields allow."""
    inverted = part.plain("PersonNameInverted")
    said = part.plain("PersonName")
    key = part.plain("KeyNames")
    if not said and key:
        said = " ".join(value for name in _NAME_FIELDS if (value := part.plain(name)))
    if key and not inverted and (before := part.plain("NamesBeforeKey")):
        inverted = f"{key}, {before}"
    if said:
        return said, inverted if "," in inverted else ""
    if inverted:
        return text.turn_round(inverted)
    return part.plain("CorporateName") or codes.UNNAMED.get(part.code("UnnamedPersons"), ""), ""


def _identities(part: Part, warn: Warn) -> tuple[str, str]:
    """ISNI and ORCID that pass their check."""
    found = {"16": "", "21": ""}
    for identifier in part.parts("NameIdentifier") + part.parts("PersonNameIdentifier"):
        kind = identifier.code("NameIDType") or identifier.code("PersonNameIDType")
        if kind not in found or found[kind]:
            continue
        value = identifier.code("IDValue").rpartition("/")[2]
        if isni.is_valid(value):
            found[kind] = isni.compact(value)
        elif value:
            warn(f"{'ISNI' if kind == '16' else 'ORCID'} “{value[:40]}” fails its check digit; left out.")
    return found["16"], found["21"]
