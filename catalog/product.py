"""What the product page shows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from babel.lists import format_list
from babel.units import format_unit
from django.conf import settings
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from catalog import isbn as isbns
from catalog.addresses import cached_as
from catalog.faces import (
    Card,
    Cover,
    Face,
    card_from,
    card_of_face,
    cover_of,
    face_of_draft,
    lines_of,
    people_of,
    position_in_series,
    tags_of,
)
from catalog.models.editions import Edition
from catalog.models.listing import BookListing
from catalog.offers import Availability, Offer, date_as_known, entry_of, offer_for
from core.money import Money
from core.page_cache import BOOKS, built_from, understood

NEIGHBOURS = 12
MORE = 8
_TAGS_LOOKED_AT = 4


@dataclass(slots=True)
class ShownEdition:
    """An edition as its page shows it."""

    pk: int
    isbn: str
    isbn_hyphenated: str
    sku: str
    format: str
    format_label: str
    is_of_publisher: bool
    """False where another house publishes this edition than the one the book names."""
    difference: str
    """What tells it from another edition of the same format: its edition statement, else its imprint."""
    price: Money | None
    tax_note: str
    availability: Availability
    can_buy: bool
    buy_label: str
    selected: bool
    url: str
    facts: list[dict[str, str]]
    row: Edition
    offer: Offer


@dataclass(slots=True)
class ShownBook:
    """A book as its page shows it: what a card has, and the rest."""

    title: str
    subtitle: str
    url: str
    byline: str
    names: str
    cover: Cover | None
    price: Money | None
    price_from: bool
    availability: Availability
    formats: str
    contributors: list[dict[str, str]]
    contributor_lines: list[dict[str, Any]]
    publisher: dict[str, str] | None
    imprint: str
    series: dict[str, str] | None
    tags: list[dict[str, str]]
    gallery: list[dict[str, Any]]
    picture: int
    editions: list[ShownEdition]
    edition: ShownEdition | None
    neighbours: list[Card]
    more: list[Card]


def product_context(page: Any, request: HttpRequest) -> dict[str, object]:
    """The book, its editions with price and availability, and its neighbours: three queries.

    A preview shows the texts of the draft; otherwise they come from the row of the read model, which came
    with the page. Editions, prices and stock are live in both.
    """
    is_preview = getattr(request, "is_preview", False)
    listing: BookListing | None = getattr(page, "listing", None)
    face = face_of_draft(page) if is_preview or listing is None or not listing.face else listing.face
    at = timezone.now()
    editions = _editions(page, request, at)
    card = card_of_face(face, [entry_of(offer.terms) for _edition, offer in editions], at)
    chosen = _chosen(request, [edition for edition, _offer in editions])
    publisher = face["publisher"]
    houses = {"", face["imprint"], publisher[0] if publisher else ""}
    shown = [
        _shown(edition, offer, card.url, place == chosen, edition.imprint in houses)
        for place, (edition, offer) in enumerate(editions)
    ]
    _tell_apart(shown, editions)
    neighbours, more = _neighbours(page.pk, face)
    built_from(request, BOOKS, *(cached_as(pk) for pk in (page.pk, *(row.pk for row in (*neighbours, *more)))))
    gallery = _gallery(face, shown[chosen].sku if shown and chosen else "")
    series = face["series"]
    people = people_of(face)
    return {
        "book": ShownBook(
            title=card.title,
            subtitle=card.subtitle,
            url=card.url,
            byline=card.byline,
            names=card.names,
            cover=card.cover,
            price=card.price,
            price_from=card.price_from,
            availability=card.availability,
            formats=card.formats,
            contributors=people,
            contributor_lines=lines_of(people),
            publisher=publisher and {"name": publisher[0], "url": reverse("catalog:publisher", args=[publisher[1]])},
            imprint=face["imprint"],
            series=series
            and {"name": series[1], "url": reverse("catalog:series", args=[series[2]]), "number": series[3]},
            tags=tags_of(face),
            gallery=gallery,
            picture=_picture(request, len(gallery)),
            editions=shown,
            edition=shown[chosen] if shown else None,
            neighbours=[card_from(row, at) for row in neighbours],
            more=[card_from(row, at) for row in more],
        )
    }


def _editions(page: Any, request: HttpRequest, at: dt.datetime) -> list[tuple[Edition, Offer]]:
    editions = Edition.objects.with_offer().filter(product=page.pk, is_active=True).order_by("pk")
    return sorted(((edition, offer_for(edition, at)) for edition in editions), key=lambda pair: pair[1].rank)


def _chosen(request: HttpRequest, editions: list[Edition]) -> int:
    """The place of the edition that the address asks for; the first where it asks for none of them."""
    wanted = request.GET.get("edition", "")
    for place, edition in enumerate(editions):
        if wanted in _names_of(edition):
            understood(request, ("edition", wanted))
            return place
    return 0


def _names_of(edition: Edition) -> set[str]:
    """What `?edition=` may call it: ISBN, SKU, never nothing."""
    return {name for name in (edition.isbn, edition.sku) if name}


def _shown(edition: Edition, offer: Offer, url: str, is_selected: bool, is_of_publisher: bool) -> ShownEdition:
    return ShownEdition(
        pk=edition.pk,
        isbn=edition.isbn or "",
        isbn_hyphenated=isbns.hyphenate(edition.isbn) if edition.isbn else "",
        sku=edition.sku,
        format=edition.format,
        format_label=edition.format_label,
        is_of_publisher=is_of_publisher,
        difference="",
        price=offer.price,
        tax_note="" if offer.tax_included or not offer.price else _("plus tax"),
        availability=offer.availability,
        can_buy=offer.can_buy,
        buy_label=offer.availability.buy_label,
        selected=is_selected,
        url=f"{url}?{urlencode({'edition': edition.sku})}",
        facts=_facts(edition, is_of_publisher),
        row=edition,
        offer=offer,
    )


def _tell_apart(shown: list[ShownEdition], editions: list[tuple[Edition, Offer]]) -> None:
    formats = Counter(edition.format for edition, _offer in editions)
    for tile, (edition, _offer) in zip(shown, editions, strict=True):
        if formats[edition.format] > 1:
            tile.difference = edition.edition_statement or edition.imprint


def _facts(edition: Edition, is_of_publisher: bool) -> list[dict[str, str]]:
    locale = Locale.parse(to_locale(get_language() or settings.LANGUAGE_CODE))
    published, language = edition.publication_date, edition.language.split("-")[0].lower()
    sizes = [mm for mm in (edition.height_mm, edition.width_mm, edition.thickness_mm) if mm]
    size = " × ".join(number_format(mm, force_grouping=True) for mm in sizes)
    grams = number_format(edition.weight_g, force_grouping=True) if edition.weight_g else ""
    facts = [
        (_("Published"), date_as_known(published, edition.publication_precision) if published else ""),
        (_("On sale from"), date_as_known(edition.embargo_date, "day") if edition.embargo_date else ""),
        (_("Edition"), edition.edition_statement),
        (_("Imprint") if is_of_publisher else _("Publisher"), edition.imprint),
        (_("Pages"), number_format(edition.pages, force_grouping=True) if edition.pages else ""),
        (_("Running time"), _running_time(edition.duration_minutes) if edition.duration_minutes else ""),
        (_("Language"), capfirst(locale.languages.get(language) or edition.language)),
        ("ISBN" if edition.isbn else _("SKU"), isbns.hyphenate(edition.isbn) if edition.isbn else edition.sku),
        (_("Dimensions"), _("%(size)s mm") % {"size": size} if len(sizes) > 1 else ""),
        (_("Weight"), _("%(grams)s g") % {"grams": grams} if grams else ""),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _running_time(minutes: int) -> str:
    """Hours and minutes: "11 hrs, 5 mins"."""
    locale = to_locale(get_language() or settings.LANGUAGE_CODE)
    parts = zip(divmod(minutes, 60), ("duration-hour", "duration-minute"), strict=True)
    shown = [format_unit(number, unit, "short", locale=locale) for number, unit in parts if number]
    return str(format_list(shown, style="unit-short", locale=locale))


def _gallery(face: Face, sku: str) -> list[dict[str, Any]]:
    """The pictures, each with the address of the page that shows it, of the edition that was chosen."""
    kept = {"edition": sku} if sku else {}
    return [
        {**cover, "large": cover_of(picture, large=True), "page_url": f"?{urlencode({**kept, 'picture': number})}"}
        for number, picture in enumerate(face["pictures"], start=1)
        if (cover := cover_of(picture))
    ]


def _picture(request: HttpRequest, pictures: int) -> int:
    """The picture that the address asks for, counted from one, as an index; the cover where there is none such."""
    given = request.GET.get("picture", "")
    number = next((number for number in range(1, pictures + 1) if given == str(number)), 0)
    if number:
        understood(request, ("picture", given))
    return max(number - 1, 0)


_OF_SERIES = (
    "SELECT page_id FROM catalog_booklisting WHERE series_id = %s AND is_live"
    " ORDER BY series_position IS NULL, ABS(series_position - %s), page_id LIMIT %s"
)
_OF_TAG = "SELECT page_id FROM catalog_booktag WHERE tag_id = %s ORDER BY page_id DESC LIMIT %s"


def _neighbours(page_id: int | None, face: Face) -> tuple[list[BookListing], list[BookListing]]:
    """The books of the series around this one in their order, and the newest that share a tag: one query for both."""
    tag_ids = [pk for pk, _name, _slug in face["tags"][:_TAGS_LOOKED_AT]]
    series = face["series"]
    parts, parameters = [], []
    position = (position_in_series(series[3]) if series else None) or Decimal(0)
    if series:
        parts.append(_OF_SERIES)
        parameters += [series[0], float(position), NEIGHBOURS + 1]
    for tag_id in tag_ids:
        parts.append(_OF_TAG)
        parameters += [tag_id, MORE]
    if not parts:
        return [], []
    # A union, because PostgreSQL reads the whole table for subqueries joined by OR.
    near = RawSQL(" UNION ".join(f"SELECT * FROM ({part}) t{n}" for n, part in enumerate(parts)), parameters)  # noqa: S608, S611 - our own text
    rows = list(
        BookListing.objects.filter(pk__in=near, is_live=True)
        .exclude(pk=page_id)
        .only("face", "offers", "series_id", "series_position", "facets")
    )
    in_series = [row for row in rows if series and row.series_id == series[0]]
    in_series.sort(key=lambda row: (row.series_position is None, abs((row.series_position or 0) - position), row.pk))
    around = sorted(
        in_series[:NEIGHBOURS], key=lambda row: (row.series_position is None, row.series_position or 0, row.pk)
    )
    shared = [
        (sum(f" t:{tag_id} " in row.facets for tag_id in tag_ids), row.pk, row) for row in rows if row not in in_series
    ]
    best = sorted((entry for entry in shared if entry[0]), key=lambda entry: (-entry[0], -entry[1]))
    return around, [row for _shared, _pk, row in best[:MORE]]
