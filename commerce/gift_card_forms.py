"""The shape of a gift card that somebody buys."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commerce.forms import CodeForm
from commerce.models import GiftCardSettings
from core.money import Money

FURTHEST_DAYS = 366
"""A card may be sent on a day of the coming year."""


class GiftCardForm(forms.Form):
    """An amount, one of those offered or another one; whom it is for, and when it is sent."""

    amount = forms.ChoiceField(
        label=gettext_lazy("Amount"), widget=forms.RadioSelect, choices=(),
        error_messages={
            "required": gettext_lazy("How much is it to hold?"),
            "invalid_choice": gettext_lazy("Please choose an amount."),
        },
    )  # fmt: skip
    other = forms.DecimalField(
        label=gettext_lazy("Another amount"), required=False, max_digits=9, decimal_places=2, localize=False,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
    )  # fmt: skip
    recipient_name = forms.CharField(
        label=gettext_lazy("Recipient’s name"), max_length=120, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    recipient_email = forms.EmailField(
        label=gettext_lazy("Recipient’s email"), required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
        help_text=gettext_lazy("We send the card there. Leave it empty, and you get it by e-mail to print."),
    )  # fmt: skip
    message = forms.CharField(
        label=gettext_lazy("Message"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    send_on = forms.DateField(
        label=gettext_lazy("Send on"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty: as soon as you have paid."),
    )  # fmt: skip

    def __init__(self, *args: Any, offered: GiftCardSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = offered.choices
        self.fields["amount"].choices = [(str(money.amount), str(money)) for money in choices]
        if choices:
            self.fields["amount"].initial = str(choices[len(choices) // 2].amount)
        least, most = offered.limits
        self._limits = least, most
        self.fields["other"].widget.attrs |= {"min": str(least.amount), "max": str(most.amount)}
        self.fields["other"].help_text = _("Instead, from %(least)s to %(most)s.") % {"least": least, "most": most}
        today = timezone.localdate()
        last = today + dt.timedelta(days=FURTHEST_DAYS)
        self.fields["send_on"].widget.attrs |= {"min": today.isoformat(), "max": last.isoformat()}
        self._days = today, last

    def clean_recipient_name(self) -> str:
        """A name is one line."""
        return " ".join(self.cleaned_data["recipient_name"].split())

    def clean_send_on(self) -> dt.date | None:
        """A day of the coming year; today is at once."""
        day: dt.date | None = self.cleaned_data["send_on"]
        first, last = self._days
        if day and not first <= day <= last:
            raise forms.ValidationError(_("Please choose a day of the coming year."))
        return None if day == first else day

    def clean(self) -> dict[str, Any]:
        """One amount, within the limits; a day only where something is sent."""
        cleaned = super().clean() or self.cleaned_data
        other, least, most = cleaned.get("other"), *self._limits
        if amount := other if other is not None else cleaned.get("amount"):
            cleaned["money"] = Money(forms.DecimalField().clean(amount), settings.SHOP_CURRENCY)
            if not least <= cleaned["money"] <= most:
                said = _("A gift card holds from %(least)s to %(most)s.") % {"least": least, "most": most}
                self.add_error("other", said)
        if cleaned.get("send_on") and not cleaned.get("recipient_email") and "recipient_email" not in self.errors:
            self.add_error("recipient_email", _("To whom is it sent on that day?"))
        return cleaned

    @property
    def about(self) -> dict[str, Any]:
        """Whom it is for, as the models keep it."""
        return {name: self.cleaned_data[name] for name in ("recipient_name", "recipient_email", "message", "send_on")}


class GiftCodeForm(CodeForm):
    """The code of a gift card alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label, self.fields["code"].help_text = _("Code of the gift card"), ""
