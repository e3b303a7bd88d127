"""The contact form: what it takes, what it refuses, and where a message goes."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.forms import OneSpelling
from core.mail.outbox import post
from core.throttle import is_too_often
from home.models.contact import ContactMessage

TRAP = "website"
"""Name of the field that no person sees; what fills it in is a machine."""

MESSAGES_AN_HOUR = 5


class TooManyMessages(Exception):
    """The sender wrote more often than people do. The text is for the sender."""


class TrapInput(forms.TextInput):
    """Looks like a text field in the source and is shown to nobody."""

    is_hidden = True


class ContactForm(OneSpelling, forms.ModelForm):
    """Name, e-mail address and message."""

    website = forms.CharField(
        required=False, widget=TrapInput(attrs={"hidden": True, "tabindex": "-1", "autocomplete": "off"})
    )

    class Meta:
        model = ContactMessage
        fields = ("name", "email", "message")
        labels: ClassVar = {
            "name": gettext_lazy("Name"),
            "email": gettext_lazy("Email"),
            "message": gettext_lazy("Message"),
        }
        widgets: ClassVar = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "message": forms.Textarea(attrs={"rows": 8, "maxlength": 5000}),
        }


def is_trapped(data: QueryDict) -> bool:
    """True where the field that no person sees was filled in."""
    return bool(data.get(TRAP, "").strip())


def receive(form: ContactForm, *, sender: str) -> ContactMessage:
    """Keep a valid message and have it mailed to customer service.

    Raises:
        TooManyMessages: more than `MESSAGES_AN_HOUR` from this network address.
    """
    if is_too_often("contact", sender, limit=MESSAGES_AN_HOUR, seconds=60 * 60):
        raise TooManyMessages(_("That is a lot of messages in one hour. Please wait a little and send it again."))
    with transaction.atomic():
        message: ContactMessage = form.save()
        post(
            "contact-message",
            settings.CUSTOMER_SERVICE_EMAIL,
            key=f"contact-message:{message.pk}",
            message_id=message.pk,
        )
    return message
