"""Contact messages in the Wagtail admin."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.admin.ui.tables import BooleanColumn
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy

from home.models import ContactMessage


class ReceivedPolicy(ModelPermissionPolicy):
    """Messages come from visitors: staff answer, mark and delete them, and write none."""

    def user_has_permission(self, user: object, action: str) -> bool:
        """False for adding, whoever asks."""
        return action != "add" and bool(super().user_has_permission(user, action))

    def user_has_any_permission(self, user: object, actions: object) -> bool:
        """True where one of the actions other than adding is allowed."""
        return bool(super().user_has_any_permission(user, set(actions) - {"add"}))  # type: ignore[call-overload]


class ContactMessageViewSet(ModelViewSet):
    """What visitors wrote, newest first, and whether somebody has dealt with it."""

    model = ContactMessage
    name = "contact_messages"
    url_prefix = "contact-messages"
    icon = "mail"
    menu_label = _("Messages")
    menu_order = 350
    add_to_admin_menu = True
    copy_view_enabled = False
    inspect_view_enabled = True
    list_display = ("name", "email", "created_at", BooleanColumn("is_handled", label=_("Dealt with")))
    list_filter = ("is_handled", "created_at")
    search_fields = ("name", "email", "message")
    panels = (
        FieldPanel("name", read_only=True),
        FieldPanel("email", read_only=True),
        FieldPanel("created_at", read_only=True),
        FieldPanel("message", read_only=True),
        FieldPanel("is_handled"),
    )
