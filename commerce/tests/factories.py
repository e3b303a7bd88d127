"""Shoppers and orders for tests: made by the services, as in the shop."""

from __future__ import annotations

import factory
from django.contrib.auth import get_user_model
from factory.django import DjangoModelFactory

from catalog.models import Edition
from commerce import pricing
from commerce.models import DeliveryMethod, Order
from commerce.models.basket import new_token
from commerce.services import baskets, checkout
from commerce.services.baskets import Owner

ADDRESS = {
    "full_name": "Ada Lovelace",
    "line_1": "12 St James's Square",
    "line_2": "",
    "town": "London",
    "postcode": "SW1Y 4JH",
    "country": "GB",
}
DETAILS = {"email": "ada@example.org", **ADDRESS}
PASSWORD = "a long enough secret"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"reader{n}@example.org")
    password = factory.django.Password(PASSWORD)


def filled_basket(editions: dict[Edition, int], *, user=None, email="ada@example.org", **address):
    """A basket that is ready to be ordered: filled, addressed, with the first method of delivery that reaches."""
    owner = Owner(user_id=user.pk) if user else Owner(token=new_token())
    for edition, quantity in editions.items():
        basket, _notices = baskets.add(owner, edition.pk, quantity)
        owner = Owner(user_id=basket.user_id, token=basket.token)
    checkout.save_address(basket.pk, email, {**ADDRESS, **address})
    methods = checkout.delivery_choices(pricing.price_basket(basket))
    if methods:
        checkout.choose_delivery(basket.pk, methods[0])
    return basket


def place(basket, *, user=None, method="invoice") -> Order:
    """Order a basket as it is now."""
    return checkout.place_order(basket.pk, seen=pricing.price_basket(basket).fingerprint, method=method, user=user)


def an_order(editions: dict[Edition, int], *, user=None, method="invoice", **kwargs) -> Order:
    """A placed order."""
    return place(filled_basket(editions, user=user, **kwargs), user=user, method=method)


def standard_delivery() -> DeliveryMethod:
    """The method that every fresh shop has."""
    return DeliveryMethod.objects.get(name="Standard delivery")
