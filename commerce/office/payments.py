"""Money in the Wagtail admin: what came and what goes back, each said by a named colleague; what providers told."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.crypto import get_random_string
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.components import Component
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.viewsets.model import ModelViewSet

from accounts.requests import SignedInRequest
from commerce.exceptions import CommerceError
from commerce.models import Order, ProviderEvent, Refund, SellerSettings
from commerce.models.order import PAY_LATER, PaymentMethod, PaymentStatus
from commerce.models.payment import RefundState
from commerce.services import payments, refunding
from core.money import Money, minor_unit

REFUND, CHANGE = "commerce.refund_order", "commerce.change_order"


class MoneyForm(forms.Form):
    """An amount in an order's currency, and why. `once` names this form: sent twice, it counts once."""

    amount = forms.DecimalField()
    reason = forms.CharField(label=gettext_lazy("Note (optional)"), max_length=200, required=False)
    once = forms.CharField(max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, most: Money, **kwargs: Any) -> None:
        initial = {"amount": most.amount, "once": get_random_string(20)}
        super().__init__(*args, initial=initial, **kwargs)
        self.currency = currency
        unit = minor_unit(currency)
        self.fields["amount"] = forms.DecimalField(
            label=_("Amount in %(currency)s") % {"currency": currency},
            max_digits=12,
            decimal_places=-int(unit.as_tuple().exponent),
            min_value=unit,
        )

    @property
    def money(self) -> Money:
        """What was typed."""
        return Money(self.cleaned_data["amount"], self.currency)


class RefundForm(MoneyForm):
    """What goes back, and why, in words that the customer reads."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("The customer reads it.")
    )


class PaidOutForm(forms.Form):
    """How a colleague paid a refund out."""

    reference = forms.CharField(
        label=gettext_lazy("Reference of the transfer (optional)"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("As the bank statement shows it, so that both are found together."),
    )


@require_admin_access
def mark_paid(request: SignedInRequest, pk: int) -> HttpResponse:
    """Money that has come by transfer or at the counter."""
    order = _order(request, pk, CHANGE)
    form = MoneyForm(request.POST or None, currency=order.currency, most=payments.due(order))
    if request.method != "POST" or not form.is_valid():
        question = _("How much of %(due)s for order %(number)s has arrived?")
        text = question % {"number": order.number, "due": payments.due(order)}
        return _ask(request, order, form, text, _("Mark as paid"))
    told = form.cleaned_data
    try:
        payments.mark_paid(order.pk, request.user, told["reason"], amount=form.money, once=f"hand-{told['once']}")
    except CommerceError as refusal:
        messages.error(request, refusal.public)
    else:
        messages.success(request, _("Marked as paid."))
    return redirect("orders:inspect", order.pk)


@require_admin_access
def refund(request: SignedInRequest, pk: int) -> HttpResponse:
    """Money that goes back: the way it came, or by hand."""
    order = _order(request, pk, REFUND)
    form = RefundForm(request.POST or None, currency=order.currency, most=payments.received(order))
    if request.method != "POST" or not form.is_valid():
        question = _(
            "How much of %(received)s goes back? It goes the way it came; transfers and cash are paid by hand."
        )
        text = question % {"received": payments.received(order)}
        return _ask(request, order, form, text, _("Refund"), is_serious=True)
    told = form.cleaned_data
    try:
        payments.refund(order.pk, form.money, told["reason"], request.user, once=told["once"])
    except CommerceError as refusal:
        messages.error(request, refusal.public)
    else:
        messages.success(request, _("The money goes back."))
    return redirect("orders:inspect", order.pk)


@require_admin_access
@require_POST
def paid_out(request: SignedInRequest, pk: int) -> HttpResponse:
    """A refund was paid by hand."""
    if not request.user.has_perm(REFUND):
        raise PermissionDenied
    found = get_object_or_404(Refund, pk=pk)
    form = PaidOutForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The reference is longer than %(most)d characters.") % {"most": 100})
        return redirect("refunds:inspect", found.pk)
    try:
        refunding.paid_out(found.pk, request.user, form.cleaned_data["reference"])
    except CommerceError as refusal:
        messages.error(request, refusal.public)
    else:
        messages.success(request, _("Noted that it was paid."))
    return redirect("refunds:inspect", found.pk)


class RefundFilterSet(WagtailFilterSet):
    """Narrows the list down."""

    state = django_filters.MultipleChoiceFilter(choices=RefundState.choices, label=gettext_lazy("State"))
    method = django_filters.MultipleChoiceFilter(
        field_name="payment__method", choices=PaymentMethod.choices, label=gettext_lazy("Method")
    )

    class Meta:
        model = Refund
        fields = ("state", "method")


class LookedAtViewSet(ModelViewSet):
    """Rows that are looked at: nothing is added, edited or deleted."""

    copy_view_enabled = False
    inspect_view_enabled = True
    form_fields = ()
    list_per_page = 50

    def get_urlpatterns(self) -> list[URLPattern]:
        """The list and a page for each row."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("inspect/<int:pk>/", self.inspect_view, name="inspect"),
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without the addresses of views that there are not."""
        kwargs = super().get_common_view_kwargs(**kwargs)
        for view in ("add", "edit", "delete", "history", "usage"):
            kwargs[f"{view}_url_name"] = None
        return kwargs


class RefundIndexView(IndexView):
    """Refunds; those that are to be paid by hand are found by state and method."""

    any_permission_required = ["view"]

    def get_base_queryset(self) -> QuerySet[Refund]:
        """With what the list shows of each."""
        return Refund.objects.select_related("payment__order", "actor")


class RefundInspectView(InspectView):
    """One refund, and the button for one that was paid by hand."""

    any_permission_required = ["view"]
    template_name = "commerce/office/refund.html"
    page_title = gettext_lazy("Refund")

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """A refund is neither edited nor deleted."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The refund, its order, and where the money would go."""
        found: Refund = self.object
        is_open = found.is_by_hand and found.state != RefundState.DONE
        return {
            **super().get_context_data(**kwargs),
            "refund": found,
            "bank_line": getattr(found.payment, "bank_line", None),
            "form": PaidOutForm() if is_open and self.request.user.has_perm(REFUND) else None,
        }


