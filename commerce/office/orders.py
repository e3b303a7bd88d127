"""Orders in the Wagtail admin: a list to find them, a page to work on them. Nothing is typed into an order here.

A `ModelViewSet`, not a snippet: snippets come with a chooser that every member of staff may open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import django_filters
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
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

from accounts.requests import SignedInRequest
from commerce.invoice_pages import document_file, document_page, issued_for
from commerce.models import CreditNote, Invoice, Order, SellerSettings
from commerce.models.order import UNSENT, LineStatus, OrderQuerySet, OrderStatus, PaymentStatus
from commerce.office.acting import act, confirm
from commerce.office.credit_notes import ADD, credit
from commerce.office.payments import REFUND, mark_paid, refund
from commerce.services import orders, payments, preorders, refunds, replacements
from core.spreadsheets import safe_cell

VIEW, CHANGE, DISPATCH, EXPORT = (f"commerce.{action}_order" for action in ("view", "change", "dispatch", "export"))


class OrderFilterSet(WagtailFilterSet):
    """Narrows the list down."""

    status = django_filters.MultipleChoiceFilter(choices=OrderStatus.choices, label=gettext_lazy("Status"))
    payment_status = django_filters.MultipleChoiceFilter(choices=PaymentStatus.choices, label=gettext_lazy("Payment"))
    money = django_filters.ChoiceFilter(
        label=gettext_lazy("Money to look at"),
        method="with_money",
        choices=[
            ("overdue", gettext_lazy("Invoice overdue")),
            ("unwanted", gettext_lazy("Came too late or twice")),
            ("refunds", gettext_lazy("Refund failed or to be paid out")),
        ],
    )
    placed_at = django_filters.DateFromToRangeFilter(label=gettext_lazy("Placed"), widget=DateRangePickerWidget)

    class Meta:
        model = Order
        fields = ("status", "payment_status", "money", "placed_at")

    def with_money(self, queryset: OrderQuerySet, _name: str, value: str) -> OrderQuerySet:
        """Orders whose money a colleague should look at."""
        return {
            "overdue": lambda: queryset.overdue(SellerSettings.load().payment_days),
            "unwanted": queryset.with_unwanted_money,
            "refunds": queryset.with_refunds_to_do,
        }[value]()


class OrderIndexView(IndexView):
    """The list. Exporting it needs a permission of its own."""

    any_permission_required = ["view"]
    custom_value_preprocess = {**IndexView.custom_value_preprocess, str: {"csv": safe_cell, "xlsx": safe_cell}}

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
        by_hand = [line for line in unsent if not line.is_gift_card]
        user = self.request.user
        return {
            **super().get_context_data(**kwargs),
            "order": order,
            "lines": lines,
            "unsent": {line.pk for line in by_hand},
            "issued": Invoice.objects.filter(order=order).first(),
            "credit_notes": CreditNote.objects.filter(invoice__order=order).order_by("sequence"),
            "may_credit": user.has_perm(ADD) and bool(order.worth),
            "owed": preorders.owed(order),
            "events": order.events.select_related("actor"),
            "payments": order.payments.prefetch_related("refunds__actor"),
            "due": payments.due(order),
            "received": payments.received(order),
            "may_pay": user.has_perm(CHANGE) and bool(payments.due(order)),
            "may_refund": user.has_perm(REFUND) and bool(payments.received(order)),
            "may_send": bool(by_hand) and _may_send(user),
            "may_cancel": bool(unsent) and user.has_perm(CHANGE),
            "may_replace": len(unsent) < len(lines) and user.has_perm(CHANGE),
            "returns": order.returns.prefetch_related("lines__line"),
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
        Column("full_name", label=gettext_lazy("Customer"), accessor="customer_label", sort_key="full_name"),
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
            path("<int:pk>/credit-notes/<str:number>/", invoice, name="credit_note"),
            path("<int:pk>/credit-notes/<str:number>.pdf", invoice_pdf, name="credit_note_pdf"),
            path("<int:pk>/credit/", credit, name="credit"),
            path("<int:pk>/paid/", mark_paid, name="paid"),
            path("<int:pk>/refund/", refund, name="refund"),
            path("<int:pk>/sent/", mark_sent, name="sent"),
            path("<int:pk>/cancel/", cancel, name="cancel"),
            path("<int:pk>/replace/", replace, name="replace"),
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without the addresses of views that there are not."""
        kwargs = super().get_common_view_kwargs(**kwargs)
        for view in ("add", "edit", "delete", "history", "usage"):
            kwargs[f"{view}_url_name"] = None
        return kwargs


