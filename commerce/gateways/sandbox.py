"""A provider for trying the shop out: real code with a page of its own, and troubles that can be asked for.

Like a test card of a real provider, the shopper's e-mail address says what goes wrong: `ada+slow@example.org`.

- `down`: begins nothing and answers with an error, each time.
- `slow`: begins, but answers later than the shop waits; so does each call after it.
- `lost`: begins, and the answer is lost on its way, the first time.
- `twice`: notifies twice. `silent`: never notifies.
- `norefund`: refuses to give money back. `laterefund`: gives it back when asked how the refund stands.

What it knows are rows (`SandboxPayment`), so that server and worker meet the same provider.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse

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
from commerce.models import SandboxPayment
from core.money import Money

TROUBLES = ("down", "slow", "lost", "twice", "silent", "norefund", "laterefund")
PATIENCE = 8
"""Seconds that the shop waits for an answer."""
SIGNATURE = "X-Sandbox-Signature"
STALE_SECONDS = 300


class SandboxGateway:
    """The shop's side of it."""

    currencies: frozenset[str] | None = None

    @property
    def is_configured(self) -> bool:
        """Only where it was switched on."""
        return bool(settings.PAYMENT_SANDBOX)

    def begin(self, request: Request) -> Begun:
        """Open an attempt; the same key gives the same one."""
        trouble = _trouble(request.email)
        if trouble == "down":
            raise Unreachable("503 Service Unavailable")
        payment, _made = SandboxPayment.objects.get_or_create(
            key=request.key,
            defaults={
                "reference": f"sandbox-{secrets.token_urlsafe(16)}",
                "trouble": trouble,
                "amount": request.amount.amount,
                "currency": request.amount.currency,
                "description": request.description,
                "return_url": request.return_url,
                "cancel_url": request.cancel_url,
            },
        )
        SandboxPayment.objects.filter(pk=payment.pk).update(calls=F("calls") + 1)
        self._delay(payment)
        if trouble == "lost" and payment.calls == 0:
            raise Unreachable("Connection reset")
        return Begun(payment.reference, settings.SITE_URL + reverse("commerce:sandbox", args=[payment.reference]))

    def ask(self, reference: str) -> Answer:
        """How the payment stands."""
        payment = self._payment(reference)
        self._delay(payment)
        outcome = Outcome(payment.state)
        return Answer(
            outcome,
            reference,
            amount=payment.money if outcome == Outcome.SUCCEEDED else None,
            failure="The bank said no." if outcome == Outcome.FAILED else "",
        )

    def refund(self, reference: str, amount: Money, key: str) -> Answer:
        """Give money back; the same key gives it back once."""
        with transaction.atomic():
            payment = SandboxPayment.objects.select_for_update().filter(reference=reference).first()
            if payment is None:
                raise GatewayError("Unknown payment")
            if payment.trouble == "norefund":
                raise GatewayError("This card takes no refunds.")
            if key not in payment.refunds:
                if payment.refunded.amount + amount.amount > payment.amount:
                    raise GatewayError("More than was paid.")
                payment.refunds[key] = str(amount.amount)
                payment.save(update_fields=["refunds"])
        is_late = payment.trouble == "laterefund"
        return Answer(Outcome.PENDING if is_late else Outcome.SUCCEEDED, key, amount)

    def ask_refund(self, reference: str, refund_reference: str) -> Answer:
        """How a refund stands."""
        payment = self._payment(reference)
        if refund_reference not in payment.refunds:
            raise GatewayError("Unknown refund")
        amount = Money(Decimal(payment.refunds[refund_reference]), payment.currency)
        return Answer(Outcome.SUCCEEDED, refund_reference, amount)

    def read(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """A notification that carries the sandbox's signature, not older than five minutes."""
        at, _dot, signature = headers.get(SIGNATURE, "").partition(".")
        if not hmac.compare_digest(_sign(at, body).encode(), signature.encode()):
            raise BadNotification("The signature is wrong.")
        if abs(time.time() - int(at)) > STALE_SECONDS:
            raise BadNotification("Too old.")
        told = json.loads(body)
        return Notification(told["id"], told["kind"], told["reference"], told)

    def _payment(self, reference: str) -> SandboxPayment:
        payment = SandboxPayment.objects.filter(reference=reference).first()
        if payment is None:
            raise GatewayError("Unknown payment")
        return payment

    def _delay(self, payment: SandboxPayment) -> None:
        if payment.trouble == "slow":
            time.sleep(PATIENCE)
            raise Unreachable("Timeout")


def finish(reference: str, outcome: Outcome) -> list[tuple[dict[str, str], bytes]]:
    """The shopper has chosen on the sandbox's page: once. Returns the notifications to deliver: headers and body."""
    chosen = SandboxPayment.objects.filter(reference=reference, state=Outcome.PENDING)
    charges = F("charges") + int(outcome == Outcome.SUCCEEDED)
    if not chosen.update(state=outcome, charges=charges):
        return []
    payment = SandboxPayment.objects.get(reference=reference)
    times = {"silent": 0, "twice": 2}.get(payment.trouble, 1)
    return [notification(reference, outcome)] * times


def notification(reference: str, outcome: Outcome, event_id: str = "", at: float = 0) -> tuple[dict[str, str], bytes]:
    """A signed notification as the sandbox sends it: headers and body."""
    told = {"id": event_id or f"event-{reference}-{outcome}", "kind": f"payment.{outcome}", "reference": reference}
    body = json.dumps(told).encode()
    moment = str(int(at or time.time()))
    return {SIGNATURE: f"{moment}.{_sign(moment, body)}"}, body


def _sign(at: str, body: bytes) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"sandbox.{at}.".encode() + body, sha256).hexdigest()


def _trouble(email: str) -> str:
    """What the address asks for: the word after the plus."""
    word = email.partition("@")[0].partition("+")[2]
    return word if word in TROUBLES else ""
