"""The only writer of the read model (`BookListing`). ADR 0003.

`refresh` may be called for one book or for all: it reads a thousand books at a time with the same number of
queries and writes their rows in one transaction that holds the lock of `ListingVersion`. It reads after it
has the lock, so of two refreshes of a book the later one has the later data.
"""

from __future__ import annotations

import datetime as dt
import html
import itertools
import json
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from django.db import transaction
from django.db.models import F, Model, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from wagtail.images import get_image_model
from wagtail.models import PageViewRestriction

from catalog import facets
from catalog import isbn as isbns
from catalog.addresses import cached_as
from catalog.faces import SPECS, face_of, picture_of, position_in_series
from catalog.folding import fold, joined_initials
from catalog.importers.bulk import insert_rows
from catalog.models import (
    BookListing,
    BookTag,
    Contribution,
    Edition,
    ListingVersion,
    Price,
    ProductImage,
    ProductPage,
    SearchWord,
    SectionPage,
)
from catalog.models.listing import SHORTEST_LEARNED
from catalog.offers import Offer, Terms, decide, entry_of, prices_of, terms_from
from core import page_cache

CHUNK = 1000
MANY = 50
"""Above so many changed books at once, the pages of all books are purged together."""
LONGEST_BODY = 10_000
"""Characters of a description that are searched."""

PRICE_BANDS = (Decimal(0), Decimal(5), Decimal(10), Decimal(20))
"""Where each band of prices begins, in major units of the shop's currency."""

_TAG = re.compile(r"<[^>]*>")


def refresh(page_ids: Iterable[int]) -> int:
    """Write the rows of these books anew and return how many books there were.

    A book that was unpublished keeps its row as not live; one that was deleted keeps an empty one.
    """
    total = 0
    ids = iter(page_ids)
    while chunk := list(itertools.islice(ids, CHUNK)):
        with transaction.atomic():
            version = _next_version()
            rows = list(_rows(chunk, version))
            insert_rows(BookListing, rows, replace_by=BookListing._meta.pk)
            _mark_deleted(set(chunk) - {row.pk for row in rows}, version)
            _learn_words(rows)
        page_cache.purge(page_cache.CATALOGUE, *_shown_as(chunk))
        total += len(rows)
    return total


def next_change() -> dt.datetime | None:
    """When a price or a publication date next changes what pages say, by itself.

    Looks into the rows, for the clock may not yet have been to those whose time has come.
    """
    now = timezone.now()
    rows = BookListing.objects.filter(next_change_at__isnull=False).order_by("next_change_at").only("offers")
    coming = (
        moment for row in rows[:MANY] for entry in row.offers for moment in terms_from(entry).changes() if moment > now
    )
    return min(coming, default=None)


def refresh_due(now: dt.datetime | None = None) -> int:
    """Refresh the books whose price or publication has changed with time; for a clock to call each minute."""
    due = BookListing.objects.filter(next_change_at__lte=now or timezone.now())
    return refresh(list(due.values_list("pk", flat=True)))


def rebuild() -> int:
    """Write every row anew: after a change of what rows hold, or of the language of the shop."""
    known = set(BookListing.objects.filter(is_live=True).values_list("pk", flat=True))
    books = set(ProductPage.objects.order_by().values_list("pk", flat=True))
    return refresh(sorted(books | known))


def _shown_as(page_ids: Collection[int]) -> list[str]:
    return [page_cache.BOOKS] if len(page_ids) > MANY else [cached_as(pk) for pk in page_ids]


def books_of(thing: Model) -> QuerySet[Any, int]:
    """Ids of the books that name a contributor, publisher, series or tag."""
    found: Mapping[str, Any] = {
        "contributor": Contribution.objects.filter(contributor=thing.pk).values_list("page", flat=True),
        "tag": BookTag.objects.filter(tag=thing.pk).values_list("page", flat=True),
        "publisher": ProductPage.objects.order_by().filter(publisher=thing.pk).values_list("pk", flat=True),
        "series": ProductPage.objects.order_by().filter(series=thing.pk).values_list("pk", flat=True),
    }
    return found[str(thing._meta.model_name)].distinct()


def _next_version() -> int:
    if not ListingVersion.objects.filter(pk=1).update(number=F("number") + 1):
        ListingVersion.objects.bulk_create([ListingVersion(pk=1)], ignore_conflicts=True)
        ListingVersion.objects.filter(pk=1).update(number=F("number") + 1)
    return ListingVersion.objects.values_list("number", flat=True).get(pk=1)


def _mark_deleted(page_ids: Collection[int], version: int) -> None:
    if page_ids:
        BookListing.objects.filter(pk__in=page_ids).update(
            is_live=False, version=version, facets="", names="", body="", face={}, offers=[], next_change_at=None,
            series_id=None,
        )  # fmt: skip


