"""Which modals are candidates of a page. What visitors do and who they are is no matter here: the browser decides.

Everything that is published, or approved for later, is remembered as plain data, so that a page asks the
database nothing. Times are part of the data: the clock that publishes and withdraws changes nothing here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db.models.signals import post_delete, post_save
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from wagtail.images import get_image_model
from wagtail.models import Page, Revision, Site
from wagtail.signals import page_slug_changed, page_unpublished, post_page_move, published, unpublished

from catalog.models import ProductPage, TagIndexPage, TagPage
from core import generations, page_cache
from home.modals.kinds import kind_of
from home.models.modals import ModalExclusion, ModalSettings, ModalTarget, ModalVariant, PageModal, Place

LEAD = dt.timedelta(hours=2)
"""How long before its start a modal is put into pages: longer than a page may be kept anywhere."""

GENERATION = "home.modals.generation"
SECONDS = 60
BELOW = "~" * Page.steplen
"""A step below a page that no page of the tree has: for addresses without a page."""

Parts = tuple[SafeString | tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of the tree and how many levels below it."""

    path: str
    reach: int

    def holds(self, path: str) -> bool:
        """True where that path is the spot, or within its reach below."""
        below = (len(path) - len(self.path)) // Page.steplen
        return path.startswith(self.path) and below <= self.reach

    def meets(self, other: Spot) -> bool:
        """True where a page may exist that both hold."""
        high, low = sorted((self, other), key=lambda spot: len(spot.path))
        return high.holds(low.path)


@dataclass(frozen=True, slots=True)
class Where:
    """The pages of a modal. Nothing said is no limit; all that is said must hold."""

    spots: tuple[Spot, ...] = ()
    excluded: tuple[Spot, ...] = ()
    tags: frozenset[int] = frozenset()
    """Tags whose books belong to it besides."""
    kinds: frozenset[str] = frozenset()
    language: str = ""
    is_nowhere: bool = False
    """True where pages were chosen and all of them were deleted."""

    def holds(self, place: Standing) -> bool:
        """True where the page is one of them."""
        if self.is_nowhere or (self.kinds and place.kind not in self.kinds):
            return False
        if self.language and place.language != self.language:
            return False
        if any(spot.holds(place.path) for spot in self.excluded):
            return False
        chosen = not (self.spots or self.tags) or any(spot.holds(place.path) for spot in self.spots)
        return chosen or not self.tags.isdisjoint(place.tags)

    def meets(self, other: Where) -> bool:
        """True where the two may be on one page. Errs on the side of saying so."""
        if self.is_nowhere or other.is_nowhere:
            return False
        if self.kinds and other.kinds and self.kinds.isdisjoint(other.kinds):
            return False
        if self.language and other.language and self.language != other.language:
            return False
        if not (self.spots or self.tags) or not (other.spots or other.tags):
            return True
        if self.tags and other.tags:
            return True  # a book may have both tags
        if self._reaches(other) or other._reaches(self):
            return True
        books = (self.tags and other._may_hold_books()) or (other.tags and self._may_hold_books())
        return bool(books)

    def _reaches(self, other: Where) -> bool:
        return any(
            mine.meets(spot)
            for mine in self.spots
            for spot in other.spots
            if not any(gone.holds(spot.path) and gone.reach >= spot.reach for gone in self.excluded)
            and not any(gone.holds(mine.path) and gone.reach >= mine.reach for gone in other.excluded)
        )

    def _may_hold_books(self) -> bool:
        return any(spot.reach > 0 for spot in self.spots)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a page stands, as far as modals ask."""

    kind: str
    path: str
    language: str
    number: int = 0
    tags: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version as it is put into pages: HTML, with the keys of books in between."""

    code: str
    weight: int
    title: str
    parts: Parts
    link_text: str


@dataclass(frozen=True, slots=True)
class Showing:
    """A modal in one wording, from when until when."""

    modal_id: int
    slug: str
    name: str
    kind: str
    priority: int
    starts: dt.datetime | None
    ends: dt.datetime | None
    where: Where
    link: str
    versions: tuple[ShownVersion, ...]
    rules: dict[str, Any]

    def is_on(self, moment: dt.datetime) -> bool:
        """True from its first second to the last one before its end."""
        return (self.starts is None or self.starts <= moment) and (self.ends is None or moment < self.ends)

    def is_near(self, moment: dt.datetime) -> bool:
        """True where it is on, or soon will be."""
        return (self.starts is None or self.starts <= moment + LEAD) and (self.ends is None or moment < self.ends)


