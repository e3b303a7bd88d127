"""The sitemap: an index, and files of at most 10,000 addresses with pictures and the day of the last change.

Which books there are is known to the facet index of the process, so a file of books is one range of ids and three
queries. A file is kept, compressed, under the version of the catalogue that it was made from.
"""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from django.core.cache import cache
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import conditional_page, require_safe
from pyroaring import BitMap
from wagtail.models import Page, Site

from catalog import facets
from catalog.addresses import book_url, tag_url
from catalog.faces import cover_of
from catalog.facets import State
from catalog.models import (
    BookListing,
    Contribution,
    Contributor,
    Edition,
    ProductPage,
    Publisher,
    Series,
    Tag,
    TagPage,
)
from catalog.models.people import Slugged
from core.generations import SITE, generation
from core.seo import absolute, site_url

FILE = 10_000
"""Addresses of a file."""
SECONDS = 60 * 60
_PICTURES = 20

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_IMAGE = "http://www.google.com/schemas/sitemap-image/1.1"

Ids = Sequence[int] | BitMap


class Entry(NamedTuple):
    """An address of the sitemap."""

    url: str
    changed: dt.datetime | None = None
    pictures: Sequence[str] = ()


class Section(NamedTuple):
    """A part of the sitemap."""

    ids: Callable[[HttpRequest, State], Ids]
    """What it names, in ascending order."""
    entries: Callable[[HttpRequest, Ids], Iterable[Entry]]
    """The addresses of some of them."""
    newest: Callable[[Ids], dt.datetime | None]
    """When any of some of them last changed."""


@require_safe
@conditional_page
def index(request: HttpRequest) -> HttpResponse:
    """The files of the sitemap."""
    state = facets.index.state()
    return _answer(request, state, "index", lambda: _index(request, state))


@require_safe
@conditional_page
def section(request: HttpRequest, name: str, number: str) -> HttpResponse:
    """A file of the sitemap."""
    if name not in SECTIONS:
        raise Http404
    state = facets.index.state()
    return _answer(request, state, f"{name}.{number}", lambda: _file(request, state, SECTIONS[name], int(number)))


