"""Gift cards in the Wagtail admin, under Offers. Staff see the last four letters of a code, never the code.

A `ModelViewSet`, not a snippet, for the reason that orders are none: no chooser of other people's money.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.crypto import get_random_string
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.auth import require_admin_access
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import HeaderButton

from accounts.requests import SignedInRequest
from commerce.exceptions import CommerceError
from commerce.models import GiftCard, GiftCardEntry
from commerce.models.gift_cards import EntryKind
from commerce.services import gift_card_sales, gift_cards
from core.money import Money

VIEW, CHANGE, ISSUE = (f"commerce.{action}_giftcard" for action in ("view", "change", "issue"))


class GiftCardFilterSet(WagtailFilterSet):
    """Narrows the list down."""

    status = django_filters.MultipleChoiceFilter(choices=GiftCard.Status.choices, label=gettext_lazy("Status"))

    class Meta:
        model = GiftCard
        fields = ("status",)


class GiftCardIndexView(IndexView):
    """The list, with the ways to issue cards and to the figures."""

    any_permission_required = ["view"]

    def get_base_queryset(self) -> QuerySet[GiftCard]:
        """Cards with the order that bought them."""
        return GiftCard.objects.select_related("order_line__order")

    @cached_property
    def header_buttons(self) -> list[Any]:
        """Issue by hand, for those who may; figures for everybody."""
        buttons = [HeaderButton(_("Figures"), url=reverse("gift_cards:figures"), icon_name="view")]
        if self.request.user.has_perm(ISSUE):
            buttons.append(HeaderButton(_("Issue by hand"), url=reverse("gift_cards:issue"), icon_name="plus"))
        return buttons


class GiftCardInspectView(InspectView):
    """One card with its ledger, and what this colleague may do with it."""

    any_permission_required = ["view"]
    template_name = "commerce/office/gift_card.html"
    page_title = gettext_lazy("Gift card")

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """A card is neither edited nor deleted."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The card, what happened to it, and the actions."""
        card: GiftCard = self.object
        return {
            **super().get_context_data(**kwargs),
            "card": card,
            "order": card.order_line.order if card.order_line else None,
            "entries": card.entries.select_related("card", "order", "actor").order_by("-pk"),
            "actions": [
                (name, action.label)
                for name, action in ACTIONS.items()
                if self.request.user.has_perms(action.permissions) and action.suits(card)
            ],
        }


class GiftCardViewSet(ModelViewSet):
    """Gift cards, found and looked at."""

    model = GiftCard
    name = "gift_cards"
    icon = "tag"
    menu_label = gettext_lazy("Gift cards")
    copy_view_enabled = False
    inspect_view_enabled = True
    form_fields = ()
    index_view_class = GiftCardIndexView
    inspect_view_class = GiftCardInspectView
    inspect_template_name = "commerce/office/gift_card.html"
    filterset_class = GiftCardFilterSet
    search_fields = ["last4", "recipient_email", "order_line__order__number", "order_line__order__email"]
    search_backend_name = None
    list_per_page = 50
    list_display = [
        Column("card", label=gettext_lazy("Card"), accessor="__str__"),
        Column("order", label=gettext_lazy("Order"), accessor="order_line.order.number"),
        Column("recipient_email", label=gettext_lazy("For"), accessor="recipient_email"),
        Column("initial", label=gettext_lazy("Held at first"), accessor="initial", sort_key="initial_amount"),
        Column("balance", label=gettext_lazy("Holds"), accessor="balance", sort_key="balance_amount"),
        Column("state", label=gettext_lazy("State"), accessor="state"),
        DateColumn("issued_at", label=gettext_lazy("Issued"), sort_key="issued_at"),
    ]

    def get_urlpatterns(self) -> list[URLPattern]:
        """The list, a card's page and its actions; no view that adds, edits or deletes."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("inspect/<int:pk>/", self.inspect_view, name="inspect"),
            path("issue/", issue, name="issue"),
            path("figures/", figures, name="figures"),
            path("<int:pk>/<slug:name>/", act, name="act"),
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without the addresses of views that there are not."""
        kwargs = super().get_common_view_kwargs(**kwargs)
        for view in ("add", "edit", "delete", "history", "usage"):
            kwargs[f"{view}_url_name"] = None
        return kwargs


# --- What is done to one card --------------------------------------------------------------------


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=255)


