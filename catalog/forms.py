"""Forms of the Wagtail admin for what is sold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from catalog import isbn as isbns
from catalog import prices, stock
from catalog.models import Edition, StockMovement
from catalog.price_sums import Operation, Sum


class EditionForm(WagtailAdminModelForm):
    """An edition with the copies on the shelf, and, where it is new, the shop's price.

    The count is applied as a difference to what the form showed, so a sale that happened meanwhile is not undone.
    Later prices are changed on a page of their own, which first shows what shoppers will see.
    """

    isbn = forms.CharField(
        label="ISBN", required=False, max_length=24,
        help_text=_("Hyphens and ISBN-10 are understood. Empty for goods without one."),
    )  # fmt: skip
    shop_price = forms.DecimalField(
        label=_("Price"), required=False, min_value=0, max_digits=12, decimal_places=2,
        help_text=_("What one copy costs, tax included. Empty: the price of the publisher's feed counts."),
    )  # fmt: skip
    on_hand = forms.IntegerField(
        label=_("Copies on hand"), required=False, min_value=0, max_value=1_000_000,
        help_text=_("On our shelf, promised copies included. Downloads need none."),
    )  # fmt: skip
    stock_kind = forms.ChoiceField(
        label=_("Why more or fewer"), required=False, choices=StockMovement.STAFF_KINDS,
        initial=StockMovement.Kind.COUNTED,
    )  # fmt: skip
    stock_why = forms.CharField(
        label=_("Note on it"), required=False, max_length=200,
        help_text=_("Kept with the movement: a delivery note, a reason."),
    )  # fmt: skip
    on_hand_shown = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        edition: Edition = self.instance
        if "shop_price" in self.fields:
            self.fields["shop_price"].label = _("Price in %(currency)s") % {"currency": settings.SHOP_CURRENCY}
        if edition.pk:
            self.fields.pop("shop_price", None)
            record = getattr(edition, "stock", None)
            self.initial["on_hand"] = self.initial["on_hand_shown"] = record.on_hand if record else 0

    def clean_isbn(self) -> str | None:
        """Kept as 13 digits."""
        given = self.cleaned_data["isbn"]
        try:
            return isbns.normalise(given) if given else None
        except isbns.InvalidISBN as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """Refuse to count fewer copies than are promised to customers."""
        cleaned = super().clean()
        record = getattr(self.instance, "stock", None) if self.instance.pk else None
        if record and record.on_hand + self._stock_change(cleaned) < record.allocated:
            raise ValidationError(
                {"on_hand": _("%(count)s copies are promised to customers; no fewer can be on hand.")
                 % {"count": record.allocated}}
            )  # fmt: skip
        change, kind = self._stock_change(cleaned), cleaned.get("stock_kind")
        if (change < 0 and kind == StockMovement.Kind.RECEIVED) or (
            change > 0 and kind == StockMovement.Kind.WRITTEN_OFF
        ):
            self.add_error("stock_kind", _("The number of copies says the opposite."))
        return cleaned

    @transaction.atomic
    def save(self, commit: bool = True) -> Edition:
        """Save the edition, its first price and the difference in copies.

        Raises:
            InsufficientStock: copies were promised since the form was checked. Nothing is saved then.
        """
        edition: Edition = super().save(commit=commit)
        if commit:
            if (price := self.cleaned_data.get("shop_price")) is not None:
                wish = prices.Wish(edition.pk, settings.SHOP_CURRENCY, Sum(Operation.SET, price))
                prices.apply([wish], seen=None, user=self.for_user)
            stock.adjust(
                edition.pk,
                self._stock_change(self.cleaned_data),
                kind=self.cleaned_data.get("stock_kind") or StockMovement.Kind.COUNTED,
                user=self.for_user,
                why=self.cleaned_data.get("stock_why") or "",
            )
        return edition

    @staticmethod
    def _stock_change(cleaned: dict[str, Any]) -> int:
        shown = cleaned.get("on_hand_shown") or 0
        now = cleaned.get("on_hand")
        return (shown if now is None else now) - shown
