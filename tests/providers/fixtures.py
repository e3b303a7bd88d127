"""Both providers, with the shop's settings pointing at them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from commerce.gateways.notchpay import NotchPayGateway
from commerce.gateways.protocol import Request
from commerce.gateways.stripe import StripeGateway
from core.money import Money
from tests.providers import notchpay_server, stripe_server
from tests.providers.notchpay_server import NotchPayServer
from tests.providers.stripe_server import StripeServer

POUNDS = Money(Decimal("12.34"), "GBP")
FRANCS = Money(Decimal(6500), "XAF")


def a_request(amount: Money = POUNDS, **changes: object) -> Request:
    """What the shop asks of a provider for one order."""
    fields: dict[str, object] = {
        "key": "key-of-the-first-attempt",
        "amount": amount,
        "order_number": "BT-7K3M-9QXZ",
        "description": "Order BT-7K3M-9QXZ",
        "email": "mary@reader.example",
        "name": "Mary Shopper",
        "country": "GB",
        "language": "en-gb",
        "return_url": "http://127.0.0.1:8000/checkout/done/token/",
        "cancel_url": "http://127.0.0.1:8000/checkout/pay/token/",
    }
    return Request(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def stripe_desk(settings) -> Iterator[StripeServer]:
    """Stripe on a local port; the shop has its keys."""
    with StripeServer() as server:
        settings.STRIPE_SECRET_KEY = stripe_server.SECRET_KEY
        settings.STRIPE_WEBHOOK_SECRET = stripe_server.WEBHOOK_SECRET
        settings.STRIPE_API_BASE = server.url
        yield server


@pytest.fixture
def notchpay_desk(settings) -> Iterator[NotchPayServer]:
    """NotchPay on a local port; the shop has its keys."""
    with NotchPayServer() as server:
        settings.NOTCHPAY_PUBLIC_KEY = notchpay_server.PUBLIC_KEY
        settings.NOTCHPAY_PRIVATE_KEY = notchpay_server.PRIVATE_KEY
        settings.NOTCHPAY_HASH_KEY = notchpay_server.HASH_KEY
        settings.NOTCHPAY_API_BASE = server.url
        yield server


class StripeCase:
    """The same steps at each provider: Stripe."""

    name = "stripe"
    gateway = StripeGateway()
    amount = POUNDS
    wrong_secret = "whsec_of_somebody_else"
    signature = "Stripe-Signature"

    def __init__(self, server: StripeServer) -> None:
        self.server = server

    def pay(self, reference: str) -> None:
        """The shopper pays."""
        self.server.pay(reference)

    def fail(self, reference: str) -> None:
        """The payment comes to nothing."""
        self.server.give_up(reference)

    def expire(self, reference: str) -> None:
        """Nobody paid."""
        self.server.expire(reference)


class NotchPayCase:
    """The same steps at each provider: NotchPay."""

    name = "notchpay"
    gateway = NotchPayGateway()
    amount = FRANCS
    wrong_secret = "hsk_of_somebody_else"
    signature = "x-notch-signature"

    def __init__(self, server: NotchPayServer) -> None:
        self.server = server

    def pay(self, reference: str) -> None:
        """The shopper pays."""
        self.server.turn(reference, "complete")

    def fail(self, reference: str) -> None:
        """The payment comes to nothing."""
        self.server.turn(reference, "failed")

    def expire(self, reference: str) -> None:
        """Nobody paid."""
        self.server.turn(reference, "expired")


@pytest.fixture(params=["stripe", "notchpay"])
def case(request: pytest.FixtureRequest) -> StripeCase | NotchPayCase:
    """Each provider in turn."""
    if request.param == "stripe":
        return StripeCase(request.getfixturevalue("stripe_desk"))
    return NotchPayCase(request.getfixturevalue("notchpay_desk"))
