"""Lists of books: filtered, sorted, in pages, with the facets beside them."""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from django.conf import settings
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from pyroaring import BitMap
from wagtail.contrib.redirects.models import Redirect

from catalog import facets
from catalog.addresses import TAGS
from catalog.choices import Format
from catalog.faces import Card, card_of_face
from catalog.facets import State
from catalog.models.listing import BookListing
from catalog.models.people import Tag
from catalog.offers import NOW, ORDER, PRE_ORDER
from core.money import Money
from core.page_cache import understood

PAGE_SIZE = 24
FEW = 1000
"""Up to so many books are picked by their ids and sorted; of more, a sort index is walked."""
FAR = 5000
"""Entries of a sort index that a page may cost; one that is further is found in the whole order, read once."""

SHOWN_VALUES = 8
MOST_VALUES = 40
MOST_CHOSEN = 12
"""Values of one facet that an address may choose; the rest is not read."""

RELEVANCE, NEWEST, TITLE, PRICE, PRICE_DESC, SERIES = "relevance", "newest", "title", "price", "price-desc", "series"
_LONGEST_PAGE = 7

BANDS = {"under-5": 0, "5-10": 1, "10-20": 2, "20-and-over": 3}
"""Values of ?price= and the band of `catalog.indexing.PRICE_BANDS` that each stands for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for. Unknown names and values are not in it."""

    path: str
    query: str = ""
    format: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    availability: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    sort: str = ""
    page: int = 1

    @classmethod
    def of(cls, request: HttpRequest, sorts: Sequence[str], query: str = "") -> Wanted:
        """Read the address. `sorts` are the orders that the list knows, the first one is its own."""
        given: QueryDict = request.GET
        sort = given.get("sort", "")
        return cls(
            path=request.path,
            query=query,
            format=_known(given.getlist("format"), Format.values),
            language=tuple(sorted({value for value in given.getlist("language")[:MOST_CHOSEN] if _is_language(value)})),
            availability=_known(given.getlist("availability"), (NOW, ORDER, PRE_ORDER)),
            price=_known(given.getlist("price"), BANDS),
            tag=tuple(sorted({value for value in given.getlist("tag")[:MOST_CHOSEN] if _is_slug(value)})),
            sort=sort if sort in sorts[1:] else "",
            page=_page(given.get("page", "")),
        )

    def url(self) -> str:
        """The address, its parameters always in the same order."""
        text = urlencode(self.parameters())
        return f"{self.path}?{text}" if text else self.path

    def parameters(self, *, without_sort: bool = False) -> list[tuple[str, str]]:
        """Names and values as the address has them; what goes without saying is left out."""
        pairs = [("q", self.query)] if self.query else []
        pairs += [(name, value) for name in _CHOICES for value in getattr(self, name)]
        if self.sort and not without_sort:
            pairs.append(("sort", self.sort))
        if self.page > 1 and not without_sort:
            pairs.append(("page", str(self.page)))
        return pairs

    def toggled(self, name: str, value: str) -> Wanted:
        """The same with a value chosen, or no longer; from the first page."""
        values: tuple[str, ...] = getattr(self, name)
        changed = tuple(v for v in values if v != value) if value in values else tuple(sorted((*values, value)))
        changes: dict[str, Any] = {name: changed, "page": 1}
        return replace(self, **changes)

    @property
    def is_filtered(self) -> bool:
        """True where anything is chosen."""
        return any(getattr(self, name) for name in _CHOICES)


_CHOICES = ("format", "language", "availability", "price", "tag")


@dataclass(slots=True)
class Listing:
    """A page of a list, as its template wants it."""

    cards: list[Card]
    total: int
    is_capped: bool
    first: int
    last: int
    sorts: list[dict[str, Any]]
    facets: list[dict[str, Any]]
    chosen: list[dict[str, str]]
    clear_url: str
    pages: dict[str, Any] | None
    form_hidden: list[tuple[str, str]]
    canonical_path: str
    is_filtered: bool


@dataclass(frozen=True)
class Shelf:
    """The books that a list is made from.

    Args:
        books: the books, live or not; None for every book.
        name: a name for these books under which facet counts may be kept.
        ranked: their order, best first, where the list has one of its own (search).
        is_capped: True where there are more books than these.
    """

    books: BitMap | None = None
    name: str = ""
    ranked: Sequence[int] = ()
    is_capped: bool = False
    series_id: int | None = None


