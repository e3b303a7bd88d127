"""Forms in which staff say what prices are to become."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from catalog import price_lists
from catalog.choices import Format
from catalog.models import Edition, Publisher, Tag
from catalog.price_sums import CALCULATED, Operation, Rounding, Sum
from catalog.prices import MOST_AT_ONCE, Wish
from core.money import check_currency

LARGEST_FILE = 1024 * 1024


def _moment_field(label: Any, help_text: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, help_text=help_text, widget=widget)


class ChangeForm(forms.Form):
    """One change for the editions that are named, or for all that a publisher, a tag and a format choose."""

    editions = forms.CharField(required=False, widget=forms.HiddenInput, max_length=60_000)
    publisher = forms.CharField(label=_("Publisher"), required=False, max_length=255, help_text=_("Its whole name."))
    tag = forms.CharField(label=_("Tag"), required=False, max_length=255)
    format = forms.ChoiceField(label=_("Format"), required=False, choices=[("", "–"), *Format.choices])
    operation = forms.ChoiceField(label=_("Change"), choices=Operation.choices)
    value = forms.DecimalField(
        label=_("Amount or percent"), required=False, min_value=0, max_digits=10, decimal_places=3
    )
    rounding = forms.ChoiceField(
        label=_("Round"), choices=Rounding.choices, required=False,
        help_text=_("What is worked out: raised prices upwards, lowered ones downwards."),
    )  # fmt: skip
    currency = forms.CharField(label=_("Currency"), max_length=3, initial=lambda: settings.SHOP_CURRENCY)
    starts_at = _moment_field(_("From"), _("Empty: at once."))
    ends_at = _moment_field(_("Until"), _("With an end it is an offer; empty: until further notice."))

    def clean_editions(self) -> list[int]:
        """Keys of editions."""
        keys = [key for key in self.cleaned_data["editions"].split(",") if key]
        if not all(key.isascii() and key.isdecimal() and len(key) < 19 for key in keys):
            raise ValidationError(_("The editions are not named as they should be."))
        return [int(key) for key in keys]

    def clean_publisher(self) -> Publisher | None:
        """A publisher of the shop."""
        return _named(Publisher, self.cleaned_data["publisher"])

    def clean_tag(self) -> Tag | None:
        """A tag of the shop."""
        return _named(Tag, self.cleaned_data["tag"])

    def clean_currency(self) -> str:
        """A currency in use."""
        currency: str = self.cleaned_data["currency"].upper()
        check_currency(currency)
        return currency

    def clean(self) -> dict[str, Any]:
        """What is chosen, and dates and figures that go with the operation."""
        cleaned = super().clean() or self.cleaned_data
        operation, value = cleaned.get("operation"), cleaned.get("value")
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if not self.errors and not any(cleaned.get(name) for name in ("editions", "publisher", "tag", "format")):
            raise ValidationError(_("Choose a publisher, a tag or a format, or tick editions in their list."))
        if operation in CALCULATED and value is None and "value" not in self.errors:
            self.add_error("value", _("By how much, or to what?"))
        if operation not in CALCULATED and (starts or ends):
            self.add_error("starts_at" if starts else "ends_at", _("This happens at once: leave the dates empty."))
        if ends and ends <= max(starts or timezone.now(), timezone.now()):
            self.add_error("ends_at", _("The end must come after the beginning, and after now."))
        if not self.errors and self._chosen().count() > MOST_AT_ONCE:
            raise ValidationError(
                _("More than %(most)d editions are chosen: change them in several steps.") % {"most": MOST_AT_ONCE}
            )
        return cleaned

    def wishes(self) -> list[Wish]:
        """The change for every edition that is chosen."""
        cleaned = self.cleaned_data
        change = Sum(
            Operation(cleaned["operation"]),
            cleaned["value"] or Decimal(0),
            Rounding(cleaned["rounding"] or Rounding.EXACT),
        )
        return [
            Wish(pk, cleaned["currency"], change, cleaned["starts_at"], cleaned["ends_at"])
            for pk in self._chosen().order_by("pk").values_list("pk", flat=True)
        ]

    def _chosen(self) -> Any:
        cleaned = self.cleaned_data
        if cleaned["editions"]:
            return Edition.objects.filter(pk__in=cleaned["editions"])
        found = Edition.objects.filter(is_active=True)
        if cleaned["publisher"]:
            found = found.filter(product__publisher=cleaned["publisher"])
        if cleaned["tag"]:
            found = found.filter(product__book_tags__tag=cleaned["tag"])
        if cleaned["format"]:
            found = found.filter(format=cleaned["format"])
        return found.distinct()

    @property
    def problems(self) -> list[str]:
        """Nothing that the plan does not say itself."""
        return []


class PriceListForm(forms.Form):
    """A list of prices as CSV: a file, or the text of one that was shown already."""

    file = forms.FileField(
        label=_("Price list (CSV)"), required=False,
        help_text=_("Columns isbn, price, currency, and, for offers, starts and ends. See docs/prices.md."),
    )  # fmt: skip
    text = forms.CharField(required=False, widget=forms.HiddenInput, strip=False, max_length=LARGEST_FILE)

    def clean(self) -> dict[str, Any]:
        """Read the list."""
        cleaned = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        if file and file.size > LARGEST_FILE:
            raise ValidationError(_("The file is larger than a megabyte: split it."))
        if file:
            cleaned["text"] = price_lists.text_of(file.read())
        if not self.errors and not cleaned.get("text"):
            raise ValidationError(_("Choose a file."))
        if not self.errors:
            try:
                self.list = price_lists.read(cleaned["text"])
            except price_lists.Unreadable as error:
                raise ValidationError(str(error)) from error
        return cleaned

    def wishes(self) -> list[Wish]:
        """The rows that can be read."""
        return self.list.wishes

    @property
    def problems(self) -> list[str]:
        """The rows that cannot, each with its line and the reason."""
        count = len(self.list.problems)
        shown = self.list.problems[:50]
        if count > len(shown):
            more = count - len(shown)
            shown = [*shown, ngettext("… and %d row more", "… and %d rows more", more) % more]
        return shown


def _named(model: type[Publisher] | type[Tag], name: str) -> Any:
    if not name:
        return None
    found = model._default_manager.filter(name__iexact=name).first()
    if found is None:
        raise ValidationError(_("There is none with the name “%(name)s”.") % {"name": name})
    return found
