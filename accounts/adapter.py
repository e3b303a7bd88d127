"""How allauth signs people up and in here."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from accounts.tasks import send_account_mail
from core.tasks import enqueue
from core.throttle import sender_of


class AccountAdapter(DefaultAccountAdapter):
    """Mail goes through the task queue; the address on the forms is lower case from the start."""

    def clean_email(self, email: str) -> str:
        """One spelling of an address, so that one person has one account."""
        return str(super().clean_email(email)).lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render now, while the request is here; send from the worker."""
        message = self.render_mail(template_prefix, email, {"request": self.request, **context})
        html = next((body for body, kind in getattr(message, "alternatives", []) if kind == "text/html"), "")
        transaction.on_commit(
            lambda: enqueue(send_account_mail, subject=message.subject, body=message.body, html=html, to=message.to)
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whom the limits of wrong sign-ins count: the same sender as every other limit of the shop."""
        return sender_of(request)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Anybody may open an account."""
        return True