@require_admin_access
@require_safe
def invoice(request: SignedInRequest, pk: int, number: str = "") -> HttpResponse:
    """An order's invoice, or its credit note with that number, for staff."""
    issued = issued_for(_order(request, pk, VIEW), number)
    return document_page(
        request, issued, _document_url("pdf", pk, number), lambda note: _document_url("", pk, note.number)
    )


@require_admin_access
@require_safe
def invoice_pdf(request: SignedInRequest, pk: int, number: str = "") -> HttpResponseBase:
    """An order's invoice, or its credit note with that number, as a file, for staff."""
    return document_file(request, issued_for(_order(request, pk, VIEW), number), _document_url("", pk, number))


@require_admin_access
def mark_sent(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then note that the chosen copies (or, with none chosen, all) have left the shop."""
    order = get_object_or_404(Order, pk=pk) if _may_send(request.user) else None
    if order is None:
        raise PermissionDenied
    unsent = list(order.lines.filter(status__in=UNSENT, is_gift_card=False))
    chosen = request.POST.getlist("line") if request.method == "POST" else request.GET.getlist("line")
    lines = [line for line in unsent if str(line.pk) in chosen] if chosen else unsent
    if request.method != "POST" or "confirmed" not in request.POST:
        return _ask(
            request, order, "sent", _("Have these copies left the shop?"), _("Mark as sent"), lines, wants_reason=False
        )
    ids = [line.pk for line in lines]
    return _act(request, order, lambda: orders.mark_lines_sent(order.pk, ids, request.user), _("Marked as sent."))


@require_admin_access
def cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then cancel what has not been sent."""
    order = _order(request, pk, CHANGE)
    if request.method != "POST":
        question = _("Cancel the copies of order %(number)s that have not been sent?") % {"number": order.number}
        lines = list(order.lines.filter(status__in=UNSENT))
        return _ask(request, order, "cancel", question, _("Cancel order"), lines, is_serious=True)
    reason = _reason(request)
    return _act(request, order, lambda: refunds.cancel(order.pk, request.user, reason), _("The order was cancelled."))


@require_admin_access
def replace(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then send the chosen copies once more at no cost."""
    order = _order(request, pk, CHANGE)
    sent = list(order.lines.filter(status=LineStatus.SENT))
    chosen = (request.POST if request.method == "POST" else request.GET).getlist("line")
    lines = [line for line in sent if str(line.pk) in chosen]
    if not lines:
        messages.warning(request, _("Please choose copies that were sent."))
        return redirect("orders:inspect", order.pk)
    if request.method != "POST" or "confirmed" not in request.POST:
        question = _("Send these copies once more, at no cost to the customer?")
        return _ask(request, order, "replace", question, _("Send once more"), lines)
    ids = [line.pk for line in lines]
    return _act(
        request,
        order,
        lambda: replacements.replace(order.pk, ids, request.user, _reason(request)),
        _("A new order at no cost was made."),
    )


def _reason(request: SignedInRequest) -> str:
    return request.POST.get("reason", "")[:255]


def _document_url(form: str, pk: int, number: str) -> str:
    """Where a document is: the page, or with the form "pdf" the file."""
    name = "credit_note" if number else "invoice"
    return reverse(f"orders:{name}_{form}".removesuffix("_"), args=[pk, number] if number else [pk])


def _may_send(user: Any) -> bool:
    return bool(user.has_perm(DISPATCH) or user.has_perm(CHANGE))


def _order(request: SignedInRequest, pk: int, permission: str) -> Order:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return get_object_or_404(Order, pk=pk)


def _ask(
    request: SignedInRequest,
    order: Order,
    action: str,
    question: str,
    label: str,
    lines: Iterable[Any] = (),
    **how: Any,
) -> HttpResponse:
    return confirm(
        request,
        title=order.number,
        question=question,
        label=label,
        lines=lines,
        action_url=reverse(f"orders:{action}", args=[order.pk]),
        back_url=reverse("orders:inspect", args=[order.pk]),
        **how,
    )


def _act(request: SignedInRequest, order: Order, action: Callable[[], object], done: str) -> HttpResponse:
    return act(request, reverse("orders:inspect", args=[order.pk]), action, done)
