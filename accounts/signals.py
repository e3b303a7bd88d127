"""What follows from events of sign-in."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_signed_up
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts.models import User
from core.mail.outbox import post


@receiver(email_confirmed)
def welcome(request: HttpRequest, email_address: EmailAddress, **kwargs: Any) -> None:
    """A welcome by mail for somebody who confirms an address before having signed in for the first time."""
    if email_address.user.last_login is None:
        post("welcome", email_address.email, key=f"welcome:{email_address.user_id}", language=get_language() or "")


@receiver(user_signed_up)
def welcome_from_elsewhere(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A welcome for somebody whose address another provider has verified: no mail asks them to confirm it."""
    for email_address in EmailAddress.objects.filter(user=user, verified=True):
        welcome(request=request, email_address=email_address)
