"""People for tests."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group

from accounts import roles
from accounts.models import User

PASSWORD = "a long enough secret"


def member(email: str, **fields: Any) -> User:
    """Somebody with an account and a confirmed address."""
    user = User.objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def colleague(role: str) -> User:
    """Somebody who works here, in the group of that name."""
    roles.apply()
    user = member(f"{role.lower().replace(' ', '-')}@example.org")
    user.groups.add(Group.objects.get(name=role))
    return user