class AddressForm(forms.Form):
    """Where to."""

    address = forms.EmailField(label=gettext_lazy("Email"))


class BalanceForm(ReasonForm):
    """What a card is to hold, and why."""

    balance = forms.DecimalField(label=gettext_lazy("It holds"), min_value=0, max_digits=9, decimal_places=2)
    field_order = ("balance", "reason")


class Action:
    """Something that a colleague with the permissions does to a card that it suits."""

    def __init__(
        self,
        label: Any,
        permissions: tuple[str, ...],
        statuses: tuple[str, ...],
        form: type[forms.Form],
        do: Callable[[GiftCard, Any, dict[str, Any]], None],
    ) -> None:
        self.label, self.permissions, self.form, self.do = label, permissions, form, do
        self._statuses = statuses

    def suits(self, card: GiftCard) -> bool:
        """Whether the card is in a state for it."""
        return card.status in self._statuses


GOOD, BLOCKED = GiftCard.Status.ACTIVE, GiftCard.Status.BLOCKED
ACTIONS = {
    "send": Action(
        gettext_lazy("Send again"), (CHANGE,), (GOOD,), AddressForm,
        lambda card, _user, data: gift_card_sales.send_again(card, data["address"]),
    ),
    "block": Action(
        gettext_lazy("Block"), (CHANGE,), (GOOD,), ReasonForm,
        lambda card, user, data: gift_cards.block(card.pk, user, data["reason"]),
    ),
    "unblock": Action(
        gettext_lazy("Unblock"), (CHANGE,), (BLOCKED,), ReasonForm,
        lambda card, user, data: gift_cards.unblock(card.pk, user, data["reason"]),
    ),
    "renew": Action(
        gettext_lazy("Give it a new code"), (CHANGE, ISSUE), (GOOD, BLOCKED), ReasonForm,
        lambda card, user, data: gift_cards.renew(card.pk, user, data["reason"]),
    ),
    "correct": Action(
        gettext_lazy("Correct what it holds"), (CHANGE, ISSUE), (GOOD, BLOCKED), BalanceForm,
        lambda card, user, data: gift_cards.correct(
            card.pk, Money(data["balance"], card.currency), user, data["reason"]
        ),
    ),
}  # fmt: skip


@require_admin_access
def act(request: SignedInRequest, pk: int, name: str) -> HttpResponse:
    """Ask what the action needs, then do it."""
    action = ACTIONS.get(name)
    if action is None or not request.user.has_perms(action.permissions):
        raise PermissionDenied
    card = get_object_or_404(GiftCard.objects.select_related("order_line__order"), pk=pk)
    form = action.form(request.POST or None, initial={"address": _address_of(card), "balance": card.balance.amount})
    if form.is_bound and form.is_valid():
        try:
            action.do(card, request.user, form.cleaned_data)
        except CommerceError as refusal:
            messages.error(request, refusal.public)
        else:
            messages.success(request, _("Done."))
        return redirect("gift_cards:inspect", pk)
    return _form_page(request, form, f"{card}: {action.label}", str(action.label), card)


def _address_of(card: GiftCard) -> str:
    return card.recipient_email or (card.order_line.order.email if card.order_line else "")


# --- Issuing by hand -----------------------------------------------------------------------------


