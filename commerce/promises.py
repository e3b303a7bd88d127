"""When books leave the shop and arrive: from stock, supplier and working days. docs/delivery.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from babel.dates import format_date, format_time
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from catalog.choices import SupplierAvailability
from catalog.models import Edition
from commerce.models import DeliveryMethod, Order, OrderLine
from commerce.models.calendar import Holiday, WorkingDays
from commerce.models.order import UNSENT

LAST_PICK = dt.time(14)
"""What is ordered later leaves on the next working day."""

SUPPLIER_DAYS = {
    SupplierAvailability.AVAILABLE: 4,
    SupplierAvailability.SPECIAL_ORDER: 15,
    SupplierAvailability.PRINT_ON_DEMAND: 10,
}
"""Working days until a copy is here: the longest that shoppers are told (`catalog.offers`)."""


@dataclass(frozen=True)
class Part:
    """Copies that leave the shop together."""

    leaves_on: dt.date | None
    arrives_by: dt.date | None
    is_collected: bool
    titles: tuple[str, ...]

    @property
    def label(self) -> str:
        """When, in words."""
        if self.leaves_on is None:
            return _("As soon as we have it; we write to you.")
        if self.is_collected:
            return _("Ready to collect on %(date)s.") % {"date": _day(self.leaves_on)}
        if self.arrives_by is None:
            return _("Leaves us on %(date)s.") % {"date": _day(self.leaves_on)}
        return _("Leaves us on %(date)s, with you by %(by)s.") % {
            "date": _day(self.leaves_on),
            "by": _day(self.arrives_by),
        }


@dataclass(frozen=True)
class Forecast:
    """The dates that hold for one destination and one way of delivery, asked at a moment."""

    at: dt.datetime
    country: str
    method: DeliveryMethod | None = None

    def leaves_on(self, edition: Edition, availability: str, *, is_here: bool) -> dt.date | None:
        """The day on which a copy leaves, or can be collected; None where nobody knows.

        `is_here`: it stands on our shelf.
        """
        day = self._ready_on(edition, availability, is_here=is_here)
        return day and self._open.on_or_after(day)

    def _ready_on(self, edition: Edition, availability: str, *, is_here: bool) -> dt.date | None:
        if availability == "pre-order":
            released = edition.on_sale_date
            return self._here.on_or_after(max(released, self._start)) if released else None
        if is_here:
            return self._start
        days = SUPPLIER_DAYS.get(SupplierAvailability(edition.availability))
        return None if days is None else self._here.after(self._start, days)

    def arrives_by(self, leaves_on: dt.date | None) -> dt.date | None:
        """The day by which what leaves then has arrived; None where the method promises none."""
        days = self.method.transit_days if self.method else None
        return None if leaves_on is None or days is None else self._there.after(leaves_on, days)

    @cached_property
    def _open(self) -> WorkingDays:
        """The days on which what is ready leaves; of a place to collect, those on which it is open."""
        point = self.method.pickup_point if self.method else None
        weekdays = frozenset(row.weekday for row in point.opening_hours.all()) if point else frozenset()
        return WorkingDays(self._here.holidays, weekdays) if weekdays else self._here

    @cached_property
    def _start(self) -> dt.date:
        now = timezone.localtime(self.at)
        return self._here.on_or_after(now.date() + dt.timedelta(days=now.time() >= LAST_PICK))

    @cached_property
    def _holidays(self) -> dict[str, frozenset[dt.date]]:
        return Holiday.of({settings.SHOP_COUNTRY, self.country}, timezone.localdate(self.at))

    @cached_property
    def _here(self) -> WorkingDays:
        return WorkingDays(self._holidays[settings.SHOP_COUNTRY])

    @cached_property
    def _there(self) -> WorkingDays:
        return WorkingDays(self._holidays[self.country])


def parts_of(copies: Iterable[tuple[str, str, dt.date | None, dt.date | None]], *, is_collected: bool) -> list[Part]:
    """Copies (title, format, leaves on, arrives by) put together by their dates, the first to leave first.

    Formats of one title are told apart.
    """
    copies = list(copies)
    formats: dict[str, set[str]] = {}
    for title, form, _leaves_on, _arrives_by in copies:
        formats.setdefault(title, set()).add(form)
    titles: dict[tuple[dt.date | None, dt.date | None], dict[str, None]] = {}
    for title, form, leaves_on, arrives_by in copies:
        shown = f"{title} ({form})" if len(formats[title]) > 1 else title
        titles.setdefault((leaves_on, arrives_by), {})[shown] = None
    dates = sorted(titles, key=lambda pair: (pair[0] or dt.date.max, pair[1] or dt.date.max))
    return [Part(*pair, is_collected, tuple(titles[pair])) for pair in dates]


def parts_of_order(order: Order) -> list[Part]:
    """What is still to leave of an order. Reads `lines`."""
    unsent = [
        line for line in order.lines.all() if line.status in UNSENT and (not line.is_digital or line.is_pre_order)
    ]
    return parts_of_lines(unsent, is_collected=bool(order.pickup_place))


def parts_of_lines(lines: Iterable[OrderLine], *, is_collected: bool) -> list[Part]:
    """Order lines put together by their dates."""
    copies = ((line.title, line.format_label, line.leaves_on, line.arrives_by) for line in lines)
    return parts_of(copies, is_collected=is_collected)


def time_of_day(moment: dt.datetime) -> str:
    """A moment as the shop's clock shows it: 14:05."""
    locale = to_locale(get_language() or settings.LANGUAGE_CODE)
    return str(format_time(timezone.localtime(moment).time(), "short", locale=locale))


def _day(date: dt.date) -> str:
    return str(format_date(date, "full", locale=to_locale(get_language() or settings.LANGUAGE_CODE)))
