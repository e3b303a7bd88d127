"""What the browser is given: one small set of rules, and the contents, inert until they are shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from catalog.addresses import cached_as
from catalog.cards import card_of, with_cards
from catalog.models import ProductPage
from core.page_cache import built_from_besides
from home.modals.targeting import Parts, Showing, ShownVersion, showings_of
from home.models.modals import PageModal, Version


def page_rules(showings: Sequence[Showing], *, cool_off_seconds: int, page_number: int) -> dict[str, Any]:
    """The rules of a page's candidates. Times are milliseconds since 1970, so no time zone is left to mistake."""
    asks_amount = any(showing.rules["w"][2] == PageModal.Basket.OVER for showing in showings)
    return {
        "c": cool_off_seconds,
        "u": reverse("home:count"),
        "s": reverse("commerce:basket_summary") + ("?total=1" if asks_amount else ""),
        "p": page_number,
        "m": [
            {
                "i": showing.modal_id,
                "a": reverse("home:offer", args=[showing.slug]),
                "k": showing.kind,
                "p": showing.priority,
                "f": _milliseconds(showing.starts),
                "e": _milliseconds(showing.ends),
                "v": [[version.code, version.weight] for version in showing.versions],
                **showing.rules,
            }
            for showing in showings
        ],
    }


def _milliseconds(moment: dt.datetime | None) -> int:
    return int(moment.timestamp() * 1000) if moment else 0


def contents(request: HttpRequest, showings: Sequence[Showing]) -> list[dict[str, Any]]:
    """Every version of every candidate, drawn: one query where any of them shows books, else none."""
    books = cards_in(request, (version.parts for showing in showings for version in showing.versions))
    return [
        {
            "id": f"modal-{place}-{version.code}",
            "showing": showing,
            "version": version,
            "html": draw(version, books),
        }
        for place, showing in enumerate(showings)
        for version in showing.versions
    ]


def cards_in(request: HttpRequest, contents: Iterable[Parts]) -> dict[int, Any]:
    """The cards of the books in these contents; the page is stored as built from them."""
    keys = {key for parts in contents for part in parts if isinstance(part, tuple) for key in part}
    if not keys:
        return {}
    built_from_besides(request, *(cached_as(key) for key in keys))
    return {key: card_of(book) for key, book in with_cards(ProductPage.objects.all()).in_bulk(keys).items()}


def draw(version: ShownVersion, cards: dict[int, Any]) -> SafeString:
    """The content of a version with its books at today's prices."""
    return format_html_join(
        "\n",
        "{}",
        (
            (part if not isinstance(part, tuple) else _books([card for key in part if (card := cards.get(key))]),)
            for part in version.parts
        ),
    )


def _books(cards: list[Any]) -> SafeString:
    return render_to_string("home/modals/blocks/books.html", {"cards": cards})


def preview_showing(modal: PageModal, version: Version) -> Showing:
    """A draft as it would be shown now, in one of its versions."""
    showing = showings_of([modal], [])[0]
    shown = tuple(candidate for candidate in showing.versions if candidate.code == version.code)
    return replace(showing, modal_id=0, starts=None, ends=None, versions=shown)
