"""The face of a book: the texts, addresses and pictures that cards and the head of its page show.

It is kept as plain values in `BookListing.face`, made from published rows by `catalog.indexing` and from
the draft in memory where an editor looks at a preview. It holds no price and no figure of stock.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.lists import format_list
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy, to_locale
from django.utils.translation import gettext as _
from wagtail.images import get_image_model

from catalog.addresses import book_url, tag_url
from catalog.choices import Format, Role
from catalog.models.listing import BookListing
from catalog.offers import NOT_SOLD, Availability, Offer, decide, terms_from
from core.money import Money

Face = dict[str, Any]
Cover = dict[str, Any]

WIDTHS = (200, 400, 800)
"""Widths in pixels of the pictures that are made; never wider than the original."""
MODERN = ("avif", "webp")
FALLBACK = "jpeg"
SPECS = {
    **{f"width-{width}|format-{kind}": kind for kind in MODERN for width in WIDTHS},
    **{f"width-{width}|bgcolor-ffffff|format-jpeg": FALLBACK for width in WIDTHS[1:]},
}
"""Recipes of the renditions of a book's picture, and the kind of file that each makes."""

_CARD_WIDTH, _LARGE_WIDTH = WIDTHS[1], WIDTHS[2]
_MOST_NAMES = 3
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

ROLE_LINES = {
    Role.AUTHOR: pgettext_lazy("before names", "By"),
    Role.EDITOR: pgettext_lazy("before names", "Edited by"),
    Role.TRANSLATOR: pgettext_lazy("before names", "Translated by"),
    Role.ILLUSTRATOR: pgettext_lazy("before names", "Illustrated by"),
    Role.PHOTOGRAPHER: pgettext_lazy("before names", "Photographs by"),
    Role.NARRATOR: pgettext_lazy("before names", "Read by"),
    Role.INTRODUCTION: pgettext_lazy("before names", "Introduction by"),
    Role.FOREWORD: pgettext_lazy("before names", "Foreword by"),
    Role.PREFACE: pgettext_lazy("before names", "Preface by"),
    Role.AFTERWORD: pgettext_lazy("before names", "Afterword by"),
    Role.REVISED_BY: pgettext_lazy("before names", "Revised by"),
    Role.OTHER: pgettext_lazy("before names", "With"),
}
_IN_BYLINE = (
    (Role.EDITOR, gettext_lazy("edited by %(names)s")),
    (Role.TRANSLATOR, gettext_lazy("translated by %(names)s")),
)


@dataclass(slots=True)
class Card:
    """A book as lists show it at a moment."""

    title: str
    subtitle: str
    url: str
    byline: str
    names: str
    """Who made it, in no language: its typographic cover follows from title and names."""
    cover: Cover | None
    price: Money | None
    price_from: bool
    availability: Availability
    formats: str
    offer: Offer | None = None
    """The offer whose price and availability are shown."""


def card_from(listing: BookListing, at: dt.datetime | None = None) -> Card:
    """The card of a row of the read model as it reads at `at` (now)."""
    return card_of_face(listing.face, listing.offers, at or timezone.now())


def card_of_face(face: Face, entries: Sequence[dict[str, Any]], at: dt.datetime) -> Card:
    """The card of a face with these offers."""
    offers = sorted((decide(terms_from(entry), at) for entry in entries), key=lambda offer: offer.rank)
    prices = {offer.price: offer for offer in reversed(offers) if offer.can_buy and offer.price}
    price = min(prices, default=None)
    priced = prices[price] if price else None
    shown = priced or next(iter(offers), None)
    formats = dict.fromkeys(offer.terms.format for offer in offers)
    pictures = face["pictures"]
    return Card(
        title=face["title"],
        subtitle=face["subtitle"],
        url=book_url(face["slug"]),
        byline=byline(face["people"]),
        names=", ".join(name for name, _slug, _role in face["people"]),
        cover=cover_of(pictures[0]) if pictures else None,
        price=price,
        price_from=len(prices) > 1,
        availability=shown.availability if shown else NOT_SOLD,
        formats=" · ".join(str(Format(name).label) for name in formats),
        offer=priced,
    )


def byline(people: Iterable[Sequence[str]]) -> str:
    """Who stands on the cover: "Jane Austen", "Homer, translated by Emily Wilson", "Edited by Ann Lee"."""
    names: dict[str, list[str]] = {}
    for name, _slug, role in people:
        names.setdefault(role, []).append(name)
    parts = [_list_of(names[Role.AUTHOR])] if Role.AUTHOR in names else []
    for role, phrase in _IN_BYLINE:
        if role in names and not (role == Role.EDITOR and parts):
            parts.append(str(phrase) % {"names": _list_of(names[role])})
    if not parts:
        role, others = next(iter(names.items()), ("", []))
        return f"{ROLE_LINES[Role(role)]} {_list_of(others)}" if others else ""
    text = ", ".join(parts)
    return text[:1].upper() + text[1:] if Role.AUTHOR not in names else text


