"""What the site adds to the Wagtail admin."""

from wagtail import hooks
from wagtail.permissions import register_permission_policy

from home.models import ContactMessage
from home.viewsets import ContactMessageViewSet, ReceivedPolicy

register_permission_policy(ContactMessage, ReceivedPolicy(ContactMessage))


@hooks.register("register_admin_viewset")
def contact_messages() -> ContactMessageViewSet:
    """Messages of the contact page."""
    return ContactMessageViewSet()
