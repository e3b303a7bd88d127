"""The form of a modal in the admin."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from home.modals.kinds import kinds


class PageModalForm(WagtailAdminModelForm):
    """Kinds of page are ticked, not typed."""

    page_types = forms.MultipleChoiceField(
        choices=kinds,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Only on these kinds of page"),
        help_text=_("None ticked: every kind."),
    )
