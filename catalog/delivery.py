"""How offers travel and come back, as machines are told. Who sells says it (`senders`); the catalogue repeats it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalog.models.editions import Edition
from catalog.offers import Offer
from core.money import Money


@dataclass(frozen=True, slots=True)
class Way:
    """A way of delivery within the shop's own country, for one copy of an edition."""

    name: str
    price: Money
    """Tax included."""
    handling_days: int | None
    """Working days until a copy leaves, at most; None where nobody knows."""
    transit_days: int | None
    """Working days on the way, at most; None where none are promised."""


Ways = Callable[[Edition, Offer], Sequence[Way]]

senders: list[Callable[[], Ways]] = []
"""Each gives what holds at this moment: rooms that send books add theirs."""


def ways() -> Ways:
    """How an edition is delivered. Ask once for many editions."""
    asked = [sender() for sender in senders]
    return lambda edition, offer: [way for one in asked for way in one(edition, offer)]
