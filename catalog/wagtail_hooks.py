"""What the catalogue adds to the Wagtail admin: registration only."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin.views.bulk_action import BulkAction
from wagtail.models import Page
from wagtail.permissions import register_permission_policy
from wagtail.snippets.models import register_snippet

from catalog.bulk_actions import ChangePrices
from catalog.models import Edition, StockMovement, StockRecord
from catalog.price_views import PricesViewSet
from catalog.stock_views import LedgerPolicy, StockMovementViewSet
from catalog.viewsets import BooksInCatalogViewSet, BooksViewSet, CatalogueViewSetGroup

MOST_NAMED = 5
"""Books that a refusal names."""

register_permission_policy(StockMovement, LedgerPolicy(StockMovement))
register_snippet(CatalogueViewSetGroup)
hooks.register("register_bulk_action", ChangePrices)


@hooks.register("register_admin_viewset")
def register_viewsets() -> list[object]:
    """Books as a flat list, the catalogue's own explorer, prices, and the books of the stock."""
    return [BooksViewSet("books"), BooksInCatalogViewSet("books_in_catalogue"), PricesViewSet(), StockMovementViewSet()]


@hooks.register("before_delete_page")
def keep_promised_books(request: HttpRequest, page: Page) -> HttpResponse | None:
    """A page with books of which copies are promised to customers is not deleted."""
    return _refused(request, [page], redirect("wagtailadmin_pages:edit", page.pk))


@hooks.register("before_bulk_action")
def keep_promised_books_of_many(
    request: HttpRequest, action_type: str, objects: Sequence[Model], action: BulkAction
) -> HttpResponse | None:
    """Nor is it together with others."""
    if action_type != "delete" or not issubclass(action.model, Page):
        return None
    return _refused(request, objects, redirect(action.next_url))


@hooks.register("before_delete_snippet")
def keep_promised_editions(request: HttpRequest, instances: Sequence[Model]) -> HttpResponse | None:
    """Nor an edition, alone or with others."""
    editions = [instance for instance in instances if isinstance(instance, Edition)]
    return _refused(request, editions, redirect("wagtailsnippets_catalog_edition:list"))


def _refused(request: HttpRequest, things: Sequence[Model], back: HttpResponse) -> HttpResponse | None:
    """Say so and lead back, where any of these pages or editions has copies that are promised to customers."""
    if not things:
        return None
    editions = {thing.pk for thing in things if isinstance(thing, Edition)}
    paths = tuple(thing.path for thing in things if isinstance(thing, Page))
    promised = StockRecord.objects.filter(allocated__gt=0).order_by("edition__product__title")
    named = promised.values_list("edition", "edition__product__path", "edition__product__title")
    found = (title for pk, path, title in named if pk in editions or path.startswith(paths))
    titles = [_("“%s”") % title for title in dict.fromkeys(found)]
    if not titles:
        return None
    messages.error(
        request,
        _("Nothing was deleted: copies of %(titles)s are promised to customers. Unpublish a book to stop its sale.")
        % {"titles": ", ".join([*titles[:MOST_NAMED], *["…"][: len(titles) > MOST_NAMED]])},
    )
    return back
