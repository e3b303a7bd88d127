"""Dates as ONIX writes them: YYYYMMDD, parts of it, and moments of sending."""

from __future__ import annotations

import datetime as dt
import re

from catalog.importers.periods import period
from catalog.importers.records import PartialDate
from catalog.importers.remarks import Warn

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})?)?(?:Z)?\Z")


def moment(value: str) -> dt.datetime | None:
    """Date and time of a message; without a zone it is taken as UTC."""
    found = _MOMENT.match(value.replace(":", "").replace(" ", ""))
    if not found and len(value) >= 8:
        found = _MOMENT.match(value.replace("-", "")[:8])
    if not found:
        return None
    *parts, zone = found.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    offset = dt.timedelta()
    if zone and zone != "Z":
        offset = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
    try:
        return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC) - offset
    except (ValueError, OverflowError):
        return None


def partial_date(value: str) -> PartialDate | None:
    """YYYYMMDD, YYYYMM or YYYY, with or without hyphens and a time behind; zeros mean unknown.

    Raises:
        ValueError: it is none of these, or no such day exists.
    """
    digits = re.sub(r"[^0-9].*", "", value.replace("-", "") if "T" not in value else value.partition("T")[0])
    if len(digits) not in (4, 6, 8):
        digits = digits[:4] if len(digits) == 5 else digits  # YYYYQ, YYYYS: the year is sure
        digits = digits[:8] if len(digits) in (12, 14) else digits
    if not digits or not digits.isascii() or len(digits) not in (4, 6, 8):
        raise ValueError(value)
    year, month, day = int(digits[:4]), int(digits[4:6] or 0), int(digits[6:8] or 0)
    return period(year, month, day) if year or month or day else None


def date(value: str, name: str, warn: Warn) -> PartialDate | None:
    """The date, or None where there is none; `name` says in the warning which date is wrong."""
    if not value:
        return None
    try:
        return partial_date(value)
    except ValueError:
        warn(f"The {name} “{value[:30]}” is no date; left out.")
        return None


def day(value: str, name: str, warn: Warn) -> dt.date | None:
    """The date, or the last day of its month or year; None where there is none."""
    found = date(value, name, warn)
    return found.date if found else None