@dataclass(frozen=True, slots=True)
class Known:
    """All that is remembered: the showings, and what holds for all of them on each site."""

    showings: tuple[Showing, ...] = ()
    cool_offs: Mapping[int, int] = field(default_factory=dict)
    """Seconds between two modals, by site."""

    def cool_off_on(self, site: Site | None) -> int:
        """Seconds between two modals on that site."""
        return self.cool_offs.get(site.pk if site else 0, ModalSettings().cool_off_seconds)


def known() -> Known:
    """Everything published or approved, in the active language; no query while it is remembered."""
    key = f"home.modals.{generations.generation(GENERATION)}.{get_language()}"
    remembered: Known | None = cache.get(key)
    if remembered is None:
        remembered = _read()
        cache.set(key, remembered, SECONDS)
    return remembered


def candidates(place: Standing, moment: dt.datetime) -> list[Showing]:
    """The modals that may be shown on a page now or soon, by priority."""
    found = [showing for showing in known().showings if showing.is_near(moment) and showing.where.holds(place)]
    return sorted(found, key=lambda showing: (-showing.priority, showing.modal_id))


def standing_of(context: Mapping[str, Any]) -> Standing | None:
    """Where the page being rendered stands; None where modals have no place."""
    kind = kind_of(context)
    if not kind:
        return None
    page = context.get("page")
    language = get_language() or ""
    if not isinstance(page, Page):
        site = Site.find_for_request(context["request"])
        return Standing(kind, f"{site.root_page.path}{BELOW}" if site else BELOW, language)
    if not page.pk:  # a tag for which no editor made a page
        index = getattr(page, "index", None)
        path = f"{index.path}{BELOW}" if isinstance(index, TagIndexPage) else BELOW
        return Standing(kind, path, language)
    return Standing(kind, page.path, language, page.pk, _tags_of(page))


def _tags_of(page: Page) -> frozenset[int]:
    """A book's tags from the row of the read model that came with the page."""
    listing = getattr(page, "listing", None) if isinstance(page, ProductPage) else None
    keys = listing.facets.split() if listing else ()
    return frozenset(int(key[2:]) for key in keys if key.startswith("t:"))


# --- Reading ---------------------------------------------------------------------------------


def _read() -> Known:
    showings = showings_of(PageModal.objects.filter(live=True), _approved())
    return Known(tuple(showings), dict(ModalSettings.objects.values_list("site", "cool_off_seconds")))


def _approved() -> list[tuple[PageModal, dt.datetime]]:
    """Wordings that are approved for later, with their time: they hold whether or not the clock has run."""
    content_type = ContentType.objects.get_for_model(PageModal)
    revisions = Revision.objects.filter(base_content_type=content_type, approved_go_live_at__isnull=False)
    return [(revision.as_object(), revision.approved_go_live_at) for revision in revisions.order_by("pk")]


def showings_of(live: Iterable[PageModal], approved: Iterable[tuple[PageModal, dt.datetime]]) -> list[Showing]:
    """Each wording with its time: what is live gives way to what is approved for later, at its moment."""
    later = list(approved)
    follows = {modal.pk: moment for modal, moment in later}
    wordings = [(modal, None, _earlier(modal.expire_at, follows.get(modal.pk))) for modal in live]
    wordings += [(modal, moment, modal.expire_at) for modal, moment in later]
    tags = _tags_of_pages([modal for modal, _starts, _ends in wordings])
    return [_showing(modal, starts, ends, tags) for modal, starts, ends in wordings]


def _earlier(*moments: dt.datetime | None) -> dt.datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _tags_of_pages(modals: Iterable[PageModal]) -> dict[int, int]:
    pages = {target.page_id for modal in modals for target in modal.targets.all() if target.with_books}
    return dict(TagPage.objects.filter(pk__in=pages).values_list("pk", "tag_id")) if pages else {}


