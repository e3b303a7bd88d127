"""Mail about accounts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import privacy
from core.mail.kinds import Contents, Kept, Kind, Placeholder


def _welcome_context() -> dict[str, Any]:
    return {"account_url": settings.SITE_URL + reverse("accounts:profile")}


def compose_welcome() -> Contents:
    """A welcome says the same to everybody."""
    return Contents(context=_welcome_context())


WELCOME = Kind(
    name="welcome",
    title=_("Welcome"),
    purpose=_("Sent when a customer confirms the address of a new account."),
    subject=_("Welcome to {shop}"),
    opening=_("Welcome to {shop}. Your address is confirmed and your account is open."),
    closing=_("Orders that you placed with this address before you had an account are there too."),
    template="mail/accounts/welcome",
    compose=compose_welcome,
    example=_welcome_context,
)


def compose_account(subject: str, message: str) -> Contents:
    """A mail that allauth wrote: lines of text, of which those that are an address of ours are links."""
    lines = [(line, line.startswith(f"{settings.SITE_URL}/")) for line in message.strip().splitlines()]
    return Contents({"subject": subject}, {"lines": lines})


ACCOUNT = Kind(
    name="account",
    title=_("Safety of an account"),
    purpose=_("Links that confirm an address or reset a password, and notices of what was changed."),
    subject="{subject}",
    opening="",
    placeholders={"subject": Placeholder(_("Subject"), "")},
    template="mail/accounts/account",
    compose=compose_account,
    kept=Kept.ENVELOPE,
    is_fixed=True,
)


def _erased_context() -> dict[str, Any]:
    return {"kept": [part.kept for part in privacy.parts.values() if part.kept]}


def compose_erased() -> Contents:
    """What is gone, and what the law keeps."""
    return Contents(context=_erased_context())


ERASED = Kind(
    name="account-erased",
    title=_("Account erased"),
    purpose=_("Sent when a customer has erased the account. Nothing of this mail is kept."),
    subject=_("Your account at {shop} is erased"),
    opening=_("As you asked, your account at {shop} is erased, with all that belonged to it."),
    template="mail/accounts/erased",
    compose=compose_erased,
    example=_erased_context,
    kept=Kept.NOTHING,
)
