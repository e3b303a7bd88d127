"""What the site adds to the Wagtail admin."""

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.permissions import register_permission_policy
from wagtail.snippets.models import register_snippet

from home.consent.viewsets import ConsentRecordViewSet, IntegrationViewSet, ProofPolicy
from home.modals.viewsets import ModalFiguresViewSet, PageModalViewSet
from home.models import ConsentRecord, ContactMessage
from home.viewsets import ContactMessageViewSet, ReceivedPolicy

register_permission_policy(ContactMessage, ReceivedPolicy(ContactMessage))
register_permission_policy(ConsentRecord, ProofPolicy(ConsentRecord))
register_snippet(IntegrationViewSet)
register_snippet(PageModalViewSet)


@hooks.register("register_admin_viewset")
def contact_messages() -> ContactMessageViewSet:
    """Messages of the contact page."""
    return ContactMessageViewSet()


@hooks.register("register_admin_viewset")
def consent_records() -> ConsentRecordViewSet:
    """Proof of visitors' choices."""
    return ConsentRecordViewSet()


@hooks.register("register_admin_viewset")
def modal_figures() -> ModalFiguresViewSet:
    """Calendar and figures of modals."""
    return ModalFiguresViewSet()


@hooks.register("register_permissions")
def integration_permissions() -> QuerySet[Permission]:
    """The right to edit what integrations run."""
    return Permission.objects.filter(content_type__app_label="home", codename="edit_integration_code")


@hooks.register("register_log_actions")
def log_actions(actions: Any) -> None:
    """A change of what an integration runs stands out in the audit log."""
    actions.register_action("home.integration_code", _("Edit integration code"), _("Changed what the integration runs"))
