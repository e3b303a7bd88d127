"""What happens to the basket when somebody signs in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from commerce import basket_cookie
from commerce.services import baskets


@receiver(user_logged_in)
def join_baskets(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """The browser's basket becomes part of the shopper's."""
    token = basket_cookie.read(request) if request is not None else ""
    if token:
        baskets.merge(token, user)