def _list_of(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) > _MOST_NAMES:
        return _("%(name)s and others") % {"name": names[0]}
    return format_list(names, locale=to_locale(get_language() or settings.LANGUAGE_CODE))


def cover_of(picture: dict[str, Any], *, large: bool = False) -> Cover | None:
    """A picture of a face with the addresses of its files; None where they are not made yet."""
    files = picture["files"]
    if FALLBACK not in files:
        return None
    url = _storage().url
    wanted = _LARGE_WIDTH if large else _CARD_WIDTH
    fallback = [file for file in files[FALLBACK] if file[1] <= wanted][-1]
    return {
        "alt": picture["alt"],
        "width": fallback[1],
        "height": fallback[2],
        "src": url(fallback[0]),
        "sources": [
            {
                "type": f"image/{kind}",
                "srcset": ", ".join(f"{url(name)} {width}w" for name, width, _height in files[kind]),
            }
            for kind in MODERN
            if kind in files
        ],
    }


def picture_of(alt: str, renditions: Iterable[tuple[str, str, int, int]]) -> dict[str, Any]:
    """A picture as a face keeps it, from (recipe, file name, width, height); every width once, ascending."""
    files: dict[str, dict[int, list[Any]]] = {}
    for spec, name, width, height in renditions:
        if spec in SPECS:
            files.setdefault(SPECS[spec], {}).setdefault(width, [name, width, height])
    return {"alt": alt, "files": {kind: [by[width] for width in sorted(by)] for kind, by in files.items()}}


def face_of(
    *,
    title: str,
    subtitle: str,
    slug: str,
    people: Sequence[tuple[str, str, str]],
    publisher: tuple[str, str] | None,
    imprint: str,
    series: tuple[int, str, str, str] | None,
    tags: Sequence[tuple[int, str, str]],
    pictures: Sequence[dict[str, Any]],
    sections: Sequence[tuple[str, str]] = (),
) -> Face:
    """A face.

    Args:
        people: name, slug and role of each contributor, in the order of the book.
        publisher: name and slug.
        series: id, name, slug and number in the series.
        tags: id, name and slug, in the editor's order.
        pictures: from `picture_of`, the cover first.
        sections: title of each section around the book, and its address below that of the catalogue.
    """
    return {
        "title": title,
        "subtitle": subtitle,
        "slug": slug,
        "people": people,
        "publisher": publisher,
        "imprint": imprint,
        "series": series,
        "tags": tags,
        "pictures": [picture for picture in pictures if FALLBACK in picture["files"]],
        "sections": sections,
    }


def face_of_draft(page: Any) -> Face:
    """The face of a `ProductPage` as it stands in memory, for a preview."""
    rendition = get_image_model().get_rendition_model()
    pictures = [(picture.alt or picture.image.description, picture.image_id) for picture in page.pictures.all()]
    made: dict[int, list[tuple[str, str, int, int]]] = {}
    for image_id, *file in rendition.objects.filter(
        image__in=[image_id for _alt, image_id in pictures], filter_spec__in=SPECS
    ).values_list("image", "filter_spec", "file", "width", "height"):
        made.setdefault(image_id, []).append(tuple(file))
    return face_of(
        title=page.title,
        subtitle=page.subtitle,
        slug=page.slug,
        people=[(part.contributor.name, part.contributor.slug, part.role) for part in page.contributions.all()],
        publisher=(page.publisher.name, page.publisher.slug) if page.publisher else None,
        imprint=page.imprint,
        series=(page.series.pk, page.series.name, page.series.slug, page.series_number) if page.series else None,
        tags=[(row.tag.pk, row.tag.name, row.tag.slug) for row in page.book_tags.all()],
        pictures=[picture_of(alt, made.get(image_id, [])) for alt, image_id in pictures],
    )


def people_of(face: Face) -> list[dict[str, str]]:
    """The contributors with address and role."""
    return [
        {
            "name": name,
            "url": reverse("catalog:contributor", args=[slug]),
            "role": role,
            "role_label": str(Role(role).label),
        }
        for name, slug, role in face["people"]
    ]


def lines_of(people: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """The contributors as a title page lists them: "By …", "Translated by …"."""
    lines: dict[str, list[dict[str, str]]] = {}
    for person in people:
        lines.setdefault(person["role"], []).append(person)
    return [{"label": str(ROLE_LINES[Role(role)]), "people": members} for role, members in lines.items()]


def tags_of(face: Face) -> list[dict[str, str]]:
    """The tags with their addresses."""
    return [{"name": name, "url": tag_url(slug)} for _pk, name, slug in face["tags"]]


def _storage() -> Any:
    return get_image_model().get_rendition_model()._meta.get_field("file").storage


def position_in_series(number: str) -> Decimal | None:
    """Where "3", "2.5" or "Book 12" stands in its series."""
    match = _NUMBER.search(number)
    position = Decimal(match[0]) if match else None
    return position if position is not None and position < 1_000_000 else None