def listing_for(request: HttpRequest, *, tag: Tag | None = None, section: int | None = None) -> Listing:
    """The list that the address asks for: of every book, of a tag's, or of those in the section with this key.

    Raises:
        Http404: the page does not exist.
    """
    state = facets.index.state()
    if section is not None:
        key = f"{facets.SECTION}:{section}"
        return listing_of(request, state, Shelf(state.having(key), name=key))
    if tag is None:
        return listing_of(request, state, Shelf(state.live, name="all"))
    key = f"t:{tag.pk}"
    return listing_of(request, state, Shelf(state.having(key), name=key), own_tag=tag.pk)


def listing_context(request: HttpRequest, listing: Listing) -> dict[str, object]:
    """What the template of a list is given: the list, the address of record, and whether to keep it from indexes."""
    return {
        "listing": listing,
        "canonical_url": request.build_absolute_uri(listing.canonical_path),
        "noindex": listing.is_filtered,
    }


def listing_of(
    request: HttpRequest, state: State, shelf: Shelf, *, query: str = "", own_tag: int | None = None
) -> Listing:
    """The list of a shelf's books that the address asks for.

    Raises:
        Http404: the page does not exist.
    """
    sorts = _sorts(shelf)
    wanted = Wanted.of(request, list(sorts), query)
    tags = _tags_by_slug(wanted.tag)
    choice = {
        facets.FORMAT: tuple(f"f:{value}" for value in wanted.format),
        facets.LANGUAGE: tuple(f"l:{value}" for value in wanted.language),
        facets.AVAILABILITY: tuple(f"a:{value}" for value in wanted.availability),
        facets.PRICE: tuple(f"p:{BANDS[value]}" for value in wanted.price),
        facets.TAG: tuple(f"t:{tag.pk}" for tag in tags),
    }
    wanted = replace(wanted, tag=tuple(tag.slug for tag in tags))
    _say_what_is_understood(request, wanted, next(iter(sorts)), state)
    base = state.live if shelf.books is None else shelf.books & state.live
    chosen = state.chosen(base, choice)
    last_page = max(1, math.ceil(len(chosen) / PAGE_SIZE))
    if wanted.page > last_page:
        raise Http404
    offset = (wanted.page - 1) * PAGE_SIZE
    sort = wanted.sort or next(iter(sorts))
    rows = _rows(state, chosen, sort, offset, PAGE_SIZE, shelf)
    counts = state.counts(base, choice, shelf.name)
    if own_tag:
        counts[facets.TAG] = {key: number for key, number in counts[facets.TAG].items() if key != f"t:{own_tag}"}
    groups = _groups(wanted, counts, tags)
    at = timezone.now()
    return Listing(
        cards=[card_of_face(row.face, row.offers, at) for row in rows],
        total=len(chosen),
        is_capped=shelf.is_capped and not wanted.is_filtered,
        first=offset + 1 if rows else 0,
        last=offset + len(rows),
        sorts=[
            {
                "value": value,
                "label": label,
                "url": replace(wanted, sort="" if value == next(iter(sorts)) else value, page=1).url(),
                "selected": value == sort,
            }
            for value, label in sorts.items()
        ],
        facets=groups,
        chosen=[
            {"label": value["label"], "url": value["url"]}
            for group in groups
            for value in (*group["values"], *group["hidden_values"])
            if value["selected"]
        ],
        clear_url=Wanted(wanted.path, wanted.query, sort=wanted.sort).url(),
        pages=_pages(wanted, last_page),
        form_hidden=wanted.parameters(without_sort=True),
        canonical_path=Wanted(path=wanted.path, page=wanted.page).url(),
        is_filtered=wanted.is_filtered or bool(wanted.sort),
    )


def newest_rows(state: State, books: BitMap, limit: int) -> list[BookListing]:
    """The newest of these books."""
    return _rows(state, books & state.live, NEWEST, 0, limit, Shelf())


def _sorts(shelf: Shelf) -> dict[str, str]:
    sorts = {
        NEWEST: _("Newest"),
        TITLE: _("Title"),
        PRICE: _("Price, lowest first"),
        PRICE_DESC: _("Price, highest first"),
    }
    if shelf.ranked:
        return {RELEVANCE: _("Best match"), **sorts}
    if shelf.series_id:
        return {SERIES: _("Order of the series"), **sorts}
    return sorts


# --- The books of a page -------------------------------------------------------------------------

_ORDERS: dict[str, tuple[Any, ...]] = {
    NEWEST: ("-newest", "-page_id"),
    TITLE: ("title_key", "page_id"),
    PRICE: (F("price").asc(nulls_last=True), "page_id"),
    PRICE_DESC: (F("price").desc(nulls_last=True), "-page_id"),
    SERIES: (F("series_position").asc(nulls_last=True), "-newest", "page_id"),
}


