"""Forms of the Wagtail admin for people who have no user name."""

from wagtail.users.forms import UserCreationForm, UserEditForm


class StaffCreationForm(UserCreationForm):
    """Add a user by e-mail address."""


class StaffEditForm(UserEditForm):
    """Edit a user."""
