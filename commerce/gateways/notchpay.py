"""Mobile money in Cameroon, by NotchPay: the shopper pays on NotchPay's own page and agrees on the telephone.

Our key goes along as the merchant's reference, so a payment whose answer was lost is found again by it. What their
documentation says and what is assumed stands in docs/payments.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

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

OUTCOMES = {
    "pending": Outcome.PENDING,
    "processing": Outcome.PENDING,
    "incomplete": Outcome.PENDING,  # less than the amount has come so far
    "complete": Outcome.SUCCEEDED,
    "refunded": Outcome.SUCCEEDED,  # it was paid first
    "partialy-refunded": Outcome.SUCCEEDED,  # spelled so
    "failed": Outcome.FAILED,
    "rejected": Outcome.FAILED,
    "canceled": Outcome.CANCELLED,
    "abandoned": Outcome.CANCELLED,
    "expired": Outcome.CANCELLED,
}
REFUND_OUTCOMES = {
    "pending": Outcome.PENDING,
    "processing": Outcome.PENDING,
    "complete": Outcome.SUCCEEDED,
    "succeeded": Outcome.SUCCEEDED,  # so in their example of a notification
    "failed": Outcome.FAILED,
}


class NotchPayGateway:
    """NotchPay Collect. It keeps amounts in whole francs: XAF has no decimals."""

    currencies: frozenset[str] | None = frozenset({"XAF"})

    @property
    def is_configured(self) -> bool:
        """Whether the shop has keys."""
        return bool(settings.NOTCHPAY_PUBLIC_KEY)

    def begin(self, request: Request) -> Begun:
        """Open a payment and say where its page is."""
        line = wire.Line()
        wanted = {
            "amount": _francs(request.amount),
            "currency": request.amount.currency,
            "locked_currency": request.amount.currency,
            "customer": {"name": request.name, "email": request.email},
            "description": request.description,
            "reference": request.key,
            "callback": request.return_url,
        }
        answer = _send(line, "POST", "/payments", wanted)
        if answer.status == 409 or (answer.status == 422 and "reference" in _errors(answer)):
            # Begun before, and the answer got lost.
            answer = _send(line, "GET", f"/payments/{quote(request.key, safe='')}")
        told = _accepted(answer)
        payment = _part(told, "transaction")
        return Begun(_reference(payment), wire.web_address(told.get("authorization_url")))

    def ask(self, reference: str) -> Answer:
        """How the payment stands."""
        told = _accepted(_send(wire.Line(), "GET", f"/payments/{quote(reference, safe='')}"))
        payment = _part(told, "transaction")
        outcome = _outcome(payment, OUTCOMES)
        return Answer(outcome, reference, _money(payment) if outcome == Outcome.SUCCEEDED else None)

    def refund(self, reference: str, amount: Money, key: str) -> Answer:
        """Give money back to the telephone it came from. NotchPay knows no keys, so what was given back is read first.

        Raises:
            GatewayError: also where the shop has no private key: then it is given back by hand, in their dashboard.
        """
        if not settings.NOTCHPAY_PRIVATE_KEY:
            raise GatewayError("without NOTCHPAY_PRIVATE_KEY money goes back in the dashboard of NotchPay only")
        line = wire.Line()
        known = _accepted(_send(line, "GET", f"/payments/{quote(reference, safe='')}/refunds")).get("refunds")
        if not isinstance(known, list):
            raise Unreachable("NotchPay does not say what was given back")
        for refund in known:
            if _named(refund, "metadata").get("key") == key:
                return _refunded(refund)
        wanted = {
            "payment": reference,
            "amount": _francs(amount),
            "metadata": {"key": key, "payment": reference},
        }
        return _refunded(_part(_accepted(_send(line, "POST", "/refunds", wanted)), "refund"))

    def ask_refund(self, reference: str, refund_reference: str) -> Answer:
        """How a refund stands."""
        path = f"/refunds/{quote(refund_reference, safe='')}"
        return _refunded(_part(_accepted(_send(wire.Line(), "GET", path)), "refund"))

    def read(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """A notification about a payment or refund. Of its content only names and states are kept.

        NotchPay signs the body and no moment of sending, and sends a notification again for hours with the moment of
        the event in it: an old one is no forgery. One that is sent again by somebody else is known by its id.
        """
        if len(body) > wire.NOTIFICATION_BYTES:
            raise BadNotification("too long")
        expected = hmac.new(settings.NOTCHPAY_HASH_KEY.encode(), body, hashlib.sha256).hexdigest()
        given = headers.get("x-notch-signature") or ""
        if not settings.NOTCHPAY_HASH_KEY or not hmac.compare_digest(expected.encode(), given.lower().encode()):
            raise BadNotification("no valid signature")
        try:
            told = wire.read_json(body)
        except ValueError:
            raise BadNotification("no JSON") from None
        kind = told.get("type") or told.get("event")  # the second in their older documentation
        thing = _named(told, "data")
        if not wire.is_name(kind, 100):
            raise BadNotification("no event")
        event_id = told.get("id")
        reference = _named(thing, "metadata").get("payment") if str(kind).startswith("refund.") else None
        reference = reference or thing.get("payment") or thing.get("reference")
        return Notification(
            str(event_id) if wire.is_name(event_id) else f"sha256:{hashlib.sha256(body).hexdigest()}",
            str(kind),
            str(reference) if wire.is_name(reference) else "",
            {
                "created_at": told.get("created_at"),
                "data": {name: thing.get(name) for name in ("id", "reference", "status", "amount", "currency")},
            },
        )


def _send(line: wire.Line, method: str, path: str, content: dict[str, Any] | None = None) -> wire.Response:
    headers = {"Authorization": settings.NOTCHPAY_PUBLIC_KEY, "Accept": "application/json"}
    if "refunds" in path:
        headers["X-Grant"] = settings.NOTCHPAY_PRIVATE_KEY
    if content is not None:
        headers["Content-Type"] = "application/json"
    body = None if content is None else json.dumps(content).encode()
    answer = line.send(method, f"{settings.NOTCHPAY_API_BASE}{path}", headers, body)
    if answer.says_nothing:
        raise Unreachable(f"HTTP {answer.status}")
    return answer


def _accepted(answer: wire.Response) -> dict[str, Any]:
    """What NotchPay says. Raises GatewayError with its words where it refused."""
    told = answer.json()
    if answer.status in {401, 403}:
        raise GatewayError("NotchPay does not accept the keys (NOTCHPAY_PUBLIC_KEY, NOTCHPAY_PRIVATE_KEY)")
    if answer.status >= 300:
        errors = [str(text) for texts in _errors(answer).values() if isinstance(texts, list) for text in texts]
        raise GatewayError(wire.words(": ".join([str(told.get("message") or answer.status), *errors])))
    return told


def _errors(answer: wire.Response) -> dict[str, Any]:
    return _named(answer.json(), "errors")


def _named(told: object, name: str) -> dict[str, Any]:
    """A part of an answer, empty where there is none."""
    part = told.get(name) if isinstance(told, dict) else None
    return part if isinstance(part, dict) else {}


def _part(told: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of an answer without which it says nothing."""
    if not (part := _named(told, name)):
        raise Unreachable(f"an answer without {name}")
    return part


def _reference(payment: dict[str, Any]) -> str:
    if not wire.is_name(reference := payment.get("reference")):
        raise Unreachable("a payment without a reference")
    return str(reference)


def _outcome(thing: dict[str, Any], outcomes: Mapping[str, Outcome]) -> Outcome:
    status = str(thing.get("status"))
    if status not in outcomes:
        raise Unreachable(f"an unknown state: {wire.words(status)}")
    return outcomes[status]


def _francs(amount: Money) -> int:
    if amount.currency != "XAF":
        raise GatewayError(f"NotchPay takes XAF, not {amount.currency}")
    return int(amount.amount)


def _money(thing: dict[str, Any]) -> Money:
    try:
        amount = Decimal(str(thing.get("amount")))
        whole = amount == amount.to_integral_value()
    except InvalidOperation:
        whole = False
    if not whole or thing.get("currency") != "XAF":
        raise Unreachable("an amount that is not in whole XAF")
    return Money(amount, "XAF")


def _refunded(refund: dict[str, Any]) -> Answer:
    if not wire.is_name(name := refund.get("id")):
        raise Unreachable("a refund without a name")
    return Answer(_outcome(refund, REFUND_OUTCOMES), str(name), _money(refund))
