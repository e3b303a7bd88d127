"""What is on when, and where two meet."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, field
from itertools import combinations

from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Revision

from catalog.models import TagPage
from home.modals.targeting import Where, where_of
from home.models.modals import PageModal

_ALWAYS = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
_NEVER = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Slot:
    """A wording of a modal with its time and its pages."""

    modal: PageModal
    status: str
    starts: dt.datetime
    ends: dt.datetime
    where: Where = field(repr=False)

    def is_on(self, day: dt.date) -> bool:
        """True where it is on at some moment of that day, in the time of the site."""
        begin = timezone.make_aware(dt.datetime.combine(day, dt.time.min))
        end = timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min))
        return self.starts < end and begin < self.ends


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two modals on the same pages at the same time."""

    first: PageModal
    second: PageModal
    starts: dt.datetime | None
    ends: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar."""

    first: dt.date
    days: list[dt.date]
    rows: list[tuple[Slot, list[bool]]]
    meetings: list[Meeting]
    previous: str
    next: str


def month_of(text: str) -> dt.date:
    """The first day of the month that "2026-11" names; of this month where it names none."""
    try:
        return dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC).date()
    except ValueError:
        return timezone.localdate().replace(day=1)


def month(first: dt.date) -> Month:
    """What is on in a month, drafts included, and which of them meet."""
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    all_days = [first + dt.timedelta(days=number) for number in range(last.day)]
    slots = [slot for slot in _slots() if any(slot.is_on(day) for day in all_days)]
    begin = timezone.make_aware(dt.datetime.combine(first, dt.time.min))
    end = timezone.make_aware(dt.datetime.combine(last + dt.timedelta(days=1), dt.time.min))
    return Month(
        first=first,
        days=all_days,
        rows=[(slot, [slot.is_on(day) for day in all_days]) for slot in slots],
        meetings=[meeting for meeting in meetings(slots) if _touches(meeting, begin, end)],
        previous=(first - dt.timedelta(days=1)).strftime("%Y-%m"),
        next=(last + dt.timedelta(days=1)).strftime("%Y-%m"),
    )


def meetings(slots: list[Slot]) -> list[Meeting]:
    """Each two of different modals that may be on one page at one moment."""
    found = []
    for one, other in combinations(slots, 2):
        starts, ends = max(one.starts, other.starts), min(one.ends, other.ends)
        if one.modal.pk != other.modal.pk and starts < ends and one.where.meets(other.where):
            found.append(
                Meeting(one.modal, other.modal, starts if starts > _ALWAYS else None, ends if ends < _NEVER else None)
            )
    return found


def _touches(meeting: Meeting, begin: dt.datetime, end: dt.datetime) -> bool:
    return (meeting.starts or _ALWAYS) < end and begin < (meeting.ends or _NEVER)


def _slots() -> list[Slot]:
    modals = list(PageModal.objects.select_related("latest_revision").order_by("-priority", "name"))
    tags = dict(TagPage.objects.values_list("pk", "tag_id"))
    slots = []
    for modal in modals:
        approved = Revision.objects.for_instance(modal).filter(approved_go_live_at__isnull=False).first()
        if modal.live or modal.expired:
            ends = min(filter(None, [modal.expire_at, approved and approved.approved_go_live_at]), default=_NEVER)
            status = _("Over") if modal.expired else _("Live")
            starts = modal.go_live_at or modal.first_published_at or _ALWAYS
            slots.append(Slot(modal, status, starts, ends, where_of(modal, tags)))
        if approved:
            slots.append(_slot(approved, _("Approved"), tags))
        elif modal.latest_revision and (modal.has_unpublished_changes or not modal.live) and not modal.expired:
            slots.append(_slot(modal.latest_revision, _("Draft"), tags))
    return slots


def _slot(revision: Revision, status: str, tags: dict[int, int]) -> Slot:
    modal = revision.as_object()
    return Slot(modal, status, modal.go_live_at or _ALWAYS, modal.expire_at or _NEVER, where_of(modal, tags))
