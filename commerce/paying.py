"""What gift cards pay of a basket. Pure: cards in, figures out. They are money, so no price, tax or total changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from commerce.models import GiftCard
from core.money import Money


@dataclass(frozen=True)
class CardPayment:
    """What one card pays. `note` says why it pays nothing, where it does not."""

    card_id: int
    label: str
    balance: Money
    used: Money
    note: str = ""

    @property
    def left(self) -> Money:
        """What it holds after the order."""
        return self.balance - self.used

    @property
    def sentence(self) -> str:
        """What is used and what is left."""
        return _("%(used)s of %(balance)s used, %(left)s left after this order") % {
            "used": self.used, "balance": self.balance, "left": self.left,
        }  # fmt: skip

    @property
    def shown(self) -> dict[str, object]:
        """Label and amount for the sums."""
        return {"label": self.label, "amount": self.used * -1}


def pay_with(cards: Iterable[GiftCard], payable: Money) -> tuple[CardPayment, ...]:
    """Take an amount from cards in the order in which they were typed: each is emptied before the next one."""
    zero = Money.zero(payable.currency)
    found = []
    for card in cards:
        note = _refusal(card, payable)
        used = zero if note else min(card.balance, payable, key=lambda money: money.amount)
        payable -= used
        if not note and not used:
            note = _("There is nothing left for it to pay.") if card.balance else _("Nothing is left on this card.")
        found.append(CardPayment(card.pk, str(card), card.balance, used, note))
    return tuple(found)


def _refusal(card: GiftCard, payable: Money) -> str:
    if card.currency != payable.currency:
        return _("This gift card is for orders in %(currency)s.") % {"currency": card.currency}
    if card.status != GiftCard.Status.ACTIVE:
        return _("This gift card cannot be used.")
    if card.valid_until and card.is_over:
        return _("This gift card was good until %(date)s.") % {"date": date_format(card.valid_until)}
    return ""