def _answer(request: HttpRequest, state: State, name: str, make: Callable[[], str]) -> HttpResponse:
    place = f"{generation(SITE)}.{get_language()}.{site_url(request)}"
    key = f"catalog.sitemap.{state.epoch}.{state.number}.{place}.{name}"
    packed: bytes | None = cache.get(key)
    if packed is None:
        packed = gzip.compress(make().encode(), 6, mtime=0)
        cache.set(key, packed, SECONDS)
    if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        response = HttpResponse(packed, content_type="application/xml", headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(gzip.decompress(packed), content_type="application/xml")
    response["Cache-Control"] = "public, max-age=300"
    response["Vary"] = "Accept-Encoding"
    return response


def _index(request: HttpRequest, state: State) -> str:
    base = site_url(request)
    lines = []
    for name, part in SECTIONS.items():
        ids = part.ids(request, state)
        for number, start in enumerate(range(0, len(ids), FILE), start=1):
            url = absolute(base, reverse("catalog:sitemap_section", args=[name, number]))
            changed = _lastmod(part.newest(ids[start : start + FILE]))
            lines.append(f"<sitemap><loc>{escape(url)}</loc>{changed}</sitemap>\n")
    return f'{_HEAD}<sitemapindex xmlns="{_SITEMAP}">\n{"".join(lines)}</sitemapindex>\n'


def _file(request: HttpRequest, state: State, part: Section, number: int) -> str:
    base = site_url(request)
    ids = part.ids(request, state)[(number - 1) * FILE : number * FILE]
    if not ids:
        raise Http404
    lines = "".join(_line(base, entry) for entry in part.entries(request, ids))
    return f'{_HEAD}<urlset xmlns="{_SITEMAP}" xmlns:image="{_IMAGE}">\n{lines}</urlset>\n'


def _line(base: str, entry: Entry) -> str:
    pictures = "".join(
        f"<image:image><image:loc>{escape(absolute(base, picture))}</image:loc></image:image>"
        for picture in entry.pictures[:_PICTURES]
    )
    return f"<url><loc>{escape(absolute(base, entry.url))}</loc>{_lastmod(entry.changed)}{pictures}</url>\n"


def _lastmod(changed: dt.datetime | None) -> str:
    return f"<lastmod>{timezone.localtime(changed).isoformat(timespec='seconds')}</lastmod>" if changed else ""


# --- When books changed --------------------------------------------------------------------------


def _changes_of_books(by: str, ids: Ids) -> Iterator[tuple[QuerySet[Any], str, Max]]:
    """Where to read when published books changed: with their page, or with an edition.

    Each is rows, the way from a row to what is asked for, and the moment. `by` is the way from a book, such as
    "publisher"; the ids are taken as a range.
    """
    for model, way, live, moment in (
        (ProductPage, by, {"listing__is_live": True}, "last_published_at"),
        (Edition, f"product__{by}", {"product__listing__is_live": True, "is_active": True}, "updated_at"),
    ):
        within = {f"{way}__gte": ids[0], f"{way}__lte": ids[-1]}
        yield model._default_manager.order_by().filter(**live, **within), way, Max(moment)


def _changed(by: str, ids: Ids) -> dict[int, dt.datetime]:
    """When a book of each last changed."""
    found: dict[int, dt.datetime] = {}
    for rows, way, moment in _changes_of_books(by, ids):
        for pk, at in rows.values_list(way).annotate(moment):
            if at:
                found[pk] = max(at, found.get(pk, at))
    return found


def _newest(by: str, ids: Ids) -> dt.datetime | None:
    """When a book of any of them last changed."""
    moments = (rows.aggregate(at=moment)["at"] for rows, _way, moment in _changes_of_books(by, ids))
    return max(filter(None, moments), default=None)


# --- Sections ------------------------------------------------------------------------------------


def _books(_request: HttpRequest, ids: Ids) -> Iterator[Entry]:
    changed = _changed("pk", ids)
    rows = BookListing.objects.filter(pk__gte=ids[0], pk__lte=ids[-1], is_live=True).order_by("pk")
    for pk, face in rows.values_list("pk", "face").iterator(chunk_size=1000):
        pictures = [cover["src"] for picture in face["pictures"] if (cover := cover_of(picture, large=True))]
        yield Entry(book_url(face["slug"]), changed.get(pk), pictures)


def _of_facet(kind: str) -> Callable[[HttpRequest, State], list[int]]:
    """The ids of the tags or publishers that have books."""
    return lambda _request, state: sorted(
        int(key.removeprefix(f"{kind}:")) for key, books in state.keys.items() if key.startswith(f"{kind}:") and books
    )


def _named(model: type[Slugged], by: str) -> Callable[[HttpRequest, Ids], Iterator[Entry]]:
    """The pages of contributors, publishers or series: each is as new as the newest of its books."""

    def entries(_request: HttpRequest, ids: Ids) -> Iterator[Entry]:
        changed = _changed(by, ids)
        for row in model._default_manager.filter(pk__in=ids).order_by("pk").only("slug").iterator(chunk_size=1000):
            yield Entry(row.get_absolute_url(), changed.get(row.pk))

    return entries


def _tag_pages(ids: Ids) -> QuerySet[TagPage]:
    return TagPage.objects.live().filter(tag__in=ids)


def _tags(_request: HttpRequest, ids: Ids) -> Iterator[Entry]:
    changed = _changed(_OF_TAGS, ids)
    edited = dict(_tag_pages(ids).values_list("tag", "last_published_at"))
    for tag in Tag.objects.filter(pk__in=ids).order_by("pk"):
        yield Entry(tag_url(tag.slug), max(filter(None, (changed.get(tag.pk), edited.get(tag.pk))), default=None))


def _newest_of_tags(ids: Ids) -> dt.datetime | None:
    edited = _tag_pages(ids).aggregate(at=Max("last_published_at"))["at"]
    return max(filter(None, (edited, _newest(_OF_TAGS, ids))), default=None)


def _people(_request: HttpRequest, _state: State) -> list[int]:
    shown = Contribution.objects.filter(contributor=OuterRef("pk"), page__listing__is_live=True)
    return list(Contributor.objects.filter(Exists(shown)).order_by("pk").values_list("pk", flat=True))


def _all_series(_request: HttpRequest, _state: State) -> list[int]:
    shown = BookListing.objects.filter(series_id=OuterRef("pk"), is_live=True)
    return list(Series.objects.filter(Exists(shown)).order_by("pk").values_list("pk", flat=True))


def _page_ids(request: HttpRequest, _state: State) -> list[int]:
    """Pages of the site besides books and tags, which have sections of their own."""
    site = Site.find_for_request(request)
    if site is None:
        return []
    pages = Page.objects.live().public().descendant_of(site.root_page, inclusive=True)
    return list(pages.not_exact_type(ProductPage, TagPage).order_by("pk").values_list("pk", flat=True))


def _pages(request: HttpRequest, ids: Ids) -> Iterator[Entry]:
    for page in Page.objects.filter(pk__in=ids).order_by("pk").specific():
        if url := page.get_url(request):
            yield Entry(url, page.last_published_at)


def _newest_page(ids: Ids) -> dt.datetime | None:
    newest: dt.datetime | None = Page.objects.filter(pk__in=ids).aggregate(at=Max("last_published_at"))["at"]
    return newest


_OF_PEOPLE, _OF_TAGS, _OF_PUBLISHERS, _OF_SERIES = "contributions__contributor", "book_tags__tag", "publisher", "series"

SECTIONS = {
    "pages": Section(_page_ids, _pages, _newest_page),
    "tags": Section(_of_facet(facets.TAG), _tags, _newest_of_tags),
    "books": Section(lambda _request, state: state.live, _books, partial(_newest, "pk")),
    "contributors": Section(_people, _named(Contributor, _OF_PEOPLE), partial(_newest, _OF_PEOPLE)),
    "publishers": Section(
        _of_facet(facets.PUBLISHER), _named(Publisher, _OF_PUBLISHERS), partial(_newest, _OF_PUBLISHERS)
    ),
    "series": Section(_all_series, _named(Series, _OF_SERIES), partial(_newest, _OF_SERIES)),
}
