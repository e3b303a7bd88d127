"""The shape of what customers send about their wish lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commerce.forms import BIGGEST_ID
from commerce.models import Wish, WishList
from core.forms import OneSpelling

NEW_LIST = "new"


class EditionForm(forms.Form):
    """An edition that somebody would like to have."""

    edition = forms.IntegerField(min_value=1, max_value=BIGGEST_ID, widget=forms.HiddenInput)


class WishListForm(OneSpelling, forms.ModelForm):
    """What a list is called, who may read it, and under which name of its owner."""

    class Meta:
        model = WishList
        fields = ("name", "visibility", "owner_name")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "visibility": forms.RadioSelect,
            "owner_name": forms.TextInput(attrs={"autocomplete": "nickname"}),
        }


class NoteForm(OneSpelling, forms.ModelForm):
    """A word about a book."""

    class Meta:
        model = Wish
        fields = ("note",)


class ChooseListForm(OneSpelling, EditionForm):
    """On which list a book goes: one of the customer's own, or a new one."""

    wish_list = forms.ChoiceField(label=_("Wish list"))
    name = forms.CharField(
        label=_("Name of the new list"), max_length=60, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    note = forms.CharField(
        label=_("Note"), max_length=200, required=False, help_text=_("Who reads the list sees it too.")
    )

    def __init__(self, *args: Any, lists: list[WishList], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.pk), one.name) for one in lists]
        self.fields["wish_list"].choices = [*choices, (NEW_LIST, _("A new list"))]  # type: ignore[attr-defined]
        self.fields["wish_list"].initial = choices[0][0] if choices else NEW_LIST
        if not lists:
            self.fields["wish_list"].widget = forms.HiddenInput()
            self.fields["name"].initial = _("Wish list")
            self.fields["name"].label = _("Name of the list")

    def clean(self) -> dict[str, Any]:
        """A new list has a name."""
        cleaned = super().clean()
        if cleaned.get("wish_list") == NEW_LIST and not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", _("Please give the new list a name."))
        return cleaned
