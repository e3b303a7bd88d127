"""Mail about accounts, sent outside the request."""

from __future__ import annotations

from django.core.mail import EmailMultiAlternatives
from django_tasks import task

from core.tasks import BEFORE_UPKEEP


@task(priority=BEFORE_UPKEEP)
def send_account_mail(*, subject: str, body: str, html: str, to: list[str]) -> None:
    """Send a mail that was rendered in the request: confirmation of an address, reset of a password."""
    message = EmailMultiAlternatives(subject=subject, body=body, to=to)
    if html:
        message.attach_alternative(html, "text/html")
    message.send()
