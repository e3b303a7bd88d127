"""What modals did: totals of each version, with intervals, and by day."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Sum
from django.utils.translation import gettext as _
from wagtail.models import Page

from home.modals.statistics import Interval, difference, size_for, wilson
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
        """Visits with a click, of those in which it was shown."""
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

    label: str
    against: str
    interval: Interval

    @property
    def is_clear(self) -> bool:
        """True where the interval leaves nothing out but one direction."""
        return self.interval.low > 0 or self.interval.high < 0


@dataclass(frozen=True, slots=True)
class Measure:
    """What clicks, or orders, say of the versions."""

    name: str
    planned: int | None
    """How many visits each version needs; None where that is not known yet."""
    least: int
    """How many visits were counted where fewest were."""
    comparisons: list[Comparison]
    """Empty before as many as planned were counted everywhere: what they would say may be chance."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said of a modal."""

    figures: list[Figures]
    planned: int | None
    measures: list[Measure]


Family = tuple[str, Callable[[Figures], tuple[int, int]], Figures, list[Figures]]
"""A measure with its shares, what it is measured against, and what is."""


def report(modal: PageModal) -> Report:
    """The totals of a modal's versions; they are compared once the planned number of visits is there, not before."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    codes = [version.code for version in modal.versions()]
    rows = ModalCount.objects.filter(modal=modal).values_list("variant", "event").annotate(total=Sum("count"))
    for code, event, total in rows.order_by():
        totals[code][event] = total
    others = sorted(totals.keys() - set(codes) - {HOLD_OUT})
    has_hold_out = modal.hold_out or HOLD_OUT in totals
    figures = [Figures(code, totals[code]) for code in [*codes, *others, *([HOLD_OUT] if has_hold_out else [])]]
    shown = [version for version in figures if version.code in codes]
    families: list[Family] = []
    if len(shown) > 1:
        families.append((_("Clicks"), lambda version: version.clicks, shown[0], shown[1:]))
    if has_hold_out:
        families.append((_("Orders"), lambda version: version.orders, figures[-1], shown))
    planned = modal.planned_size
    return Report(figures, planned, list(_measures(modal, families)))


def _planned_for_orders(modal: PageModal, hold_out: Figures, number: int) -> int | None:
    """How many visits show that orders change by the same part as was planned for clicks.

    Orders are much rarer than clicks, so many more are needed; how rare, those who are shown nothing say.
    """
    ordered, eligible = hold_out.orders
    if not (modal.expected_rate and modal.detectable_change and ordered and eligible):
        return None
    rate = min(ordered / eligible, 1.0)
    return size_for(rate, rate * float(modal.detectable_change / modal.expected_rate), number)


def _measures(modal: PageModal, families: list[Family]) -> Iterator[Measure]:
    """Each waits for visits of its own: orders for those of the hold-out, which is mostly the smallest."""
    number = sum(len(others) for *_rest, others in families)
    for name, share, first, others in families:
        least = min(share(version)[1] for version in (first, *others))
        planned = _planned_for_orders(modal, first, number) if first.code == HOLD_OUT else modal.planned_size
        is_ripe = planned is not None and least >= planned
        comparisons = [
            Comparison(other.label, first.label, difference(share(first), share(other), number)) for other in others
        ]
        yield Measure(name, planned, least, comparisons if is_ripe else [])


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
