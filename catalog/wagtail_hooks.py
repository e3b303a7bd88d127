"""What the catalogue adds to the Wagtail admin: registration only."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.models import Page
from wagtail.permissions import register_permission_policy
from wagtail.snippets.models import register_snippet

from catalog.bulk_actions import ChangePrices
from catalog.models import StockMovement, StockRecord
from catalog.price_views import PricesViewSet
from catalog.stock_views import LedgerPolicy, StockMovementViewSet
from catalog.viewsets import BooksInCatalogViewSet, BooksViewSet, CatalogueViewSetGroup

register_permission_policy(StockMovement, LedgerPolicy(StockMovement))
register_snippet(CatalogueViewSetGroup)
hooks.register("register_bulk_action", ChangePrices)


@hooks.register("register_admin_viewset")
def register_viewsets() -> list[object]:
    """Books as a flat list, the catalogue's own explorer, prices, and the books of the stock."""
    return [BooksViewSet("books"), BooksInCatalogViewSet("books_in_catalogue"), PricesViewSet(), StockMovementViewSet()]


@hooks.register("before_delete_page")
def keep_promised_books(request: HttpRequest, page: Page) -> HttpResponse | None:
    """A book of which copies are promised to customers cannot be deleted; unpublishing takes it off sale."""
    promised = StockRecord.objects.filter(edition__product__path__startswith=page.path, allocated__gt=0).exists()
    if not promised:
        return None
    messages.error(
        request,
        _("“%s” cannot be deleted: copies are promised to customers. Unpublish it to take it off sale.") % page.title,
    )
    return redirect("wagtailadmin_pages:edit", page.pk)
