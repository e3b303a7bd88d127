"""Cards, by Stripe: the shopper pays on Stripe's own page (Checkout), so no card data ever touches us.

A payment is a Checkout Session; its id is our reference. All calls go through Stripe's library, over our own line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from decimal import Decimal
from typing import Any

import stripe
from django.conf import settings

from commerce.gateways import wire
from commerce.gateways.protocol import (
    Answer,
    BadNotification,
    Begun,
    GatewayError,
    Notification,
    Outcome,
    Request,
    Unreachable,
)
from core.money import Money

API_VERSION = "2026-10-28.endive"
"""The release of Stripe's API that this was written and tested against. It changes with the package, by hand."""
TOLERANCE_SECONDS = 300

# https://docs.stripe.com/currencies: not always what ISO says. UGX and ISK have no decimals and are written with two.
WITHOUT_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
WHOLE_ONLY = frozenset({"ISK", "UGX"})

LOCALES = (
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl "
    "sv th tr vi zh zh-HK zh-TW"
)

REFUND_OUTCOMES = {
    "pending": Outcome.PENDING,
    "requires_action": Outcome.PENDING,
    "succeeded": Outcome.SUCCEEDED,
    "failed": Outcome.FAILED,
    "canceled": Outcome.CANCELLED,
}


class StripeGateway:
    """Stripe Checkout."""

    currencies: frozenset[str] | None = None

    @property
    def is_configured(self) -> bool:
        """Whether the shop has keys."""
        return bool(settings.STRIPE_SECRET_KEY)

    def begin(self, request: Request) -> Begun:
        """Open a session and say where its page is."""
        params: dict[str, Any] = {
            "mode": "payment",
            "payment_method_types": ["card"],
            "adaptive_pricing": {"enabled": False},  # the shop never converts, nor does anybody for it
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": request.amount.currency.lower(),
                        "unit_amount": minor(request.amount),
                        "product_data": {"name": request.description},
                    },
                }
            ],
            "client_reference_id": request.order_number,
            "customer_email": request.email,
            "locale": locale(request.language),
            "success_url": request.return_url,
            "cancel_url": request.cancel_url,
            "payment_intent_data": {"description": request.order_number},
        }
        if request.expires_at:
            params["expires_at"] = int(request.expires_at.astimezone(UTC).timestamp())
        with _client() as client:
            session = client.v1.checkout.sessions.create(params, {"idempotency_key": request.key})  # type: ignore[arg-type]
            return Begun(session.id, wire.web_address(session.url))

    def ask(self, reference: str) -> Answer:
        """How the session stands, and what its payment brought."""
        with _client() as client:
            session = client.v1.checkout.sessions.retrieve(reference, {"expand": ["payment_intent"]})
            intent = session.payment_intent  # there is none until the shopper tries to pay
            if isinstance(intent, stripe.PaymentIntent) and intent.status == "succeeded":
                return Answer(Outcome.SUCCEEDED, reference, major(intent.amount_received, intent.currency))
            if isinstance(intent, stripe.PaymentIntent) and intent.status == "canceled":
                return Answer(Outcome.FAILED, reference, failure=wire.words(intent.cancellation_reason))
            if session.status == "expired":
                return Answer(Outcome.CANCELLED, reference)
            return Answer(Outcome.PENDING, reference)

    def refund(self, reference: str, amount: Money, key: str) -> Answer:
        """Give money back to the card. A refund with this key that exists already is found, however old it is."""
        with _client() as client:
            session = client.v1.checkout.sessions.retrieve(reference)
            if session.currency != amount.currency.lower() or not session.payment_intent:
                raise GatewayError(f"nothing was paid in {amount.currency}")
            intent = str(session.payment_intent)
            # Stripe forgets keys after a day; what it did with them stays.
            for known in client.v1.refunds.list({"payment_intent": intent, "limit": 100}).data:
                if (known.to_dict().get("metadata") or {}).get("key") == key:
                    return _refunded(known)
            made = client.v1.refunds.create(
                {
                    "payment_intent": intent,
                    "amount": minor(amount),
                    "metadata": {"key": key, "session": reference},
                },
                {"idempotency_key": key},
            )
            return _refunded(made)

    def ask_refund(self, reference: str, refund_reference: str) -> Answer:
        """How a refund stands."""
        with _client() as client:
            return _refunded(client.v1.refunds.retrieve(refund_reference))

    def read(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """A notification about one of our sessions or refunds. Of its content only names and states are kept."""
        if len(body) > wire.NOTIFICATION_BYTES:
            raise BadNotification("too long")
        try:
            stripe.WebhookSignature.verify_header(
                body, headers.get("Stripe-Signature"), settings.STRIPE_WEBHOOK_SECRET, TOLERANCE_SECONDS
            )
            told = wire.read_json(body)
        except (stripe.SignatureVerificationError, ValueError, TypeError):  # TypeError: a signature that is not ASCII
            raise BadNotification("no valid signature, too old, or no JSON") from None
        thing = told["data"].get("object") if isinstance(told.get("data"), dict) else None
        event_id, kind = told.get("id"), told.get("type")
        if not isinstance(thing, dict) or not wire.is_name(event_id) or not wire.is_name(kind, 100):
            raise BadNotification("no event")
        if thing.get("object") == "checkout.session":
            reference = thing.get("id")
        else:
            reference = thing["metadata"].get("session") if isinstance(thing.get("metadata"), dict) else None
        kept = {name: thing.get(name) for name in ("id", "object", "status", "payment_status", "payment_intent")}
        return Notification(
            str(event_id),
            str(kind),
            str(reference) if wire.is_name(reference) else "",
            {"created": told.get("created"), "livemode": told.get("livemode"), "object": kept},
        )


class _Transport(stripe.HTTPClient):
    """Stripe's library over our line. It repeats nothing by itself."""

    name = "booktime"

    def __init__(self) -> None:
        super().__init__()
        self._line = wire.Line()

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_kwargs: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send, and give back what can be read."""
        answer = self._line.send(method, url, headers or {}, post_data)
        if answer.status >= 500 and answer.headers.get("Idempotent-Replayed") == "true":
            raise GatewayError("Stripe failed with this key before and keeps to it")
        if answer.says_nothing:
            raise Unreachable(f"HTTP {answer.status}")
        answer.json()
        return answer.body.decode(), answer.status, answer.headers

    def close(self) -> None:
        """Nothing stays open."""


@contextmanager
def _client() -> Iterator[stripe.StripeClient]:
    """The library, for one call of the gateway. Its errors become ours."""
    try:
        yield stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            stripe_version=API_VERSION,
            base_addresses={"api": settings.STRIPE_API_BASE},
            max_network_retries=0,
            http_client=_Transport(),
        )
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise Unreachable(wire.words(error.user_message)) from None
    except (stripe.AuthenticationError, stripe.PermissionError):
        raise GatewayError("Stripe does not accept the key (STRIPE_SECRET_KEY)") from None
    except stripe.StripeError as error:
        # A conflict: a call with the same key is under way.
        kind = Unreachable if error.http_status == 409 else GatewayError
        raise kind(wire.words(error.user_message)) from None
    except (AttributeError, KeyError, TypeError, ArithmeticError):
        raise Unreachable("an answer that cannot be understood") from None


def _refunded(refund: stripe.Refund) -> Answer:
    return Answer(
        REFUND_OUTCOMES.get(refund.status or "", Outcome.PENDING),
        refund.id,
        major(refund.amount, refund.currency),
        wire.words(getattr(refund, "failure_reason", "")),
    )


def _exponent(currency: str) -> int:
    return 0 if currency in WITHOUT_DECIMALS else 3 if currency in THREE_DECIMALS else 2


def minor(money: Money) -> int:
    """An amount as Stripe writes it: 12.34 GBP is 1234, 1234 XAF is 1234.

    Raises:
        GatewayError: Stripe cannot charge exactly that (three decimals only in steps of ten).
    """
    units = money.amount.scaleb(_exponent(money.currency))
    step = 10 if money.currency in THREE_DECIMALS else 100 if money.currency in WHOLE_ONLY else 1
    if units % step:
        raise GatewayError(f"Stripe cannot charge exactly {money.amount} {money.currency}")
    return int(units)


def major(units: int, currency: str) -> Money:
    """An amount as Stripe writes it, as money."""
    code = currency.upper()
    return Money(Decimal(units).scaleb(-_exponent(code)), code)


def locale(language: str) -> str:
    """The language of Stripe's page: the nearest to ours that it speaks, else that of the browser."""
    wanted = language.lower()
    by_code = {code.lower(): code for code in LOCALES.split()}
    return by_code.get(wanted) or by_code.get(wanted.split("-")[0]) or "auto"