def _rows(state: State, chosen: BitMap, sort: str, offset: int, limit: int, shelf: Shelf) -> list[BookListing]:
    """The rows of one page, in order. One query for few books, two or three for many."""
    if not chosen:
        return []
    if sort == RELEVANCE:
        ids = [page_id for page_id in shelf.ranked if page_id in chosen][offset : offset + limit]
    elif len(chosen) <= FEW or sort == SERIES:
        sorted_ids = BookListing.objects.filter(pk__in=list(chosen)).order_by(*_ORDERS[sort]).values("pk")
        page = BookListing.objects.filter(pk__in=sorted_ids[offset : offset + limit])
        return list(page.order_by(*_ORDERS[sort]).only("face", "offers"))
    else:
        ids = _walk(state, chosen, sort, offset, limit)
    found = BookListing.objects.only("face", "offers").in_bulk(ids)
    return [found[page_id] for page_id in ids if page_id in found]


def _walk(state: State, chosen: BitMap, sort: str, offset: int, limit: int) -> list[int]:
    """Ids of one page of many books: along the sort index, keeping what is chosen.

    The index alone is read, never the rows: its beginning, or, for a page that is not found there, all of it, which
    is kept with the state of the catalogue. One query for each segment, whatever is chosen.
    """
    ids: list[int] = []
    for name, books, members in _segments(state, sort):
        here = chosen & members
        if offset >= len(here):
            offset -= len(here)
            continue
        if len(here) == len(members):
            ids += books[offset : offset + limit - len(ids)]
        else:
            order = state.orders.get(name) or _near(books, here, offset + limit - len(ids), len(here) / len(members))
            order = order or state.orders.setdefault(name, array("Q", books))
            ids += itertools.islice(filter(here.__contains__, order), offset, offset + limit - len(ids))
        offset = 0
        if len(ids) >= limit:
            break
    return ids


def _segments(state: State, sort: str) -> Iterator[tuple[str, QuerySet[BookListing, int], BitMap]]:
    """The stretches of the sort index, with name and members: books without a price come after all others."""
    live = BookListing.objects.filter(is_live=True).values_list("pk", flat=True)
    if sort in {PRICE, PRICE_DESC}:
        sign = "-" if sort == PRICE_DESC else ""
        priced = state.priced
        order = (f"{sign}price", f"{sign}page_id")
        yield f"{sort} priced", live.filter(price__isnull=False).order_by(*order), priced
        yield f"{sort} unpriced", live.filter(price__isnull=True).order_by(*order), state.live - priced
    else:
        yield sort, live.order_by(*_ORDERS[sort]), state.live


def _near(books: QuerySet[BookListing, int], chosen: BitMap, wanted: int, density: float) -> list[int] | None:
    """The beginning of a sort index that holds as many chosen books as wanted; None where that is not near.

    It is as long as would do if they were spread evenly. They are not where the order follows from what was chosen,
    as with a band of prices in the order of prices.
    """
    length = math.ceil(wanted / density * 1.2) + PAGE_SIZE
    if length > FAR:
        return None
    stretch = list(books[:length])
    return stretch if chosen.intersection_cardinality(BitMap(stretch)) >= min(wanted, len(chosen)) else None


# --- Facets and links ----------------------------------------------------------------------------


def _groups(wanted: Wanted, counts: dict[str, dict[str, int]], chosen_tags: Iterable[Tag]) -> list[dict[str, Any]]:
    """The facets as the template wants them; one without a choice to make is left out."""
    formats = [(value, str(label), f"f:{value}") for value, label in Format.choices]
    languages = sorted(
        (
            (key[2:], _language(key[2:]), key)
            for key in {*counts[facets.LANGUAGE], *(f"l:{v}" for v in wanted.language)}
        ),
        key=lambda value: (-counts[facets.LANGUAGE].get(value[2], 0), value[1]),
    )
    availabilities = [
        (NOW, _("In stock or download"), "a:now"),
        (ORDER, _("To order"), "a:order"),
        (PRE_ORDER, _("Pre-order"), "a:pre-order"),
    ]
    prices = [(value, _band(band), f"p:{band}") for value, band in BANDS.items()]
    groups = [
        _group("format", _("Format"), formats, wanted, counts[facets.FORMAT]),
        _group("availability", _("Availability"), availabilities, wanted, counts[facets.AVAILABILITY]),
        _group("price", _("Price"), prices, wanted, counts[facets.PRICE]),
        _group("language", _("Language"), languages, wanted, counts[facets.LANGUAGE]),
        _group("tag", _("Tag"), _tag_values(counts[facets.TAG], chosen_tags), wanted, counts[facets.TAG]),
    ]
    return [group for group in groups if group["values"]]


