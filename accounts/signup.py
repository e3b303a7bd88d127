"""The sign-up form."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts.emails import normalised
from accounts.models import User


class EmailField(forms.EmailField):
    """An address in its one spelling before it is looked at."""

    def to_python(self, value: Any) -> str:
        """The normalised address."""
        return normalised(super().to_python(value) or "")


class SignupForm(allauth_forms.SignupForm):
    """One account for an address; the answer, and the work it takes, are the same where there is one already."""

    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        self.fields["email"] = EmailField(label=email.label, widget=email.widget, max_length=254)

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The new user, or the answer for somebody who has an account already, be it for a moment only."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])  # so long takes a new account
            return super().try_save(request)
        try:
            with transaction.atomic():
                return super().try_save(request)
        except IntegrityError:  # the same form was sent twice at once
            self.account_already_exists = True
            return super().try_save(request)
