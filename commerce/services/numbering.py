"""Numbers of issued documents: one after another in each series and year, without gaps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from commerce.models import InvoiceCounter


@dataclass(frozen=True)
class Number:
    """A number that is the document's if its transaction commits, and the next one's if not."""

    series: str
    year: int
    sequence: int
    at: dt.datetime

    def __str__(self) -> str:
        return f"{self.series}-{self.year}-{self.sequence:06d}"


def take(series: str) -> Number:
    """The next number of a series, in the caller's transaction: it is given back if that fails.

    The counter's row is locked until commit, and the time is read under the lock: later numbers bear later times,
    whatever the clock does, and who waited past midnight on New Year's Eve gets a number of the new year.
    """
    with transaction.atomic():
        now, year = timezone.now(), 0
        while year != timezone.localdate(now).year:
            year = timezone.localdate(now).year
            InvoiceCounter.objects.get_or_create(series=series, year=year)
            counter = InvoiceCounter.objects.select_for_update().get(series=series, year=year)
            now = timezone.now()
        counter.last += 1
        counter.last_at = max(now, counter.last_at or now)
        counter.save(update_fields=["last", "last_at"])
    return Number(series, year, counter.last, counter.last_at)
