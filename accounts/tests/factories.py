"""People for tests."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress

from accounts.models import User

PASSWORD = "a long enough secret"


def member(email: str, **fields: Any) -> User:
    """Somebody with an account and a confirmed address."""
    user = User.objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user
