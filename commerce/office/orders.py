"""Orders in the Wagtail admin: a list to find them, a page to work on them. Nothing is typed into an order here.

A `ModelViewSet`, not a snippet: snippets come with a chooser that every member of staff may open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from wagtail.admin.auth import require_admin_access
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy

from accounts.requests import SignedInRequest
from commerce.exceptions import CommerceError
from commerce.invoice_pages import invoice_file, invoice_page
from commerce.models import Order, PriceFall
from commerce.models.order import UNSENT, OrderStatus, PaymentStatus
from commerce.services import orders, preorders

VIEW, CHANGE, DISPATCH, EXPORT = (f"commerce.{action}_order" for action in ("view", "change", "dispatch", "export"))


class OrderPolicy(ModelPermissionPolicy):
    """Orders are looked at. What changes them are the actions below, each with its own permission."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        """View only, whatever else the user was given."""
        return action == "view" and super().user_has_permission(user, action)

    def user_has_any_permission(self, user: Any, actions: Iterable[str]) -> bool:
        """View only."""
        return any(self.user_has_permission(user, action) for action in actions)


class OrderFilterSet(WagtailFilterSet):
    """Narrows the list down."""

    status = django_filters.MultipleChoiceFilter(choices=OrderStatus.choices, label=gettext_lazy("Status"))
    payment_status = django_filters.MultipleChoiceFilter(choices=PaymentStatus.choices, label=gettext_lazy("Payment"))
    gets_money_back = django_filters.BooleanFilter(label=gettext_lazy("Money to be given back"), method="owing")
    placed_at = django_filters.DateFromToRangeFilter(label=gettext_lazy("Placed"), widget=DateRangePickerWidget)

    class Meta:
        model = Order
        fields = ("status", "payment_status", "placed_at")

    def owing(self, queryset: QuerySet[Order], name: str, value: bool) -> QuerySet[Order]:
        """Orders of which something is owed because a price fell before publication; or the others."""
        owed = PriceFall.objects.owed().values("line__order")
        return queryset.filter(pk__in=owed) if value else queryset.exclude(pk__in=owed)


def _safe_cell(value: object) -> str:
    """A text that a spreadsheet does not take for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


class OrderIndexView(IndexView):
    """The list. Exporting it needs a permission of its own."""

    any_permission_required = ["view"]
    custom_value_preprocess = {**IndexView.custom_value_preprocess, str: {"csv": _safe_cell, "xlsx": _safe_cell}}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse an export to those who may only look."""
        if self.is_export and not request.user.has_perm(EXPORT):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def show_export_buttons(self) -> bool:
        """Shown to those who may use them."""
        return bool(self.request.user.has_perm(EXPORT))

    def get_base_queryset(self) -> QuerySet[Order]:
        """Orders with the number of copies to send."""
        return Order.objects.with_lines_to_send()

    def search_queryset(self, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """By number, e-mail, name or ISBN; an order with two copies of a book is found once."""
        found = super().search_queryset(queryset)
        return queryset.filter(pk__in=found.order_by().values("pk")) if self.is_searching else found


class OrderInspectView(InspectView):
    """One order with all that staff need to work on it."""

    any_permission_required = ["view"]
    template_name = "commerce/office/order.html"
    page_title = gettext_lazy("Order")

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """An order is neither edited nor deleted."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The order with its lines and events, and what this colleague may do with it."""
        order: Order = self.object
        lines = list(order.lines.select_related("order"))
        unsent = [line for line in lines if line.status in UNSENT]
        user = self.request.user
        return {
            **super().get_context_data(**kwargs),
            "order": order,
            "lines": lines,
            "unsent": {line.pk for line in unsent},
            "owed": (owed := preorders.owed(order)),
            "may_settle": bool(owed) and user.has_perm(CHANGE),
            "events": order.events.select_related("actor"),
            "may_pay": user.has_perm(CHANGE)
            and order.payment_status == PaymentStatus.PENDING
            and order.status != OrderStatus.CANCELLED,
            "may_send": bool(unsent) and _may_send(user),
            "may_cancel": bool(unsent) and user.has_perm(CHANGE),
        }


class OrderViewSet(ModelViewSet):
    """Orders, found and looked at."""

    model = Order
    name = "orders"
    icon = "clipboard-list"
    menu_label = gettext_lazy("Orders")
    menu_order = 105
    add_to_admin_menu = True
    copy_view_enabled = False
    inspect_view_enabled = True
    form_fields = ()
    index_view_class = OrderIndexView
    inspect_view_class = OrderInspectView
    inspect_template_name = "commerce/office/order.html"
    filterset_class = OrderFilterSet
    search_fields = ["number", "email", "full_name", "lines__isbn"]
    search_backend_name = None
    list_per_page = 50
    ordering = "-placed_at"
    list_export = [
        "number", "placed_at", "email", "full_name", "country", "status", "payment_status", "currency", "goods_amount",
        "delivery_amount", "tax_amount", "total_amount",
    ]  # fmt: skip
    export_filename = "orders"
    list_display = [
        "number",
        DateColumn("placed_at", label=gettext_lazy("Placed"), sort_key="placed_at"),
        Column("full_name", label=gettext_lazy("Customer"), accessor="full_name", sort_key="full_name"),
        Column("total", label=gettext_lazy("Total"), accessor="total", sort_key="total_amount"),
        Column("status", label=gettext_lazy("Status"), accessor="get_status_display", sort_key="status"),
        Column(
            "payment_status", label=gettext_lazy("Payment"), accessor="get_payment_status_display",
            sort_key="payment_status",
        ),
        Column("lines_to_send", label=gettext_lazy("Copies to send"), sort_key="lines_to_send"),
    ]  # fmt: skip

    def get_urlpatterns(self) -> list[URLPattern]:
        """The list, the order's page and its actions; no view that adds, edits or deletes."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("inspect/<int:pk>/", self.inspect_view, name="inspect"),
            path("<int:pk>/invoice/", invoice, name="invoice"),
            path("<int:pk>/invoice.pdf", invoice_pdf, name="invoice_pdf"),
            path("<int:pk>/paid/", mark_paid, name="paid"),
            path("<int:pk>/sent/", mark_sent, name="sent"),
            path("<int:pk>/settled/", settle, name="settled"),
            path("<int:pk>/cancel/", cancel, name="cancel"),
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without the addresses of views that there are not."""
        kwargs = super().get_common_view_kwargs(**kwargs)
        for view in ("add", "edit", "delete", "history", "usage"):
            kwargs[f"{view}_url_name"] = None
        return kwargs


