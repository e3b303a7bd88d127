"""Promotions and vouchers in the Wagtail admin, with what came of them."""

from __future__ import annotations

import csv
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, DecimalField, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.auth import require_admin_access
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, MultipleChooserPanel
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn
from wagtail.admin.widgets.button import HeaderButton
from wagtail.snippets.views.snippets import EditView, SnippetViewSet, SnippetViewSetGroup

from accounts.requests import SignedInRequest
from commerce.models import OrderDiscount, Promotion, Voucher, VoucherCode
from commerce.office.gift_cards import GiftCardViewSet
from commerce.services import vouchers
from core.money import Money

MOST_CODES = 5_000
"""Codes of one batch."""
CHANGE = "commerce.change_voucher"

TIMES = MultiFieldPanel(
    [FieldPanel("is_active"), FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")])],
    heading=gettext_lazy("When"),
)
SCOPE = MultiFieldPanel(
    [
        MultipleChooserPanel("tags", label=gettext_lazy("Tags"), chooser_field_name="tag"),
        MultipleChooserPanel("books", label=gettext_lazy("Books"), chooser_field_name="page"),
        FieldRowPanel([FieldPanel("minimum"), FieldPanel("currency")]),
    ],
    heading=gettext_lazy("On what: everything, where neither tags nor books are chosen"),
)


def with_figures(rules: QuerySet[Any], source: str) -> QuerySet[Any]:
    """Rules with the orders they were used in and what they took off in their currency, cancelled orders left out.

    `given_elsewhere` is True where they took something off in other currencies too.
    """
    uses = _uses(source, OuterRef("pk"))
    taken, own = uses.values("rule_id"), Q(order__currency=OuterRef("currency"))
    money: DecimalField[Any, Any] = DecimalField(max_digits=14, decimal_places=3)
    return rules.annotate(
        orders=Coalesce(Subquery(taken.annotate(count=Count("order", distinct=True)).values("count")), 0),
        given=Coalesce(
            Subquery(taken.annotate(sum=Sum("amount", filter=own)).values("sum")), Value(0), output_field=money
        ),
        given_elsewhere=Exists(uses.filter(~own, amount__gt=0)),
    )


def _uses(source: str, rule_id: Any) -> QuerySet[OrderDiscount]:
    """What a rule took off orders. One that was refused for some of the books took something off the others."""
    uses = OrderDiscount.objects.filter(Q(refusal="") | Q(amount__gt=0), source=source, rule_id=rule_id)
    return uses.exclude(order__status="cancelled").order_by()


def given_away(rule: Any) -> str:
    """What a rule of `with_figures` took off, a sum for each currency. Most know one."""
    sums = [Money(rule.given, rule.currency)]
    if rule.given_elsewhere:
        source = OrderDiscount.Source.VOUCHER if isinstance(rule, Voucher) else OrderDiscount.Source.PROMOTION
        others = _uses(source, rule.pk).exclude(order__currency=rule.currency).values_list("order__currency")
        found = others.annotate(sum=Sum("amount")).order_by("order__currency")
        sums += [Money(amount, currency) for currency, amount in found]
    return " + ".join(map(str, sums))


def _state(rule: Any) -> str:
    now = timezone.now()
    if not rule.is_active:
        return _("Off")
    if rule.starts_at and now < rule.starts_at:
        return _("Coming")
    return _("Over") if rule.ends_at and now >= rule.ends_at else _("On")


class PromotionViewSet(SnippetViewSet):
    """What every basket gets by itself."""

    model = Promotion
    icon = "pick"
    menu_label = gettext_lazy("Promotions")
    list_display = [
        "name",
        Column("kind", label=gettext_lazy("What"), accessor="get_kind_display"),
        Column("state", label=gettext_lazy("State"), accessor=_state),
        DateColumn("starts_at", label=gettext_lazy("From")),
        DateColumn("ends_at", label=gettext_lazy("Until")),
        Column("orders", label=gettext_lazy("Orders"), sort_key="orders"),
        Column("given", label=gettext_lazy("Given away"), accessor=given_away, sort_key="given"),
    ]
    list_filter = ["kind", "is_active"]
    panels = [
        FieldPanel("name"),
        MultiFieldPanel(
            [
                FieldPanel("kind"),
                FieldRowPanel([FieldPanel("group"), FieldPanel("paid")]),
                FieldRowPanel([FieldPanel("percent"), FieldPanel("amount")]),
                FieldPanel("priority"),
            ],
            heading=gettext_lazy("What"),
        ),
        SCOPE,
        TIMES,
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        """With figures of use."""
        return with_figures(Promotion.objects.all(), OrderDiscount.Source.PROMOTION)


class VoucherEditView(EditView):
    """A voucher, with the way to its codes."""

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """Wagtail's, and the codes."""
        address = reverse("voucher_codes", args=[self.object.pk])
        return [*super().header_more_buttons, HeaderButton(_("Codes"), url=address, icon_name="key", priority=5)]


class VoucherViewSet(SnippetViewSet):
    """What shoppers get who know the code."""

    model = Voucher
    icon = "key"
    menu_label = gettext_lazy("Vouchers")
    edit_view_class = VoucherEditView
    list_display = [
        "name",
        Column("kind", label=gettext_lazy("What"), accessor="get_kind_display"),
        "value",
        Column("state", label=gettext_lazy("State"), accessor=_state),
        DateColumn("ends_at", label=gettext_lazy("Until")),
        Column("used", label=gettext_lazy("Used"), sort_key="used"),
        Column("given", label=gettext_lazy("Given away"), accessor=given_away, sort_key="given"),
        BooleanColumn("is_combinable", label=gettext_lazy("Combines")),
    ]
    list_filter = ["kind", "is_active"]
    panels = [
        FieldPanel("name"),
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("kind"), FieldPanel("value")]), FieldPanel("is_combinable")],
            heading=gettext_lazy("What"),
        ),
        SCOPE,
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [FieldPanel("uses_in_all"), FieldPanel("uses_per_customer"), FieldPanel("uses_per_code")]
                ),
                FieldPanel("first_order_only"),
                FieldPanel("customers"),
            ],
            heading=gettext_lazy("For whom, and how often"),
        ),
        TIMES,
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Voucher]:
        """With figures of use."""
        return with_figures(Voucher.objects.all(), OrderDiscount.Source.VOUCHER)