class IssueForm(forms.Form):
    """Cards that nobody buys. `key` tells a form that was sent twice."""

    key = forms.CharField(max_length=40, widget=forms.HiddenInput)
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"), min_value=Decimal(1), max_value=Decimal(1000), decimal_places=2
    )
    count = forms.IntegerField(
        label=gettext_lazy("Cards"), min_value=1, max_value=gift_cards.MOST_AT_ONCE, initial=1,
        help_text=gettext_lazy("Without an address below, you get their codes as a file (CSV), once."),
    )  # fmt: skip
    valid_until = forms.DateField(
        label=gettext_lazy("Good until"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: as those that are sold."),
    )  # fmt: skip
    recipient_name = forms.CharField(label=gettext_lazy("Recipient’s name"), max_length=120, required=False)
    recipient_email = forms.EmailField(label=gettext_lazy("Recipient’s email"), required=False)
    message = forms.CharField(
        label=gettext_lazy("Message"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=255)

    def clean(self) -> dict[str, Any]:
        """One address gets one card."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("recipient_email") and cleaned.get("count", 1) > 1:
            self.add_error("count", _("One address gets one card."))
        return cleaned


@require_admin_access
def issue(request: SignedInRequest) -> HttpResponse:
    """Issue one card, which is mailed, or a batch, whose codes are told once: in the answer."""
    if not request.user.has_perm(ISSUE):
        raise PermissionDenied
    form = IssueForm(request.POST or None, initial={"key": get_random_string(32)})
    if not (form.is_bound and form.is_valid()):
        return _form_page(request, form, _("Issue gift cards by hand"), _("Issue"), None)
    about = dict(form.cleaned_data)
    amount = Money(about.pop("amount"), settings.SHOP_CURRENCY)
    cards = gift_cards.issue_by_hand(
        amount, about.pop("count"), key=about.pop("key"), actor=request.user, reason=about.pop("reason"), **about
    )
    if not cards:
        messages.warning(request, _("These cards were issued already."))
    elif about["recipient_email"]:
        gift_card_sales.hand_over(cards[0])
        messages.success(request, _("The card is on its way by e-mail."))
        return redirect("gift_cards:inspect", cards[0].pk)
    else:
        return _codes_file(cards)
    return redirect("gift_cards:index")


def _codes_file(cards: list[GiftCard]) -> HttpResponse:
    """Codes as CSV. They are made of letters and digits, so no spreadsheet takes one for a formula."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="gift-cards-{cards[0].pk}.csv"'
    writer = csv.writer(response)
    writer.writerow(["code", "amount", "currency", "good until"])
    for card in cards:
        writer.writerow([card.code, card.initial.amount, card.currency, card.valid_until or ""])
    return response


# --- Figures -------------------------------------------------------------------------------------


@require_admin_access
def figures(request: SignedInRequest) -> HttpResponse:
    """What was sold, given, spent and ended, and what the shop owes to those who have cards, by currency."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    context = {
        "rows": _figures(),
        "header_title": _("Figures of gift cards"),
        "breadcrumbs_items": _breadcrumbs(_("Figures"), None),
    }
    return render(request, "commerce/office/gift_card_figures.html", context)


def _figures() -> list[dict[str, Any]]:
    """One row a currency. What is owed is the balance of all cards; the rest is read from their entries."""
    kind = Case(
        When(kind=EntryKind.ISSUED, order=None, then=Value("given")),
        When(kind=EntryKind.ISSUED, then=Value("sold")),
        When(kind__in=[EntryKind.REDEEMED, EntryKind.REFUNDED], then=Value("spent")),
        When(kind__in=[EntryKind.EXPIRED, EntryKind.WITHDRAWN, EntryKind.CORRECTED], then=F("kind")),
        default=Value(""),
    )
    sums = GiftCardEntry.objects.order_by().values("card__currency", what=kind).annotate(sum=Sum("amount"))
    moved = {(row["card__currency"], row["what"]): row["sum"] for row in sums}
    owed = (
        GiftCard.objects.order_by("currency")
        .values("currency")
        .annotate(owed=Sum("balance_amount"), open=Count("pk", filter=Q(balance_amount__gt=0)))
    )
    names = ("sold", "given", "spent", "expired", "withdrawn", "corrected")
    return [
        {
            "currency": row["currency"],
            "open": row["open"],
            "owed": Money(row["owed"], row["currency"]),
            **{name: Money(moved.get((row["currency"], name), Decimal(0)), row["currency"]) for name in names},
        }
        for row in owed
    ]


def _form_page(
    request: HttpRequest, form: forms.Form, title: str, label: str, card: GiftCard | None
) -> HttpResponse:  # fmt: skip
    context = {
        "form": form,
        "label": label,
        "back_url": reverse("gift_cards:inspect", args=[card.pk]) if card else reverse("gift_cards:index"),
        "header_title": title,
        "breadcrumbs_items": _breadcrumbs(label, card),
    }
    return render(request, "commerce/office/gift_card_form.html", context, status=422 if form.is_bound else 200)


def _breadcrumbs(label: str, card: GiftCard | None) -> list[dict[str, str]]:
    between = [{"url": reverse("gift_cards:inspect", args=[card.pk]), "label": str(card)}] if card else []
    return [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("gift_cards:index"), "label": _("Gift cards")},
        *between,
        {"url": "", "label": label},
    ]
