"""Days on which nothing leaves the shop and nothing arrives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

WEEKEND = 5


class Holiday(models.Model):
    """A public holiday of a country."""

    country = CountryField(_("country"))
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ("date", "country")
        constraints = [models.UniqueConstraint(fields=("country", "date"), name="holiday_once_per_day")]

    def __str__(self) -> str:
        return f"{self.country.code} {self.date:%Y-%m-%d}: {self.name}"

    @classmethod
    def of(cls, countries: Iterable[str], since: dt.date) -> dict[str, frozenset[dt.date]]:
        """The holidays of countries from a day on."""
        rows = cls.objects.filter(country__in=set(countries), date__gte=since)
        found: dict[str, set[dt.date]] = {country: set() for country in countries}
        for row in rows:
            found[row.country.code].add(row.date)
        return {country: frozenset(days) for country, days in found.items()}


@dataclass(frozen=True)
class WorkingDays:
    """Monday to Friday, or the weekdays on which a place is open, without the holidays."""

    holidays: frozenset[dt.date] = frozenset()
    weekdays: frozenset[int] = frozenset(range(WEEKEND))
    """As `datetime.date.weekday()` counts them; never none."""

    def on_or_after(self, day: dt.date) -> dt.date:
        """The first working day that is not before `day`."""
        while day.weekday() not in self.weekdays or day in self.holidays:
            day += dt.timedelta(days=1)
        return day

    def after(self, day: dt.date, count: int) -> dt.date:
        """The working day `count` working days after `day`."""
        for _number in range(count):
            day = self.on_or_after(day + dt.timedelta(days=1))
        return day