@require_admin_access
@require_safe
def invoice(request: SignedInRequest, pk: int) -> HttpResponse:
    """An order's invoice, for staff."""
    return invoice_page(request, _order(request, pk, VIEW), reverse("orders:invoice_pdf", args=[pk]))


@require_admin_access
@require_safe
def invoice_pdf(request: SignedInRequest, pk: int) -> HttpResponse:
    """An order's invoice as a file, for staff."""
    return invoice_file(request, _order(request, pk, VIEW), reverse("orders:invoice", args=[pk]))


@require_admin_access
def mark_paid(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then note that the money has come."""
    order = _order(request, pk, CHANGE)
    if request.method != "POST":
        question = _("Has the money for order %(number)s, %(total)s, arrived?")
        return _ask(
            request, order, "paid", question % {"number": order.number, "total": order.total}, _("Mark as paid")
        )
    reason = request.POST.get("reason", "")[:500]
    return _act(request, order, lambda: orders.mark_paid(order.pk, request.user, reason), _("Marked as paid."))


@require_admin_access
def mark_sent(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then note that the chosen copies (or, with none chosen, all) have left the shop."""
    order = get_object_or_404(Order, pk=pk) if _may_send(request.user) else None
    if order is None:
        raise PermissionDenied
    unsent = list(order.lines.filter(status__in=UNSENT))
    chosen = request.POST.getlist("line") if request.method == "POST" else request.GET.getlist("line")
    lines = [line for line in unsent if str(line.pk) in chosen] if chosen else unsent
    if request.method != "POST" or "confirmed" not in request.POST:
        return _ask(request, order, "sent", _("Have these copies left the shop?"), _("Mark as sent"), lines)
    ids = [line.pk for line in lines]
    return _act(request, order, lambda: orders.mark_lines_sent(order.pk, ids, request.user), _("Marked as sent."))


@require_admin_access
def settle(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then note that the customer has got back what a price fell by before publication."""
    order = _order(request, pk, CHANGE)
    if request.method != "POST":
        question = _("Has the customer of order %(number)s got %(amount)s back?")
        facts = {"number": order.number, "amount": preorders.owed(order)}
        return _ask(request, order, "settled", question % facts, _("Mark as given back"))
    reason = request.POST.get("reason", "")[:500]
    return _act(request, order, lambda: preorders.settle(order.pk, request.user, reason), _("Marked as given back."))


@require_admin_access
def cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then cancel what has not been sent."""
    order = _order(request, pk, CHANGE)
    if request.method != "POST":
        question = _("Cancel the copies of order %(number)s that have not been sent?") % {"number": order.number}
        lines = list(order.lines.filter(status__in=UNSENT))
        return _ask(request, order, "cancel", question, _("Cancel order"), lines)
    reason = request.POST.get("reason", "")[:500]
    return _act(request, order, lambda: orders.cancel(order.pk, request.user, reason), _("The order was cancelled."))


def _may_send(user: Any) -> bool:
    return bool(user.has_perm(DISPATCH) or user.has_perm(CHANGE))


def _order(request: SignedInRequest, pk: int, permission: str) -> Order:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return get_object_or_404(Order, pk=pk)


def _ask(
    request: SignedInRequest, order: Order, action: str, question: str, label: str, lines: Iterable[Any] = ()
) -> HttpResponse:
    context = {
        "order": order,
        "question": question,
        "label": label,
        "lines": lines,
        "action_url": reverse(f"orders:{action}", args=[order.pk]),
        "back_url": reverse("orders:inspect", args=[order.pk]),
        "wants_reason": action != "sent",
        "is_serious": action == "cancel",
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("orders:index"), "label": _("Orders")},
            {"url": reverse("orders:inspect", args=[order.pk]), "label": order.number},
            {"url": "", "label": label},
        ],
        "header_title": label,
    }
    return render(request, "commerce/office/confirm.html", context)


def _act(request: SignedInRequest, order: Order, action: Any, done: str) -> HttpResponse:
    try:
        action()
    except CommerceError as refusal:
        messages.error(request, refusal.public)
    else:
        messages.success(request, done)
    return redirect("orders:inspect", order.pk)
