"""Pages of the catalogue that no editor makes: people, houses, series, and what is searched for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from pyroaring import BitMap

from catalog import facets, indexing, search
from catalog.addresses import book_url
from catalog.cards import newest_cards
from catalog.faces import SPECS, cover_of, picture_of
from catalog.facets import State
from catalog.listing import Listing, Shelf, listing_context, listing_of
from catalog.models import Contributor, Publisher, Series
from core.models import home_crumb


@require_safe
def contributor(request: HttpRequest, slug: str) -> HttpResponse:
    """A contributor with the books that have their name on them."""
    person = get_object_or_404(Contributor.objects.select_related("photo"), slug=slug)
    listing = _listing_of_books(request, indexing.books_of(person))
    shown = {"name": person.name, "biography": person.biography, "photo": _photo(person)}
    return _page(request, "catalog/contributor.html", person.name, listing, contributor=shown, person=person)


@require_safe
def publisher(request: HttpRequest, slug: str) -> HttpResponse:
    """A publisher with its books."""
    house = get_object_or_404(Publisher, slug=slug)
    state = facets.index.state()
    key = f"{facets.PUBLISHER}:{house.pk}"
    listing = _listing(request, state, Shelf(state.having(key), name=key))
    return _page(request, "catalog/publisher.html", house.name, listing, publisher=house)


@require_safe
def series(request: HttpRequest, slug: str) -> HttpResponse:
    """A series with its books in their order."""
    row = get_object_or_404(Series, slug=slug)
    listing = _listing_of_books(request, indexing.books_of(row), series_id=row.pk)
    return _page(request, "catalog/series.html", row.name, listing, series=row)


@require_safe
def search_books(request: HttpRequest) -> HttpResponse:
    """What was searched for; the ISBN of a book leads to the book itself."""
    query = search.cleaned(request.GET.get("q", ""))
    if slug := search.book_with_isbn(query):
        return redirect(book_url(slug))
    state = facets.index.state()
    found = search.find(query, state)
    correction = None
    if query and not found.ids and (nearest := search.correct(query)):
        found = search.find(nearest, state)
        if found.ids:
            correction = {"text": nearest, "url": f"{reverse('catalog:search')}?{urlencode({'q': nearest})}"}
    listing = None
    if found.ids:
        shelf = Shelf(BitMap(found.ids), ranked=found.ids, is_capped=found.is_capped)
        listing = listing_of(request, state, shelf, query=query)
    return render(
        request,
        "catalog/search.html",
        {
            "breadcrumbs": _breadcrumbs(request, _("Search")),
            "query": query,
            "listing": listing,
            "correction": correction,
            "suggestions_for_empty": [] if listing else newest_cards(search.SUGGESTED),
            "noindex": True,
        },
    )


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Suggestions for the beginning of a query, as a fragment of HTML."""
    query = search.cleaned(request.GET.get("q", ""))
    found = search.suggest(query, facets.index.state())
    context = {"query": query, "books": found.books, "contributors": found.contributors, "tags": found.tags}
    return render(request, "catalog/_suggestions.html", context)


def _listing_of_books(request: HttpRequest, page_ids: Iterable[int], series_id: int | None = None) -> Listing:
    state = facets.index.state()
    return _listing(request, state, Shelf(BitMap(page_ids), series_id=series_id))


def _listing(request: HttpRequest, state: State, shelf: Shelf) -> Listing:
    """The list of a shelf. Raises Http404 where the shelf has no live book."""
    if not (shelf.books or BitMap()) & state.live:
        raise Http404
    return listing_of(request, state, shelf)


def _page(request: HttpRequest, template: str, label: str, listing: Listing, **context: Any) -> HttpResponse:
    context |= {"breadcrumbs": _breadcrumbs(request, label), **listing_context(request, listing)}
    return render(request, template, context)


def _breadcrumbs(request: HttpRequest, label: str) -> list[dict[str, str]]:
    return [home_crumb(request), {"label": label, "url": ""}]


def _photo(person: Contributor) -> dict[str, Any] | None:
    """The portrait in the sizes that are made; None until they are."""
    if person.photo is None:
        return None
    made = person.photo.renditions.filter(filter_spec__in=SPECS).values_list("filter_spec", "file", "width", "height")
    return cover_of(picture_of(person.photo.description, made))
