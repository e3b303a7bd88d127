"""What the site knows of a customer: messages of the contact page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts import privacy
from accounts.models import User
from accounts.privacy import Part, Record, record
from home.models.contact import ContactMessage


def messages(user: User) -> list[Record]:
    """What was written from the customer's address."""
    rows = ContactMessage.objects.filter(email__iexact=user.email)
    return [record(row, "name", "email", "message", "created_at") for row in rows]


def erase_messages(user: User) -> None:
    """They go, answered or not."""
    ContactMessage.objects.filter(email__iexact=user.email).delete()


def register() -> None:
    """Called when the shop starts."""
    privacy.register(Part("messages", _("Messages"), frozenset({"home.contactmessage"}), messages, erase_messages))
    privacy.of_nobody["home.footersettings"] = "the shop's own address"
    privacy.of_nobody["home.pagemodal"] = privacy.STAFF_WORK
