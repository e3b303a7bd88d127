"""Size and weight (list 48)."""

from __future__ import annotations

import re

from catalog.importers import codes
from catalog.importers.onix.part import Part
from catalog.importers.remarks import Warn

_FIELDS = {"01": "height_mm", "02": "width_mm", "03": "thickness_mm", "08": "weight_g"}
_VALUE = re.compile(r"\d{1,7}(?:\.\d{1,6})?\Z", re.ASCII)
_TOO_MUCH = 100_000


def read_measures(parts: list[Part], warn: Warn) -> dict[str, int]:
    """Whole millimetres and grams, by the field of `Record` that they belong in."""
    found: dict[str, int] = {}
    for part in parts:
        name = _FIELDS.get(part.code("MeasureType") or part.code("MeasureTypeCode"))
        value = part.code("Measurement")
        if not name or not value:
            continue
        unit_code = part.code("MeasureUnitCode")
        unit = (codes.GRAMS if name == "weight_g" else codes.MILLIMETRES).get(unit_code.lower())
        if unit is None or not _VALUE.match(value):
            warn(f"The measure “{f'{value[:20]} {unit_code[:10]}'.strip()}” is not understood; left out.")
            continue
        size = round(float(value) * unit)
        if 0 < size < _TOO_MUCH:
            found[name] = size
    return found
