"""Panels of the page editor."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from wagtail.admin.panels import Panel

from catalog.offers import offer_for

SHOWN_MOVEMENTS = 10


class PricesPanel(Panel):
    """What shoppers are asked for an edition, with a link to the page on which it is changed."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "catalog/admin/prices_panel.html"

        def is_shown(self) -> bool:
            """For an edition that is there."""
            return bool(self.instance.pk)

        def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
            context = super().get_context_data(parent_context)
            context["offer"] = offer_for(self.instance)
            if self.request.user.has_perm("catalog.change_price"):
                context["url"] = reverse("prices:edition", args=[self.instance.pk])
            return context


class StockPanel(Panel):
    """The last movements of an edition's copies, with a link to all of them."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "catalog/admin/stock_panel.html"

        def is_shown(self) -> bool:
            """For an edition that is there, and those who may look."""
            return bool(self.instance.pk and self.request.user.has_perm("catalog.view_stockmovement"))

        def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
            context = super().get_context_data(parent_context)
            context["movements"] = self.instance.movements.select_related("user")[:SHOWN_MOVEMENTS]
            context["url"] = f"{reverse('stock_movements:index')}?{urlencode({'q': self.instance.sku})}"
            return context


class EditionsPanel(Panel):
    """The editions of a book beside its text, each with a link to its own form.

    They are no part of the page's revisions, so they are shown here, not edited.
    """

    class BoundPanel(Panel.BoundPanel):
        template_name = "catalog/admin/editions_panel.html"

        def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
            context = super().get_context_data(parent_context)
            editions = self.instance.editions.with_offer() if self.instance.pk else []
            context["rows"] = [
                {
                    "edition": edition,
                    "price": (price := edition.price(settings.SHOP_CURRENCY)) and price.money,
                    "url": reverse("wagtailsnippets_catalog_edition:edit", args=[edition.pk]),
                }
                for edition in editions
            ]
            if self.instance.pk and self.request.user.has_perm("catalog.add_edition"):
                add = reverse("wagtailsnippets_catalog_edition:add")
                context["add_url"] = f"{add}?product={self.instance.pk}"
            context["may_change"] = self.request.user.has_perm("catalog.change_edition")
            context["may_price"] = self.request.user.has_perm("catalog.change_price")
            return context
