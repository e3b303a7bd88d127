"""Forms of the account's own pages."""

from __future__ import annotations

from django import forms

from accounts.models import User


class NameForm(forms.ModelForm):
    """What the shop calls a customer."""

    class Meta:
        model = User
        fields = ("first_name", "last_name")
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
        }