class OffersGroup(SnippetViewSetGroup):
    """The menu item "Offers"."""

    menu_label = gettext_lazy("Offers")
    menu_icon = "pick"
    menu_order = 290
    items = (PromotionViewSet, VoucherViewSet, GiftCardViewSet)


# --- Codes of a voucher --------------------------------------------------------------------------


class OneCodeForm(forms.ModelForm):
    """A word that is easily said: SUMMER."""

    class Meta:
        model = VoucherCode
        fields = ("code",)


class BatchForm(forms.Form):
    """How many codes are made at once."""

    count = forms.IntegerField(label=gettext_lazy("Codes"), min_value=1, max_value=MOST_CODES, initial=100)


@require_admin_access
def codes(request: SignedInRequest, pk: int) -> HttpResponse:
    """The codes of a voucher: add a word, or make a batch that nobody guesses."""
    voucher = _voucher(request, pk)
    word = OneCodeForm(request.POST if "word" in request.POST else None, instance=VoucherCode(voucher=voucher))
    batch = BatchForm(request.POST if "batch" in request.POST else None)
    if word.is_bound and word.is_valid():
        word.save()
        messages.success(request, _("The code “%(code)s” can be used.") % {"code": word.instance.code})
        return redirect("voucher_codes", pk)
    if batch.is_bound and batch.is_valid():
        made = len(vouchers.make_codes(voucher, batch.cleaned_data["count"]))
        messages.success(
            request, ngettext("%(count)d code was made.", "%(count)d codes were made.", made) % {"count": made}
        )
        return redirect("voucher_codes", pk)
    context = {
        "voucher": voucher,
        "codes": voucher.codes.order_by("-pk")[:100],
        "total": voucher.codes.count(),
        "word": word,
        "batch": batch,
        "header_title": voucher.name,
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("wagtailsnippets_commerce_voucher:list"), "label": _("Vouchers")},
            {"url": reverse("wagtailsnippets_commerce_voucher:edit", args=[pk]), "label": voucher.name},
            {"url": "", "label": _("Codes")},
        ],
    }
    status = 422 if word.errors or batch.errors else 200
    return render(request, "commerce/office/codes.html", context, status=status)


@require_admin_access
def export_codes(request: SignedInRequest, pk: int) -> HttpResponse:
    """The codes of a voucher as CSV: code and how often it was used."""
    voucher = _voucher(request, pk)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="voucher-{voucher.pk}.csv"'
    writer = csv.writer(response)
    writer.writerow(["code", "used"])
    for code, used in voucher.codes.values_list("code", "used").iterator():
        writer.writerow([f"'{code}" if code[:1] in "=+-@" else code, used])
    return response


def _voucher(request: SignedInRequest, pk: int) -> Voucher:
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    return get_object_or_404(Voucher, pk=pk)


CODE_URLS: list[URLPattern] = [
    path("vouchers/<int:pk>/codes/", codes, name="voucher_codes"),
    path("vouchers/<int:pk>/codes.csv", export_codes, name="voucher_codes_export"),
]
