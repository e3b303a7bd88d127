"""The books of the stock in the Wagtail admin: looked at, never typed into."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import IndexView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy

from catalog.models import StockMovement

FORMULA = ("=", "+", "-", "@", "\t", "\r")


class LedgerPolicy(ModelPermissionPolicy):
    """Movements are looked at, whoever asks: `catalog.stock` writes them."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        """View only."""
        return action == "view" and super().user_has_permission(user, action)

    def user_has_any_permission(self, user: Any, actions: Iterable[str]) -> bool:
        """View only."""
        return any(self.user_has_permission(user, action) for action in actions)


class MovementFilterSet(WagtailFilterSet):
    """Narrows the list down."""

    kind = django_filters.MultipleChoiceFilter(choices=StockMovement.Kind.choices, label=_("What"))
    at = django_filters.DateFromToRangeFilter(label=_("When"), widget=DateRangePickerWidget)

    class Meta:
        model = StockMovement
        fields = ("kind", "at")


class MovementIndexView(IndexView):
    """The list, newest first."""

    any_permission_required = ["view"]

    def get_base_queryset(self) -> QuerySet[StockMovement]:
        """With what a row shows: the list costs the same for one row and for fifty."""
        return StockMovement.objects.select_related("edition__product", "user")

    def preprocess_field_value(self, field: str, value: Any, export_format: str) -> Any:
        """Nothing begins like a formula, but a number that is below zero."""
        value = super().preprocess_field_value(field, value, export_format)
        return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


class StockMovementViewSet(ModelViewSet):
    """Every copy that came, was promised, left, was counted or written off: when, by whom, why."""

    model = StockMovement
    name = "stock_movements"
    url_prefix = "stock"
    icon = "history"
    menu_label = _("Stock movements")
    menu_order = 122
    add_to_admin_menu = True
    copy_view_enabled = False
    form_fields = ()
    index_view_class = MovementIndexView
    filterset_class = MovementFilterSet
    search_fields = ["edition__isbn", "edition__sku", "edition__product__title", "order_number", "why"]
    search_backend_name = None
    list_per_page = 50
    ordering = "-id"
    list_display = [
        DateColumn("at", label=_("When"), sort_key="id"),
        Column("edition", label=_("Edition")),
        Column("get_kind_display", label=_("What"), sort_key="kind"),
        Column("quantity", label=_("Copies"), sort_key="quantity"),
        Column("order_number", label=_("Order")),
        Column("why", label=_("Why")),
        Column("user", label=_("Who")),
    ]
    list_export = ["at", "edition.sku", "edition.product.title", "kind", "quantity", "order_number", "why", "user"]
    export_filename = "stock-movements"

    def get_urlpatterns(self) -> list[URLPattern]:
        """The list; no view that adds, edits or deletes."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without the addresses of views that there are not."""
        kwargs = super().get_common_view_kwargs(**kwargs)
        for view in ("add", "edit", "delete", "history", "usage", "inspect"):
            kwargs[f"{view}_url_name"] = None
        return kwargs
