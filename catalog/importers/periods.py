"""Dates of which the month or the day may be unknown."""

from __future__ import annotations

import datetime as dt

from catalog.choices import DatePrecision
from catalog.importers.records import PartialDate


def period(year: int, month: int, day: int) -> PartialDate:
    """The day, or the last day of the month or year, where zeros stand for what is unknown.

    Raises:
        ValueError: no such date, or no year in which a book could appear.
    """
    if not 1400 <= year <= 2200:
        raise ValueError(year)
    if not month:
        return PartialDate(dt.date(year, 12, 31), DatePrecision.YEAR)
    if not day:
        first = dt.date(year, month, 1)
        return PartialDate((first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1), DatePrecision.MONTH)
    return PartialDate(dt.date(year, month, day))
