"""What is on when, and where two meet."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page, Revision

from catalog.models import TagPage
from home.modals.targeting import Where, where_of
from home.models.modals import PageModal

_ALWAYS = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
_NEVER = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)
_YEARS = range(2000, 3000)
"""How far the calendar turns."""


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
    """The first day of the month that "2026-11" names; of this month where it names none that the calendar has."""
    this_month = timezone.localdate().replace(day=1)
    try:
        named = dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC).date()
    except ValueError:
        return this_month
    return named if named.year in _YEARS else this_month


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
    """What is live or over, and beside it what is approved for later, or else written and not yet approved."""
    modals = list(
        PageModal.objects.select_related("latest_revision")
        .prefetch_related("targets__page", "exclusions__page")
        .order_by("-priority", "name")
    )
    approved = {
        int(revision.object_id): revision
        for revision in Revision.objects.filter(
            base_content_type=ContentType.objects.get_for_model(PageModal), approved_go_live_at__isnull=False
        )
    }
    written = {
        modal.pk: modal.latest_revision
        for modal in modals
        if modal.latest_revision and (modal.has_unpublished_changes or not modal.live)
    }
    wordings = _wordings({**written, **approved}.values())
    tags = dict(TagPage.objects.values_list("pk", "tag_id"))
    now = timezone.now()
    slots = []
    for modal in modals:
        later = approved.get(modal.pk)
        if modal.live or modal.expired:
            ends = min(filter(None, [modal.expire_at, later and later.approved_go_live_at]), default=_NEVER)
            status = _("Over") if modal.expired else _("Live")
            starts = modal.go_live_at or modal.first_published_at or _ALWAYS
            slots.append(Slot(modal, status, starts, ends, where_of(modal, tags)))
        if wording := wordings.get(modal.pk):
            starts, ends = wording.go_live_at or _ALWAYS, wording.expire_at or _NEVER
            is_what_ended = modal.expired and ends <= now
            if not is_what_ended:
                status = _("Approved") if later else _("Draft")
                slots.append(Slot(wording, status, starts, ends, where_of(wording, tags)))
    return slots


def _wordings(revisions: Iterable[Revision]) -> dict[int, PageModal]:
    """What these revisions say, by modal, without pages that are gone: one query for all of them."""
    wordings = [PageModal.from_serializable_data(revision.content, check_fks=False) for revision in revisions]
    places = [place for modal in wordings for place in (*modal.targets.all(), *modal.exclusions.all())]
    pages = Page.objects.in_bulk({place.page_id for place in places})
    for modal in wordings:
        for place in (*modal.targets.all(), *modal.exclusions.all()):
            place.page = pages.get(place.page_id)
    return {modal.pk: modal for modal in wordings}
