"""Forms about people: the Wagtail admin's, for users without a user name, and the account's own."""

from django import forms
from wagtail.users.forms import UserCreationForm, UserEditForm

from accounts.models import User


class StaffCreationForm(UserCreationForm):
    """Add a user by e-mail address."""


class StaffEditForm(UserEditForm):
    """Edit a user."""


class NameForm(forms.ModelForm):
    """What the shop calls a customer."""

    class Meta:
        model = User
        fields = ("first_name", "last_name")
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
        }
