"""The sitemap: an index, and files of at most 10,000 addresses with pictures and the day of the last change.

Which books there are is known to the facet index of the process, so a file of books is one range of ids and one
query. A file is kept, compressed, under the version of the catalogue that it was made from.
"""

from __future__ import annotations

import datetime as dt
import gzip
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from django.core.cache import cache
from django.db.models import Exists, Max, Model, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import conditional_page, require_safe
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
from core.generations import SITE, generation
from core.seo import absolute, site_url

FILE = 10_000
"""Addresses of a file."""
SECONDS = 60 * 60
_PICTURES = 20

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_IMAGE = "http://www.google.com/schemas/sitemap-image/1.1"


class Entry(NamedTuple):
    """An address of the sitemap."""

    url: str
    changed: dt.datetime | None = None
    pictures: Sequence[str] = ()


class Section(NamedTuple):
    """A part of the sitemap: how many addresses it has, and those from one place to another."""

    count: Callable[[HttpRequest, State], int]
    entries: Callable[[HttpRequest, State, int, int], Iterable[Entry]]


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
    files = [
        absolute(base, reverse("catalog:sitemap_section", args=[name, number]))
        for name, part in SECTIONS.items()
        for number in range(1, math.ceil(part.count(request, state) / FILE) + 1)
    ]
    lines = "".join(f"<sitemap><loc>{escape(url)}</loc></sitemap>\n" for url in files)
    return f'{_HEAD}<sitemapindex xmlns="{_SITEMAP}">\n{lines}</sitemapindex>\n'


def _file(request: HttpRequest, state: State, part: Section, number: int) -> str:
    base = site_url(request)
    start = (number - 1) * FILE
    lines = [_line(base, entry) for entry in part.entries(request, state, start, start + FILE)]
    if not lines:
        raise Http404
    return f'{_HEAD}<urlset xmlns="{_SITEMAP}" xmlns:image="{_IMAGE}">\n{"".join(lines)}</urlset>\n'


def _line(base: str, entry: Entry) -> str:
    changed = (
        f"<lastmod>{timezone.localtime(entry.changed).isoformat(timespec='seconds')}</lastmod>" if entry.changed else ""
    )
    pictures = "".join(
        f"<image:image><image:loc>{escape(absolute(base, picture))}</image:loc></image:image>"
        for picture in entry.pictures[:_PICTURES]
    )
    return f"<url><loc>{escape(absolute(base, entry.url))}</loc>{changed}{pictures}</url>\n"


# --- Sections ------------------------------------------------------------------------------------


def _books(_request: HttpRequest, state: State, start: int, end: int) -> Iterator[Entry]:
    ids = state.live[start:end]
    if not ids:
        return
    edited = dict(
        Edition.objects.order_by()
        .filter(product__gte=ids[0], product__lte=ids[-1], is_active=True)
        .values_list("product")
        .annotate(Max("updated_at"))
    )
    published = dict(
        ProductPage.objects.order_by().filter(pk__gte=ids[0], pk__lte=ids[-1]).values_list("pk", "last_published_at")
    )
    rows = BookListing.objects.filter(pk__gte=ids[0], pk__lte=ids[-1], is_live=True).order_by("pk")
    for pk, face in rows.values_list("pk", "face").iterator(chunk_size=1000):
        moments = [moment for moment in (published.get(pk), edited.get(pk)) if moment]
        pictures = [cover["src"] for picture in face["pictures"] if (cover := cover_of(picture, large=True))]
        yield Entry(book_url(face["slug"]), max(moments, default=None), pictures)


def _tag_ids(state: State) -> list[int]:
    return sorted(int(key[2:]) for key, books in state.keys.items() if key.startswith(f"{facets.TAG}:") and books)


def _tags(_request: HttpRequest, state: State, start: int, end: int) -> Iterator[Entry]:
    tags = Tag.objects.order_by("pk").in_bulk(_tag_ids(state)[start:end])
    changed = dict(TagPage.objects.live().filter(tag__in=tags).values_list("slug", "last_published_at"))
    for _pk, tag in sorted(tags.items()):
        yield Entry(tag_url(tag.slug), changed.get(tag.slug))


def _publisher_ids(state: State) -> list[int]:
    return sorted(int(key[2:]) for key, books in state.keys.items() if key.startswith(f"{facets.PUBLISHER}:") and books)


def _publishers(_request: HttpRequest, state: State, start: int, end: int) -> Iterator[Entry]:
    yield from _named(Publisher.objects.filter(pk__in=_publisher_ids(state)[start:end]))


def _people() -> QuerySet[Contributor]:
    shown = Contribution.objects.filter(contributor=OuterRef("pk"), page__listing__is_live=True)
    return Contributor.objects.filter(Exists(shown)).order_by("pk")


def _all_series() -> QuerySet[Series]:
    shown = BookListing.objects.filter(series_id=OuterRef("pk"), is_live=True)
    return Series.objects.filter(Exists(shown)).order_by("pk")


def _named(rows: QuerySet[Model]) -> Iterator[Entry]:
    for row in rows.only("slug").iterator(chunk_size=1000):
        yield Entry(row.get_absolute_url())


def _pages_of(request: HttpRequest) -> QuerySet[Page]:
    """Pages of the site besides books, and besides tag pages that stand at their tag's address."""
    site = Site.find_for_request(request)
    if site is None:
        return Page.objects.none()
    tags = TagPage.objects.filter(slug__in=Tag.objects.values("slug")).values("pk")
    return (
        Page.objects.live()
        .public()
        .descendant_of(site.root_page, inclusive=True)
        .not_exact_type(ProductPage)
        .exclude(pk__in=tags)
        .order_by("pk")
    )


def _pages(request: HttpRequest, _state: State, start: int, end: int) -> Iterator[Entry]:
    for page in _pages_of(request)[start:end].specific():
        if url := page.get_url(request):
            yield Entry(url, page.last_published_at)


SECTIONS = {
    "pages": Section(lambda request, _state: _pages_of(request).count(), _pages),
    "tags": Section(lambda _request, state: len(_tag_ids(state)), _tags),
    "books": Section(lambda _request, state: len(state.live), _books),
    "contributors": Section(
        lambda _request, _state: _people().count(), lambda _request, _state, start, end: _named(_people()[start:end])
    ),
    "publishers": Section(lambda _request, state: len(_publisher_ids(state)), _publishers),
    "series": Section(
        lambda _request, _state: _all_series().count(),
        lambda _request, _state, start, end: _named(_all_series()[start:end]),
    ),
}
