"""Prices in the Wagtail admin: of one edition, of many, from a list. Nothing is applied that was not shown before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_required
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet

from catalog import prices
from catalog.models import Edition, PriceChange
from catalog.offers import PriceTerm
from catalog.price_forms import ChangeForm, PriceListForm
from catalog.price_history import Asked, Era, asked
from core.money import Money

MAY_CHANGE = "catalog.change_price"
SHOWN = 50
"""Editions of a plan that are shown; the others are counted."""


@dataclass(frozen=True, slots=True)
class Step:
    """What shoppers see of an edition from a moment on."""

    since: dt.datetime
    money: Money | None
    former: Money | None

    @classmethod
    def of(cls, moment: Asked, currency: str) -> Step:
        """A moment of a plan."""
        price = moment.price
        former = Money(price.former, currency) if price and price.former else None
        return cls(moment.since, Money(price.amount, currency) if price else None, former)


class PricesView(WagtailAdminTemplateMixin, TemplateView):
    """Furniture of every page about prices."""

    header_icon = "tag"
    page_title = gettext_lazy("Prices")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """The way here."""
        first = {"url": reverse("prices:index"), "label": _("Prices")}
        return [*self.breadcrumbs_items, first, {"url": "", "label": self.get_page_title()}]


class PlanView(PricesView):
    """A form; then what it comes to; then, if that is still so, the change."""

    form_class: type[Any]
    cause: str
    preview_template = "catalog/admin/prices_preview.html"

    def initial(self) -> dict[str, Any]:
        """What the form begins with."""
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The empty form."""
        return self._answer(self.template_name, form=self.form_class(initial=self.initial()))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The preview, or, with `seen`, the change."""
        form = self.form_class(request.POST, request.FILES)
        if "back" in request.POST or not form.is_valid():
            return self._answer(self.template_name, form=form)
        wishes = form.wishes()
        if "seen" not in request.POST:
            return self._preview(form, wishes)
        try:
            changed = prices.apply(wishes, seen=request.POST["seen"], user=request.user, cause=self.cause)  # type: ignore[arg-type]
        except prices.ChangedMeanwhile:
            messages.error(request, _("Prices were changed meanwhile; nothing was applied. Look at the plan again."))
            return self._preview(form, wishes, status=409)
        count = len(changed)
        messages.success(request, ngettext("%d price was changed.", "%d prices were changed.", count) % count)
        alone = {wish.edition_id for wish in wishes}
        return redirect("prices:edition", alone.pop()) if len(alone) == 1 else redirect("prices:index")

    def _preview(self, form: Any, wishes: Sequence[prices.Wish], status: int = 200) -> HttpResponse:
        planned = prices.plan(wishes)
        changed = [entry for entry in planned if entry.is_change]
        refused = [(entry, problem) for entry in planned for problem in entry.problems]
        return self._answer(
            self.preview_template,
            status,
            fields=_carried(form),
            seen=prices.sign_of(planned),
            changed=[(entry, [Step.of(moment, entry.currency) for moment in entry.shown]) for entry in changed[:SHOWN]],
            changes=len(changed),
            hidden=max(len(changed) - SHOWN, 0),
            unchanged=len(planned) - len({entry.edition.pk for entry in (*changed, *(e for e, _p in refused))}),
            refused=refused[:SHOWN],
            refusals=len(refused) + len(form.problems),
            problems=form.problems,
        )

    def _answer(self, template: str | None, status: int = 200, **context: Any) -> HttpResponse:
        self.template_name = template
        return self.render_to_response(self.get_context_data(**context), status=status)


def _carried(form: Any) -> list[tuple[str, Any]]:
    """The answers of a form, to be sent again; a file as its text."""
    if isinstance(form, PriceListForm):
        return [("text", form.cleaned_data["text"])]
    return [(name, form.data[name]) for name in form.fields if form.data.get(name)]


class ChangeView(PlanView):
    """Change the prices of some editions, or of all of a publisher, a tag, a format."""

    form_class = ChangeForm
    cause = PriceChange.Cause.STAFF
    page_title = gettext_lazy("Change prices")
    template_name = "catalog/admin/prices_change.html"

    def initial(self) -> dict[str, Any]:
        """The editions that were ticked."""
        return {"editions": self.request.GET.get("editions", "")}


class ListView(PlanView):
    """Change prices by a list."""

    form_class = PriceListForm
    cause = PriceChange.Cause.LIST
    page_title = gettext_lazy("Import a price list")
    template_name = "catalog/admin/prices_import.html"


class EditionPricesView(PricesView):
    """What shoppers are and will be asked for an edition, what they were asked, and the form to change it."""

    template_name = "catalog/admin/prices_edition.html"

    @cached_property
    def edition(self) -> Edition:
        """The edition that the address names."""
        return get_object_or_404(Edition.objects.select_related("product").with_offer(), pk=self.kwargs["pk"])

    def get_page_title(self) -> str:
        """The edition's name."""
        return str(self.edition)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Present, future, past, form."""
        form = ChangeForm(initial={"editions": str(self.edition.pk)})
        for name in ("publisher", "tag", "format"):
            form.fields[name].widget = forms.HiddenInput()
        now = timezone.now()
        changes = list(self.edition.price_changes.select_related("user").order_by("-at", "-pk")[:SHOWN])
        currencies = {price.currency for price in self.edition.prices.all()} | {change.currency for change in changes}
        known = {currency: prices.eras_of(self.edition, currency) for currency in sorted(currencies)}
        future = [Step.of(moment, currency) for currency, eras in known.items() for moment in asked(eras, now)]
        return super().get_context_data(
            edition=self.edition,
            form=form,
            steps=future,
            past=[(change, _difference(change, known[change.currency])) for change in changes],
            lowest=prices.lowest_price_since(self.edition, now),
            **kwargs,
        )


def _difference(change: PriceChange, eras: Sequence[Era]) -> list[tuple[str, Money, PriceTerm]]:
    """What a change took away (−) and what it brought (+)."""
    place = next(number for number, era in enumerate(eras) if era.until == change.at)
    old, new = ({_bare(price): price for price in era.prices} for era in (eras[place], eras[place + 1]))
    gone = [("−", Money(price.amount, change.currency), price) for key, price in old.items() if key not in new]
    come = [("+", Money(price.amount, change.currency), price) for key, price in new.items() if key not in old]
    return gone + come


def _bare(price: PriceTerm) -> tuple[Any, ...]:
    return price.amount, price.tax_included, price.is_fixed, price.starts_at, price.ends_at


class PricesMenuItem(MenuItem):
    """Shown to those who may change prices."""

    def is_shown(self, request: HttpRequest) -> bool:
        """For those who may change them."""
        return bool(request.user.has_perm(MAY_CHANGE))


class PricesViewSet(ViewSet):
    """The menu item "Prices" and its pages."""

    name = "prices"
    icon = "tag"
    menu_label = gettext_lazy("Prices")
    menu_order = 121
    menu_item_class = PricesMenuItem
    add_to_admin_menu = True

    def get_urlpatterns(self) -> list[Any]:
        """Change many, import a list, one edition."""
        guarded = permission_required(MAY_CHANGE)
        return [
            path("", guarded(ChangeView.as_view()), name="index"),
            path("import/", guarded(ListView.as_view()), name="import"),
            path("edition/<int:pk>/", guarded(EditionPricesView.as_view()), name="edition"),
        ]
