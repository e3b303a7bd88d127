"""Postal addresses as their countries write them, and the form that asks for one."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.address_formats import POSTCODE_NAMES, REGION_NAMES, regions_of, rules_of, wants_region
from accounts.models import PostalAddress
from core.forms import OneSpelling

FIELDS = ("full_name", "line_1", "line_2", "town", "region", "postcode", "country")
STREET = ("line_1", "line_2", "town", "region", "postcode")


def every_country() -> list[tuple[str, str]]:
    """Code and name of each country, by name."""
    return [(country.code, country.name) for country in countries]


class PostalAddressForm(OneSpelling, forms.ModelForm):
    """An address. What is asked for, and how the postcode is checked, follow the country."""

    class Meta:
        model = PostalAddress
        fields = FIELDS
        labels = {
            "full_name": _("Full name"),
            "line_1": _("Address line 1"),
            "line_2": _("Address line 2"),
            "town": _("Town or city"),
            "region": _("State or province"),
            "postcode": _("Postcode"),
            "country": _("Country"),
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "full_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "line_1": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "line_2": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "town": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "region": forms.TextInput(attrs={"autocomplete": "address-level1"}),
            "postcode": forms.TextInput(attrs={"autocomplete": "postal-code"}),
        }

    def __init__(self, *args: Any, country_choices: list[tuple[str, str]], needs_street: bool = True, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"), choices=country_choices, widget=forms.Select(attrs={"autocomplete": "country"})
        )
        self.needs_street = needs_street
        if needs_street:
            country = str(self["country"].value() or "")
            self._ask_as_the_country_does(country if country in dict(country_choices) else "")
        else:
            for name in STREET:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """The postcode as the country writes it, the region where it writes one."""
        cleaned = super().clean()
        if self.needs_street and cleaned.get("country"):
            if not wants_region(cleaned["country"]):
                cleaned["region"] = ""
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
        self._ask_for_the_region(country)
        town.error_messages["required"] = _("Please give the town or city.")
        postcode.error_messages["required"] = _("Please give the postcode.")

    def _ask_for_the_region(self, country: str) -> None:
        rules = rules_of(country)
        region = self.fields["region"]
        if rules is None or not wants_region(country):
            region.widget = forms.HiddenInput()
            return
        region.required = "country_area" in rules.required_fields
        region.label = REGION_NAMES.get(rules.country_area_type, region.label)
        region.error_messages["required"] = _("Please give the %(region)s.") % {"region": str(region.label).lower()}
        if regions := regions_of(country):
            choices = [("", _("Please choose")), *regions]
            self.fields["region"] = forms.ChoiceField(
                label=region.label,
                required=region.required,
                choices=choices,
                widget=forms.Select(attrs={"autocomplete": "address-level1"}),
                error_messages={**region.error_messages, "invalid_choice": _("Please choose from the list.")},
            )
        self.fields["region"].widget.use_required_attribute = lambda initial: False  # as above

    def _check_postcode(self, cleaned: dict[str, Any]) -> None:
        rules = rules_of(cleaned["country"])
        postcode = cleaned["postcode"] = (cleaned.get("postcode") or "").upper()
        matchers = rules.postal_code_matchers if rules else []
        if postcode and not all(matcher.match(postcode) for matcher in matchers):
            country = dict(self.fields["country"].choices)[cleaned["country"]]
            said = _("This postcode does not fit the country (%(country)s).") % {"country": country}
            self.add_error("postcode", ValidationError(said))
