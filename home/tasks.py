"""Mail of the site, sent outside the request."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from core.tasks import BEFORE_UPKEEP
from home.models.contact import ContactMessage


@task(priority=BEFORE_UPKEEP)
def mail_contact_message(*, message_id: int) -> None:
    """Mail a message to customer service, once; an answer to the mail goes to the visitor."""
    message = ContactMessage.objects.filter(pk=message_id, mailed_at=None).first()
    if message is None:
        return
    EmailMessage(
        subject=_("Message from %(name)s") % {"name": message.name},
        body=render_to_string("emails/contact_message.txt", {"message": message, "base_url": settings.SITE_URL}),
        to=[str(settings.CUSTOMER_SERVICE_EMAIL)],
        reply_to=[message.email],
    ).send()
    ContactMessage.objects.filter(pk=message_id).update(mailed_at=timezone.now())
