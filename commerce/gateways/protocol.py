"""What the shop asks of a payment provider, and what a provider answers.

A gateway speaks with one provider. It is never called inside a transaction; every call ends within ten seconds
and raises `Unreachable` where no answer came: then nobody knows whether the provider acted, and the same call
with the same key is safe to repeat. Minor units (pence, none for XAF) are made in gateways and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from core.money import Money


class Outcome(StrEnum):
    """What a provider says of a payment or a refund."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class GatewayError(Exception):
    """The provider refused. The message is the provider's, for staff; it holds no card data and no key."""


class Unreachable(GatewayError):
    """No answer, or one that says nothing (timeout, reset, 429, 5xx): ask again later with the same key."""


class BadNotification(Exception):
    """A notification that is forged, altered, stale or no notification at all. Nothing is stored of it."""


@dataclass(frozen=True)
class Request:
    """What the provider needs to ask a shopper for money. `key` makes it safe to repeat."""

    key: str
    amount: Money
    order_number: str
    description: str
    email: str
    name: str
    country: str
    language: str
    return_url: str
    cancel_url: str
    expires_at: datetime | None = None
    """When the provider's page closes; the same for the same key. None: when the provider thinks fit."""


@dataclass(frozen=True)
class Begun:
    """An attempt that the provider knows: its own reference, and the page on which the shopper pays."""

    reference: str
    url: str


@dataclass(frozen=True)
class Answer:
    """How a payment or refund stands. `amount` is what was captured or given back, in the provider's currency."""

    outcome: Outcome
    reference: str
    amount: Money | None = None
    failure: str = ""


@dataclass(frozen=True)
class Notification:
    """A verified notification. It may come twice, late, or before another one: it is a reason to `ask`, no more."""

    event_id: str
    kind: str
    reference: str
    """Of the payment it is about; empty where it is about none of ours."""
    payload: Mapping[str, Any] = field(default_factory=dict)


class Gateway(Protocol):
    """A provider."""

    is_configured: bool
    currencies: frozenset[str] | None
    """What it takes; None: any."""

    def begin(self, request: Request) -> Begun:
        """Open an attempt and say where the shopper pays. The same key again gives the same attempt."""

    def ask(self, reference: str) -> Answer:
        """How the payment stands now, from the provider itself."""

    def refund(self, reference: str, amount: Money, key: str) -> Answer:
        """Give money back. The same key again gives it back once. The answer's reference is the refund's."""

    def ask_refund(self, reference: str, refund_reference: str) -> Answer:
        """How a refund stands now."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """A notification, verified by its signature. Raises BadNotification."""