class RefundViewSet(LookedAtViewSet):
    """Money that went back, or is to."""

    model = Refund
    name = "refunds"
    icon = "rotate"
    menu_label = gettext_lazy("Refunds")
    menu_order = 106
    add_to_admin_menu = True
    index_view_class = RefundIndexView
    inspect_view_class = RefundInspectView
    inspect_template_name = "commerce/office/refund.html"
    filterset_class = RefundFilterSet
    search_fields = ["payment__order__number", "reason", "reference"]
    search_backend_name = None
    ordering = "-created_at"
    list_display = [
        DateColumn("created_at", label=gettext_lazy("Begun"), sort_key="created_at"),
        Column("order", label=gettext_lazy("Order"), accessor="payment.order.number"),
        Column("money", label=gettext_lazy("Amount"), accessor="money"),
        Column("method", label=gettext_lazy("Method"), accessor="payment.get_method_display"),
        Column("state", label=gettext_lazy("State"), accessor="get_state_display"),
        Column("reason", label=gettext_lazy("Reason"), accessor="reason"),
        Column("actor", label=gettext_lazy("By"), accessor="actor"),
    ]

    def get_urlpatterns(self) -> list[URLPattern]:
        """And the action for one that was paid by hand."""
        return [*super().get_urlpatterns(), path("<int:pk>/paid-out/", paid_out, name="paid_out")]


class EventIndexView(IndexView):
    """Notifications, the newest first."""

    any_permission_required = ["view"]


class EventInspectView(InspectView):
    """One notification as it was told."""

    any_permission_required = ["view"]

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """It is neither edited nor deleted."""
        return []


class ProviderEventViewSet(LookedAtViewSet):
    """What payment providers told by themselves."""

    model = ProviderEvent
    name = "provider_events"
    icon = "mail"
    menu_label = gettext_lazy("Payment notifications")
    menu_order = 310
    add_to_admin_menu = True
    add_to_settings_menu = False
    index_view_class = EventIndexView
    inspect_view_class = EventInspectView
    inspect_view_fields = ["method", "kind", "event_id", "reference", "received_at", "handled_at", "payload"]
    list_filter = ["method"]
    search_fields = ["event_id", "reference", "kind"]
    search_backend_name = None
    ordering = "-received_at"
    list_display = [
        DateColumn("received_at", label=gettext_lazy("Received"), sort_key="received_at"),
        Column("method", label=gettext_lazy("Method"), accessor="get_method_display"),
        "kind",
        "reference",
        DateColumn("handled_at", label=gettext_lazy("Acted on")),
    ]


class MoneyPanel(Component):
    """On the dashboard: money that a colleague should look at. Nothing where there is none."""

    name = "money"
    order = 150
    template_name = "commerce/office/money_panel.html"

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        """What there is, how much of it, and the list that shows it."""
        found = Order.objects.all()
        orders_url, refunds_url = reverse("orders:index"), reverse("refunds:index")
        by_hand = "&".join(f"method={method.value}" for method in PAY_LATER)
        overpaid = found.filter(payment_status=PaymentStatus.OVERPAID)
        partly = found.filter(payment_status=PaymentStatus.PARTLY_PAID)
        overdue = found.overdue(SellerSettings.load().payment_days)
        listed = [
            (_("Overpaid orders"), overpaid.count(), f"{orders_url}?payment_status=overpaid"),
            (_("Partly paid orders"), partly.count(), f"{orders_url}?payment_status=partly-paid"),
            (_("Overdue invoices"), overdue.count(), f"{orders_url}?money=overdue"),
        ]
        waiting = Refund.objects.filter(payment__method__in=PAY_LATER, state=RefundState.CREATED)
        failed = Refund.objects.filter(state=RefundState.FAILED)
        listed += [
            (_("Refunds to be paid by hand"), waiting.count(), f"{refunds_url}?state=created&{by_hand}"),
            (_("Refunds that failed"), failed.count(), f"{refunds_url}?state=failed"),
        ]
        return {"rows": [row for row in listed if row[1]]}


def _order(request: SignedInRequest, pk: int, permission: str) -> Order:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return get_object_or_404(Order, pk=pk)


def _ask(
    request: SignedInRequest, order: Order, form: MoneyForm, question: str, label: str, *, is_serious: bool = False
) -> HttpResponse:
    context = {
        "form": form,
        "question": question,
        "label": label,
        "is_serious": is_serious,
        "back_url": reverse("orders:inspect", args=[order.pk]),
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("orders:index"), "label": _("Orders")},
            {"url": reverse("orders:inspect", args=[order.pk]), "label": order.number},
            {"url": "", "label": label},
        ],
        "header_title": label,
    }
    return render(request, "commerce/office/money_form.html", context, status=422 if form.is_bound else 200)
