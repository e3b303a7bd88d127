"""Integrations and visitors' choices in the Wagtail admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.template.defaultfilters import linebreaksbr
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.views.snippets import SnippetViewSet

from home.models.consent import ConsentRecord, ThirdPartyIntegration

FORMULA = ("=", "+", "-", "@", "\t", "\r")


class IntegrationViewSet(SnippetViewSet):
    """What the shop lets in from others."""

    model = ThirdPartyIntegration
    icon = "code"
    menu_label = _("Integrations")
    menu_order = 125
    add_to_settings_menu = True
    copy_view_enabled = False  # A copy would carry code to those who may not write any.
    list_display = (
        "name",
        Column("get_kind_display", label=_("Kind"), sort_key="kind"),
        Column("get_category_display", label=_("Category"), sort_key="category"),
        BooleanColumn("is_active", label=_("On")),
        "starts_at",
        "ends_at",
    )
    list_filter = ("kind", "category", "is_active")
    search_fields = ("name", "provider", "purpose")


class ProofPolicy(ModelPermissionPolicy):
    """Choices are visitors' own: staff read them and change none."""

    READ = frozenset({"view"})

    def user_has_permission(self, user: Any, action: str) -> bool:
        """Only for reading."""
        return action in self.READ and bool(super().user_has_permission(user, action))

    def user_has_any_permission(self, user: Any, actions: Any) -> bool:
        """Only for reading."""
        return bool(self.READ & set(actions)) and bool(super().user_has_any_permission(user, self.READ))


class ConsentRecordIndexView(IndexView):
    """The choices, and their export as a table that no spreadsheet takes for formulas."""

    export_headings: ClassVar = {"text.words": _("Words")}

    def get_base_queryset(self) -> QuerySet[ConsentRecord]:
        """With the words that were answered."""
        queryset: QuerySet[ConsentRecord] = super().get_base_queryset()
        return queryset.select_related("text")

    def preprocess_field_value(self, field: str, value: Any, export_format: str) -> Any:
        """Lists as words; nothing begins like a formula."""
        if isinstance(value, list):
            value = " ".join(value)
        value = super().preprocess_field_value(field, value, export_format)
        return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


class ConsentRecordInspectView(InspectView):
    """A choice, with the words that it answers."""

    def get_text_display_value(self) -> SafeString:
        """Version, language and fingerprint; then word for word what was read."""
        text = self.object.text
        return linebreaksbr(f"{text}\n{text.words}")


class ConsentRecordViewSet(ModelViewSet):
    """Proof of the choices that visitors made."""

    model = ConsentRecord
    name = "consent_records"
    url_prefix = "consent-records"
    icon = "clipboard-list"
    menu_label = _("Choices of visitors")
    menu_order = 126
    add_to_settings_menu = True
    copy_view_enabled = False
    inspect_view_enabled = True
    index_view_class = ConsentRecordIndexView
    inspect_view_class = ConsentRecordInspectView
    form_fields = ("act",)
    list_display = ("at", Column("get_act_display", label=_("Act"), sort_key="act"), "categories", "language", "path")
    list_filter = ("act", "language", "gpc", "at")
    list_export = (
        "id", "at", "act", "categories", "providers", "gpc", "language", "path", "text_id",
        "text.version", "text.words",
    )  # fmt: skip
    export_filename = "consent"
    ordering = ("-at",)
    inspect_view_fields = ("id", "at", "act", "categories", "providers", "gpc", "language", "path", "text")