def _group(
    name: str, label: str, values: Iterable[tuple[str, str, str]], wanted: Wanted, counts: dict[str, int]
) -> dict[str, Any]:
    selected = getattr(wanted, name)
    shown = [
        {
            "id": f"{name}-{value}",
            "label": text,
            "count": counts.get(key, 0),
            "url": wanted.toggled(name, value).url(),
            "selected": value in selected,
        }
        for value, text, key in values
        if key in counts or value in selected
    ]
    return {"name": name, "label": label, "values": shown[:SHOWN_VALUES], "hidden_values": shown[SHOWN_VALUES:]}


def _tag_values(counts: dict[str, int], chosen: Iterable[Tag]) -> list[tuple[str, str, str]]:
    """The most frequent tags, chosen ones first, for one query."""
    known = {tag.pk: tag for tag in chosen}
    frequent = sorted(counts, key=lambda key: (-counts[key], key))[:MOST_VALUES]
    missing = [int(key[2:]) for key in frequent if int(key[2:]) not in known]
    others = Tag.objects.only("slug", "name").in_bulk(missing) if missing else {}
    ordered = [*known.values(), *(others[pk] for pk in missing if pk in others)]
    return [(tag.slug, tag.name, f"t:{tag.pk}") for tag in ordered]


def _tags_by_slug(slugs: Sequence[str]) -> list[Tag]:
    """The tags of these slugs, or of what is left of them where they were changed; what is unknown is left out."""
    tags = list(Tag.objects.filter(slug__in=slugs).order_by("slug")) if slugs else []
    if earlier := set(slugs) - {tag.slug for tag in tags}:
        paths = [Redirect.normalise_path(f"/{TAGS}/{slug}/") for slug in earlier]
        leads = Redirect.objects.filter(old_path__in=paths).values_list("redirect_link", flat=True)
        now = [lead.rstrip("/").rpartition("/")[2] for lead in leads]
        tags += Tag.objects.filter(slug__in=now).exclude(pk__in=[tag.pk for tag in tags]).order_by("slug")
    return tags


def _pages(wanted: Wanted, last: int) -> dict[str, Any] | None:
    """Links to the first and last page and to those around this one, None for a gap."""
    if last == 1:
        return None
    near = sorted({1, last, *range(max(1, wanted.page - 2), min(last, wanted.page + 2) + 1)})
    links: list[dict[str, Any] | None] = []
    for before, number in zip([0, *near], near, strict=False):
        if number - before == 2:
            links.append(_link(wanted, number - 1))
        elif number - before > 2:
            links.append(None)
        links.append(_link(wanted, number))
    return {
        "number": wanted.page,
        "total": last,
        "previous": replace(wanted, page=wanted.page - 1).url() if wanted.page > 1 else None,
        "next": replace(wanted, page=wanted.page + 1).url() if wanted.page < last else None,
        "links": links,
    }


def _link(wanted: Wanted, number: int) -> dict[str, Any]:
    return {"label": str(number), "url": replace(wanted, page=number).url(), "current": number == wanted.page}


def _band(band: int) -> str:
    low, high = _EDGES[band]
    money = [str(Money(Decimal(edge), settings.SHOP_CURRENCY)) for edge in (low, high) if edge]
    if not low:
        return _("Under %(price)s") % {"price": money[0]}
    if not high:
        return _("%(price)s and over") % {"price": money[0]}
    return _("%(low)s to %(high)s") % {"low": money[0], "high": money[1]}


_EDGES = ((0, 5), (5, 10), (10, 20), (20, 0))


def _language(code: str) -> str:
    """The name of a language in the language of the page."""
    locale = Locale.parse(to_locale(get_language() or settings.LANGUAGE_CODE))
    return capfirst(locale.languages.get(code) or code)


# --- Reading an address --------------------------------------------------------------------------


def _known(given: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*known}.intersection(given)))


def _say_what_is_understood(request: HttpRequest, wanted: Wanted, own_sort: str, state: State) -> None:
    """Name the parameters that mean something in this catalogue, with those that go without saying."""
    meant = [(name, value) for name, value in wanted.parameters() if name != "language" or state.having(f"l:{value}")]
    understood(request, *meant, ("sort", own_sort), ("page", "1"))


def _is_language(value: str) -> bool:
    return value.isascii() and value.isalpha() and len(value) <= 3


def _is_slug(value: str) -> bool:
    return len(value) <= 255 and value.replace("-", "").replace("_", "").isalnum()


def _page(value: str) -> int:
    """A page's number: the first one for what is none, one beyond every list for what is too long."""
    if not (value.isascii() and value.isdecimal()):
        return 1
    return max(1, int(value[: _LONGEST_PAGE + 1].lstrip("0") or 1)) if len(value) <= _LONGEST_PAGE else 10**9
