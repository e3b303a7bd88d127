"""When a book of a list appeared."""

from __future__ import annotations

import re

from catalog.importers.csv.row import Row
from catalog.importers.periods import period
from catalog.importers.records import PartialDate

_ISO_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:[T ].*)?\Z", re.ASCII)
_SLASH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\Z", re.ASCII)
_YEAR = re.compile(r"(\d{4})(?:\.0)?\Z", re.ASCII)


def publication_date(row: Row) -> PartialDate | None:
    """ISO dates; with slashes month/day/year, as such lists come from the US.

    `original_publication_year` is the work's, not the edition's: it is not read.
    """
    value = row.get("publication_date")
    try:
        if iso := _ISO_DATE.match(value):
            return period(*(int(part) if part else 0 for part in iso.groups()))
        if us := _SLASH_DATE.match(value):
            return period(int(us[3]), int(us[1]), int(us[2]))
        if value:
            raise ValueError(value)
        value = row.get("publication_year")
        year = _YEAR.match(value)
        return period(int(year[1]), 0, 0) if year and 1400 <= int(year[1]) <= row.table.today.year + 5 else None
    except ValueError:
        row.warn(f"Publication date “{value[:30]}” does not exist or is not written YYYY-MM-DD; left out.")
        return None
