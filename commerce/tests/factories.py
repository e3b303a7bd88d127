"""Shoppers and orders for tests: made by the services, as in the shop."""

from __future__ import annotations

from decimal import Decimal

import factory
from django.contrib.auth import get_user_model
from factory.django import DjangoModelFactory

from catalog.models import Edition
from commerce import pricing
from commerce.models import DeliveryMethod, GiftCard, Order
from commerce.models.basket import new_token
from commerce.models.order import PaymentMethod
from commerce.services import baskets, checkout, gift_card_sales, gift_cards, payments
from commerce.services.baskets import Owner
from core.money import Money

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


def gift_card(amount: str = "20.00", *, by=None, **about) -> tuple[GiftCard, str]:
    """A good gift card that was issued by hand, and its code."""
    money, actor = Money(Decimal(amount), "GBP"), by or UserFactory()
    [card] = gift_cards.issue_by_hand(money, 1, key=new_token(), actor=actor, reason="A prize", **about)
    return card, card.code


def card_order(*amounts: str, user=None, email="ada@example.org", **about) -> Order:
    """An order of gift cards, not paid yet."""
    owner = Owner(user_id=user.pk) if user else Owner(token=new_token())
    for amount in amounts:
        basket = baskets.add_gift_card(owner, Money(Decimal(amount), "GBP"), **about)
        owner = Owner(user_id=basket.user_id, token=basket.token)
    checkout.save_address(basket.pk, email, {**ADDRESS, "line_1": "", "town": "", "postcode": ""})
    return place(basket, user=user)


def pay(order: Order) -> Order:
    """The whole price of an order has come by bank transfer, and what follows from that."""
    payments.capture(order.pk, PaymentMethod.INVOICE, order.to_pay)
    order.refresh_from_db()
    gift_card_sales.issue_for(order)
    return order
