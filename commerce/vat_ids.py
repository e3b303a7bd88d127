"""VAT identification numbers of businesses in the European Union, checked by their form and check digits."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum.eu import vat
from stdnum.exceptions import ValidationError as NotANumber

_STATES = {"EL": "GR", "XI": "GB"}


def state_of(vat_id: str) -> str:
    """The country (ISO 3166, two letters) that gave out a number; empty for none."""
    return _STATES.get(vat_id[:2], vat_id[:2])


class VatIdForm(forms.Form):
    """The number of a business that buys from another country of the Union."""

    vat_id = forms.CharField(
        label=_("VAT number"),
        required=False,
        max_length=20,
        help_text=_("Only for businesses in another country of the European Union, with its two letters: DE136695976."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_vat_id(self) -> str:
        """The number without blanks and dots."""
        typed = self.cleaned_data["vat_id"]
        if not typed:
            return ""
        try:
            return str(vat.validate(typed))
        except NotANumber as error:
            raise ValidationError(_("This is not a VAT number of a country of the European Union.")) from error