def _learn_words(rows: Collection[BookListing]) -> None:
    """Keep the words of names and of tags, by which mistyped ones are mended."""
    texts = {row.names for row in rows if row.is_live}
    texts |= {fold(label) for label in {label for row in rows if row.is_live for _pk, label, _slug in row.face["tags"]}}
    words = {word for text in texts for word in text.split() if len(word) >= SHORTEST_LEARNED and word.isalpha()}
    known = set(SearchWord.objects.filter(word__in=words).values_list("word", flat=True)) if len(words) < 500 else ()
    new = (SearchWord(word=word, backwards=word[::-1], length=len(word)) for word in sorted(words.difference(known)))
    insert_rows(SearchWord, new, ignore_conflicts=True)


# --- Reading -------------------------------------------------------------------------------------


class Sold(NamedTuple):
    """What a row needs to know of an edition."""

    pk: int
    isbn: str
    imprint: str
    language: str
    terms: Terms


class Section(NamedTuple):
    """What a row needs to know of a section around its book."""

    pk: int
    path: str
    """Its place in the tree."""
    title: str
    address: str
    """Below that of the catalogue: `fiction/poetry/`."""


def names_sections_below(path: str) -> bool:
    """Whether the rows of the books below a place of the tree name the sections as they are; one of them is asked."""
    book = BookListing.objects.filter(page__path__startswith=path).values_list("face", "page__path").first()
    if book is None:
        return True
    face, place = book
    around = [[section.title, section.address] for section in _sections() if place.startswith(section.path)]
    return bool(face.get("sections") == around)


def _sections() -> list[Section]:
    """The published sections, outer ones before those within."""
    found: list[Section] = []
    addresses: dict[str, str] = {}
    for pk, path, title, slug, live in SectionPage.objects.order_by("path").values_list(
        "pk", "path", "title", "slug", "live"
    ):
        addresses[path] = f"{addresses.get(path[: -SectionPage.steplen], '')}{quote(slug)}/"
        if live:
            found.append(Section(pk, path, title, addresses[path]))
    return found


def _rows(page_ids: Collection[int], version: int) -> Iterator[BookListing]:
    """The rows of these books, from eight queries however many they are."""
    now = timezone.now()
    private = tuple(PageViewRestriction.objects.values_list("page__path", flat=True))
    sections = _sections()
    people = _grouped(
        Contribution.objects.filter(page__in=page_ids)
        .order_by("sort_order", "pk")
        .values_list("page_id", "contributor__name", "contributor__slug", "role")
    )
    tags = _grouped(
        BookTag.objects.filter(page__in=page_ids)
        .order_by("sort_order", "pk")
        .values_list("page_id", "tag_id", "tag__name", "tag__slug")
    )
    pictures = _pictures(page_ids)
    editions = _editions(page_ids)
    pages = ProductPage.objects.order_by().filter(pk__in=page_ids).values_list(
        "pk", "live", "path", "title", "slug", "subtitle", "sort_title", "short_description",
        Cast("description", TextField()), "imprint", "first_published_at",
        "publisher_id", "publisher__name", "publisher__slug",
        "series_id", "series__name", "series__slug", "series_number",
    )  # fmt: skip
    for (
        pk, live, path, title, slug, subtitle, sort_title, short, description, imprint, first_published_at,
        publisher_id, publisher, publisher_slug, series_id, series, series_slug, series_number,
    ) in pages:  # fmt: skip
        sold = editions.get(pk, [])
        offers = [decide(edition.terms, now) for edition in sold]
        published = [offer.terms.publication_date for offer in offers if offer.terms.publication_date]
        price = min((offer.price.amount for offer in offers if offer.can_buy and offer.price), default=None)
        names = [name for name, _slug, _role in people.get(pk, ())]
        around = [section for section in sections if path.startswith(section.path)]
        labels = [label for _pk, label, _slug in tags.get(pk, ())]
        yield BookListing(
            page_id=pk,
            is_live=live and not (private and path.startswith(private)),
            version=version,
            title_key=fold(sort_title or title)[:255],
            newest=max(published, default=None) or timezone.localdate(first_published_at or now),
            price=price,
            series_id=series_id,
            series_position=position_in_series(series_number) if series_id else None,
            next_change_at=min(
                (moment for edition in sold for moment in edition.terms.changes() if moment > now), default=None
            ),
            facets=_facets(
                sold,
                offers,
                [row[0] for row in tags.get(pk, ())],
                [section.pk for section in around],
                publisher_id,
                pk in pictures,
            ),
            names=_names(
                title,
                subtitle,
                names,
                [series, publisher, imprint, *(edition.imprint for edition in sold)],
                [edition.isbn for edition in sold],
            ),
            body=fold(" ".join([*labels, short, _text_of(description)])[:LONGEST_BODY]),
            face=face_of(
                title=title,
                subtitle=subtitle,
                slug=slug,
                people=people.get(pk, []),
                publisher=(publisher, publisher_slug) if publisher_id else None,
                imprint=imprint,
                series=(series_id, series, series_slug, series_number) if series_id else None,
                tags=tags.get(pk, []),
                pictures=pictures.get(pk, []),
                sections=[(section.title, section.address) for section in around],
            ),
            offers=[entry_of(edition.terms) for edition in sold],
        )


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    """Rows by their first column, without it."""
    groups: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for key, *rest in rows:
        groups[key].append(tuple(rest))
    return groups


