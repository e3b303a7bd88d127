"""Where the tax areas end: not always where the countries do.

Sources: Directive 2006/112/EC, articles 5 to 7; UK VAT Act 1994, section 96; French tax code, articles 294 and 296;
Protocol on Ireland/Northern Ireland, article 8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNION = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
"""Countries of the European Union."""


@dataclass(frozen=True, slots=True)
class Territory:
    """A place as the tax office sees it."""

    rates: str
    """The code under which its rates are kept (`TaxRate.country`); empty where it has no such tax of its own."""
    state: str
    """The state that its tax goes to: a delivery within one state is never an export."""
    in_union: bool
    """Inside the Union's tax area, for goods."""


OUTSIDE = Territory("", "", in_union=False)
_OTHERWISE = {
    "MC": Territory("FR", "FR", in_union=True),  # Monaco
    "IM": Territory("GB", "GB", in_union=False),  # Isle of Man
    "XI": Territory("GB", "GB", in_union=True),  # Northern Ireland
    **{code: Territory(code, "FR", in_union=False) for code in ("GP", "MQ", "RE")},
}
_POSTCODES = {
    "GB": {"JE": "JE", "GY": "GG", "IM": "IM", "BT": "XI"},
    "FR": {
        "97133": "BL", "97150": "MF", "971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT",
        "977": "BL", "978": "MF", "980": "MC", "986": "WF", "987": "PF", "988": "NC",
    },
    "ES": {"35": "", "38": "", "51": "", "52": ""},  # Canary Islands, Ceuta, Melilla
    "DE": {"27498": "", "78266": ""},  # Heligoland, Büsingen
    "IT": {"22061": "", "23041": ""},  # Campione d'Italia, Livigno
    "GR": {"63086": ""},  # Mount Athos
    "FI": {"22": "AX"},  # Åland
}  # fmt: skip
"""Beginnings of postcodes that lie elsewhere than their country, longer ones first; empty: outside every tax area."""


def territory(country: str, postcode: str = "") -> Territory:
    """The tax territory of an address."""
    plain = re.sub(r"\W", "", postcode).upper()
    for beginning, code in _POSTCODES.get(country, {}).items():
        if plain.startswith(beginning):
            return territory(code) if code else OUTSIDE
    return _OTHERWISE.get(country) or Territory(country, country, in_union=country in UNION)
