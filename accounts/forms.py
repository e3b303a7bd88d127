"""Forms of the account's own pages."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.addresses import FIELDS, PostalAddressForm, every_country
from accounts.models import Address, User
from core.forms import OneSpelling

DEFAULTS = ("is_default", "is_for_invoices")


class NameForm(OneSpelling, forms.ModelForm):
    """What the shop calls a customer."""

    class Meta:
        model = User
        fields = ("first_name", "last_name")
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
        }


class AddressForm(PostalAddressForm):
    """An address of the customer's own book."""

    class Meta(PostalAddressForm.Meta):
        model = Address
        fields = (*FIELDS, *DEFAULTS)

    field_order = ("country",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, country_choices=every_country(), **kwargs)

    def save(self, commit: bool = True) -> Address:
        """The address; what it is the default for, no other is."""
        with transaction.atomic():
            User.objects.select_for_update().get(pk=self.instance.user_id)
            others = Address.objects.filter(user_id=self.instance.user_id).exclude(pk=self.instance.pk)
            for name in DEFAULTS:
                if getattr(self.instance, name):
                    others.filter(**{name: True}).update(**{name: False})
            return super().save(commit)


class AddPasskeyForm(AddWebAuthnForm):
    """A passkey that signs in alone, unless its owner wants a security key beside the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        passwordless = self.fields["passwordless"]
        passwordless.initial = True
        passwordless.label = _("Sign in without the password")
        passwordless.help_text = _("Leave it out for a security key that is asked for beside the password.")