def where_of(modal: PageModal, tags: Mapping[int, int]) -> Where:
    """The pages of a modal; `tags` are those of tag pages, by their keys."""
    targets = list(modal.targets.all())
    spots = _spots(targets)
    return Where(
        spots=spots,
        excluded=_spots(modal.exclusions.all()),
        tags=frozenset(tags[target.page_id] for target in targets if target.with_books and target.page_id in tags),
        kinds=frozenset(modal.page_types),
        language=modal.language,
        is_nowhere=bool(targets and not spots),
    )


def _spots(places: Iterable[Place]) -> tuple[Spot, ...]:
    return tuple(Spot(place.page.path, place.reach) for place in places if place.page)


def _showing(
    modal: PageModal, starts: dt.datetime | None, ends: dt.datetime | None, tags: Mapping[int, int]
) -> Showing:
    return Showing(
        modal_id=modal.pk,
        slug=modal.slug,
        name=modal.name,
        kind=modal.kind,
        priority=modal.priority,
        starts=starts,
        ends=ends,
        where=where_of(modal, tags),
        link=modal.link(),
        versions=shown_versions(modal),
        rules=rules_of(modal),
    )


def shown_versions(modal: PageModal) -> tuple[ShownVersion, ...]:
    """The versions of a modal with their content drawn, but for books: those cost what they cost at the moment."""
    return tuple(
        ShownVersion(version.code, version.weight, version.title, _parts(version.body), version.link_text)
        for version in modal.versions()
    )


def _parts(body: Any) -> Parts:
    return tuple(
        tuple(book.pk for book in block.value["books"] if book)
        if block.block_type == "books"
        else SafeString(block.render())
        for block in body
    )


def rules_of(modal: PageModal) -> dict[str, Any]:
    """When and to whom, and how often, as the browser reads it. Short names: they are in every page."""
    return {
        "t": [modal.trigger, modal.trigger_value, modal.click_selector],
        "w": [modal.audience, modal.visits, modal.basket, float(modal.basket_amount or 0), modal.campaign],
        "o": [modal.frequency, modal.every_days, modal.at_most or 0, int(modal.ends_with_click)],
        "h": modal.hold_out,
    }


# --- Forgetting ------------------------------------------------------------------------------


def forget(**_kwargs: object) -> None:
    """Read modals anew from the next request on; stored pages are rendered anew."""
    generations.begin(GENERATION)
    page_cache.purge(page_cache.SITE)


def _forget_revision(instance: Revision, **_kwargs: object) -> None:
    """A version was approved for later, or is no longer."""
    if instance.base_content_type == ContentType.objects.get_for_model(PageModal):
        forget()


def _forget_if_any(**_kwargs: object) -> None:
    """A page has another address or place, or is gone: modals that lead there or are shown there hold the old one."""
    if known().showings:
        forget()


def _picture_changed(created: bool = False, **_kwargs: object) -> None:
    """A picture has another file: modals are remembered with what is shown of it."""
    if not created:
        _forget_if_any()


def next_change() -> dt.datetime | None:
    """When a modal comes into pages, begins or ends next: no stored page is kept beyond it."""
    now = timezone.now()
    moments = [
        moment
        for showing in known().showings
        for moment in (showing.starts and showing.starts - LEAD, showing.starts, showing.ends)
        if moment and moment > now
    ]
    return min(moments, default=None)


def connect() -> None:
    """Called once, when the app is ready."""
    for sender in (PageModal, ModalTarget, ModalExclusion, ModalVariant, ModalSettings):
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=sender, dispatch_uid=f"home.modals.{sender.__name__}")
    for signal in (published, unpublished):
        signal.connect(forget, sender=PageModal, dispatch_uid="home.modals.published")
    for signal in (post_save, post_delete):
        signal.connect(_forget_revision, sender=Revision, dispatch_uid="home.modals.revision")
        signal.connect(_picture_changed, sender=get_image_model(), dispatch_uid="home.modals.picture")
    for signal in (page_slug_changed, page_unpublished, post_page_move):
        signal.connect(_forget_if_any, dispatch_uid="home.modals.page")
    post_delete.connect(_forget_if_any, sender=Page, dispatch_uid="home.modals.page")
    page_cache.horizons[page_cache.SITE].append(next_change)