def _editions(page_ids: Collection[int]) -> dict[int, list[Sold]]:
    prices = prices_of(Price.objects.filter(edition__product__in=page_ids, edition__is_active=True))
    editions: dict[int, list[Sold]] = defaultdict(list)
    for (
        pk, page_id, isbn, imprint, language, form, not_for_sale, supplier, published, precision, embargo,
        on_hand, allocated,
    ) in Edition.objects.filter(product__in=page_ids, is_active=True).order_by("pk").values_list(
        "pk", "product_id", "isbn", "imprint", "language", "format", "not_for_sale", "availability", "publication_date",
        "publication_precision", "embargo_date", "stock__on_hand", "stock__allocated",
    ):  # fmt: skip
        own, also = prices.get(pk, ((), ()))
        terms = Terms(
            format=form,
            is_for_sale=not not_for_sale,
            supplier=supplier,
            free=(on_hand or 0) - (allocated or 0),
            publication_date=published,
            precision=precision,
            embargo_date=embargo,
            prices=own,
            also=also,
        )
        editions[page_id].append(Sold(pk, isbn or "", imprint, language, terms))
    return editions


def _pictures(page_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """The pictures of each book, as far as their files are made."""
    pictures = list(
        ProductImage.objects.filter(page__in=page_ids)
        .order_by("sort_order", "pk")
        .values_list("page_id", "image_id", "alt", "image__description")
    )
    made = _grouped(
        get_image_model()
        .get_rendition_model()
        .objects.filter(image__in={image_id for _page, image_id, *_texts in pictures}, filter_spec__in=SPECS)
        .values_list("image_id", "filter_spec", "file", "width", "height")
        if pictures
        else ()
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for page_id, image_id, alt, description in pictures:
        if image_id in made:
            found[page_id].append(picture_of(alt or description, made[image_id]))
    return found


# --- What a row says -----------------------------------------------------------------------------


def _facets(
    sold: Collection[Sold],
    offers: Collection[Offer],
    tag_ids: Iterable[int],
    section_ids: Iterable[int],
    publisher_id: int | None,
    is_pictured: bool,
) -> str:
    keys = []
    for edition, offer in zip(sold, offers, strict=True):
        band = bisect_right(PRICE_BANDS, offer.price.amount) - 1 if offer.can_buy and offer.price else ""
        language = edition.language.split("-")[0].lower()
        values = (str(edition.terms.format), language, offer.availability.group or "", str(band))
        keys += [f"{kind}:{value}" for kind, value in zip(facets.OF_EDITION, values, strict=True) if value]
        keys.append(f"{facets.EDITION}:{','.join(values)}")
    keys += [f"t:{tag_id}" for tag_id in tag_ids]
    keys += [f"{facets.SECTION}:{section_id}" for section_id in section_ids]
    if publisher_id:
        keys.append(f"b:{publisher_id}")
    if is_pictured:
        keys.append("i:1")
    return f" {' '.join(dict.fromkeys(keys))} "


def _names(
    title: str, subtitle: str, people: Iterable[str], others: Iterable[str | None], isbns13: Iterable[str]
) -> str:
    """A line each for title, subtitle, people, series and houses, ISBNs: what `catalog.search` compares with."""
    lines = [fold(title), fold(subtitle)]
    for name in dict.fromkeys([*people, *(other for other in others if other)]):
        folded = fold(name)
        lines.append(folded)
        if initials := joined_initials(folded):
            lines.append(initials)
    for isbn in isbns13:
        lines.append(f"{isbn} {isbns.to_isbn10(isbn).lower()}".strip())
    return "\n".join(lines)


def _text_of(description: str | None) -> str:
    """The words of a description: every text of its blocks, without markup."""
    if not description or description == "[]":
        return ""
    return html.unescape(_TAG.sub(" ", " ".join(_texts(json.loads(description)))))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in {"id", "type"}:
                yield from _texts(item)
