"""Mail of the site: what visitors wrote, for customer service."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.mail.kinds import Contents, Kept, Kind, Placeholder
from home.models.contact import ContactMessage


def compose_contact_message(message_id: int) -> Contents | None:
    """The message; an answer to the mail goes to the visitor. Nothing where it was deleted since."""
    message = ContactMessage.objects.filter(pk=message_id).first()
    if message is None:
        return None
    url = settings.SITE_URL + reverse("contact_messages:edit", args=[message.pk])
    return Contents(
        {"name": message.name, "email": message.email}, {"message": message.message, "url": url}, message.email
    )


CONTACT_MESSAGE = Kind(
    name="contact-message",
    title=_("Message from the contact page"),
    purpose=_("Goes to customer service when a visitor writes. The message itself is kept under Messages."),
    subject=_("Message from {name}"),
    opening=_("{name} <{email}> wrote on the contact page:"),
    placeholders={"name": Placeholder(_("Name"), ""), "email": Placeholder(_("Email"), "")},
    template="mail/home/contact_message",
    compose=compose_contact_message,
    kept=Kept.ENVELOPE,
    is_fixed=True,
)
