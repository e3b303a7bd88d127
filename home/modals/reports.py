"""What modals did: totals of each version, with intervals, and by day."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Sum
from django.utils.translation import gettext as _
from wagtail.models import Page

from home.modals.statistics import Interval, difference, wilson
from home.models.modals import HOLD_OUT, ModalCount, PageModal

Event = ModalCount.Event
EVENTS = [Event.ELIGIBLE, Event.SHOWN, Event.SEEN, Event.DISMISSED, Event.CLICKED, Event.ORDERED]


@dataclass(frozen=True, slots=True)
class Figures:
    """The totals of one version."""

    code: str
    totals: Counter[str]

    @property
    def label(self) -> str:
        """Its letter, or that it is the hold-out."""
        return _("Hold-out") if self.code == HOLD_OUT else _("Version %(code)s") % {"code": self.code}

    @property
    def numbers(self) -> list[int]:
        """The totals in the order of `EVENTS`."""
        return [self.totals[event] for event in EVENTS]

    @property
    def clicks(self) -> tuple[int, int]:
        """Clicked, of shown."""
        return self.totals[Event.CLICKED], self.totals[Event.SHOWN]

    @property
    def orders(self) -> tuple[int, int]:
        """Visits with an order, of visits in which it could be shown."""
        return self.totals[Event.ORDERED], self.totals[Event.ELIGIBLE]

    @property
    def click_interval(self) -> Interval | None:
        """The share of clicks, as far as it is known."""
        return wilson(*self.clicks) if self.clicks[1] else None

    @property
    def order_interval(self) -> Interval | None:
        """The share of orders, as far as it is known."""
        return wilson(*self.orders) if self.orders[1] else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One version beside the one it is measured against."""

    measure: str
    label: str
    against: str
    interval: Interval

    @property
    def is_clear(self) -> bool:
        """True where the interval leaves nothing out but one direction."""
        return self.interval.low > 0 or self.interval.high < 0


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said of a modal."""

    figures: list[Figures]
    planned: int | None
    least: int
    """How many saw the version that fewest saw."""
    comparisons: list[Comparison]

    @property
    def is_early(self) -> bool:
        """True where fewer than planned have seen some version: what is compared now may be chance."""
        return self.planned is None or self.least < self.planned


def report(modal: PageModal) -> Report:
    """The totals of a modal's versions; they are compared once the planned number has seen each, not before."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    codes = [version.code for version in modal.versions()]
    rows = ModalCount.objects.filter(modal=modal).values_list("variant", "event").annotate(total=Sum("count"))
    for code, event, total in rows.order_by():
        totals[code][event] = total
    others = sorted(totals.keys() - set(codes) - {HOLD_OUT})
    has_hold_out = modal.hold_out or HOLD_OUT in totals
    figures = [Figures(code, totals[code]) for code in [*codes, *others, *([HOLD_OUT] if has_hold_out else [])]]
    shown = [version for version in figures if version.code in codes]
    least = min(version.clicks[1] for version in shown)
    planned = modal.planned_size
    is_ripe = planned is not None and least >= planned
    return Report(figures, planned, least, list(_comparisons(figures, shown)) if is_ripe else [])


def _comparisons(figures: list[Figures], shown: list[Figures]) -> Iterator[Comparison]:
    first = shown[0]
    for version in shown[1:]:
        interval = difference(first.clicks, version.clicks)
        yield Comparison(_("Clicks"), version.label, first.label, interval)
    held_out = next((version for version in figures if version.code == HOLD_OUT), None)
    if held_out and held_out.orders[1]:
        for version in shown:
            interval = difference(held_out.orders, version.orders)
            yield Comparison(_("Orders"), version.label, held_out.label, interval)


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of the chart: how high, out of 100."""

    day: dt.date
    shown: int
    clicked: int
    place: int
    shown_height: float
    clicked_height: float


def days(modal: PageModal, *, until: dt.date, number: int = 30) -> list[Bar]:
    """Shown and clicked on each of the last days."""
    since = until - dt.timedelta(days=number - 1)
    rows = ModalCount.objects.filter(
        modal=modal, day__range=(since, until), event__in=(Event.SHOWN, Event.CLICKED)
    ).values_list("day", "event")
    totals = {(day, event): total for day, event, total in rows.annotate(total=Sum("count")).order_by()}
    highest = max([*totals.values(), 1])
    bars = []
    for place in range(number):
        day = since + dt.timedelta(days=place)
        shown, clicked = (totals.get((day, event), 0) for event in (Event.SHOWN, Event.CLICKED))
        bars.append(Bar(day, shown, clicked, place * 20, 100 * shown / highest, 100 * clicked / highest))
    return bars


def rows_for_export(modal: PageModal) -> Iterator[list[str]]:
    """A head, and a line for each day, version and page."""
    yield [_("Day"), _("Version"), _("Page"), *(str(event.label) for event in EVENTS)]
    counts = ModalCount.objects.filter(modal=modal).order_by("day", "variant", "page_number")
    lines: dict[tuple[dt.date, str, int], Counter[str]] = defaultdict(Counter)
    for count in counts:
        lines[count.day, count.variant, count.page_number][count.event] = count.count
    titles = dict(Page.objects.filter(pk__in={page for _day, _code, page in lines}).values_list("pk", "title"))
    for (day, code, page), totals in lines.items():
        title = titles.get(page, f"#{page}" if page else "")
        yield [day.isoformat(), code, inert(title), *(str(totals[event]) for event in EVENTS)]


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
