"""What happens to baskets and orders when somebody signs in, or proves that an address is theirs."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_signed_up
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.emails import normalised
from accounts.models import User
from commerce import basket_cookie
from commerce.models import Order
from commerce.services import baskets


@receiver(user_logged_in)
def join_baskets(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """The browser's basket becomes part of the shopper's."""
    token = basket_cookie.read(request) if request is not None else ""
    if token:
        baskets.merge(token, user)


@receiver(email_confirmed)
def claim_orders(email_address: EmailAddress, **kwargs: Any) -> None:
    """Orders that were placed without an account belong to who proves to own their address."""
    guests = Order.objects.filter(user=None, email__iexact=normalised(email_address.email))
    guests.update(user=email_address.user)


@receiver(user_signed_up)
def claim_orders_from_elsewhere(user: User, **kwargs: Any) -> None:
    """The same for an address that another provider has verified: nothing is confirmed here then."""
    for email_address in EmailAddress.objects.filter(user=user, verified=True):
        claim_orders(email_address=email_address)
