"""Gift cards: the only writer of their balance and of their ledger. ADR 0019.

Every move locks the card's row, several cards in ascending order, and leaves an entry: entries add up to the balance.
What locks an order locks it before its cards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Round
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from commerce import gift_codes
from commerce.exceptions import CardRefused, IllegalTransition, OrderChanged
from commerce.models import Basket, BasketCode, GiftCard, GiftCardEntry, GiftCardSettings, Order, OrderLine
from commerce.models.gift_cards import EntryKind
from commerce.paying import CardPayment
from core.money import Money

MOST_AT_ONCE = 500
"""Cards of one batch."""

Status = GiftCard.Status


# --- Finding -------------------------------------------------------------------------------------


def find(text: str) -> GiftCard | None:
    """The card of a typed code, if it could pay: what is unknown and what is blocked get the same answer."""
    card = GiftCard.objects.filter(digest=gift_codes.digest_of(text), status=Status.ACTIVE).first()
    return card if card and card.is_good else None


def put_in(basket: Basket, text: str) -> bool:
    """Let the card of a typed code pay for a basket whose row is locked. False where there is no such card."""
    card = find(text)
    if card is None:
        return False
    BasketCode.objects.get_or_create(basket=basket, gift_card=card)
    return True


def take_out(basket_id: int, card_id: int) -> None:
    """A card is not to pay for a basket any more."""
    BasketCode.objects.filter(basket_id=basket_id, basket__status=Basket.Status.OPEN, gift_card_id=card_id).delete()


# --- Paying --------------------------------------------------------------------------------------


def charge(order: Order, payments: Iterable[CardPayment]) -> list[GiftCardEntry]:
    """Take from each card what it pays for an order, in the transaction that places it.

    Raises:
        OrderChanged: a card holds less than the shopper saw, or is good no longer. Nothing is taken then.
    """
    still_good = Q(status=Status.ACTIVE) & (Q(valid_until=None) | Q(valid_until__gte=timezone.localdate()))
    entries = []
    for one in sorted((one for one in payments if one.used), key=lambda one: one.card_id):
        try:
            entries.append(_move(one.card_id, EntryKind.REDEEMED, one.used * -1, only=still_good, order=order))
        except CardRefused as refusal:
            told = _("%(card)s was used elsewhere meanwhile. Please look at what is left to pay.")
            raise OrderChanged(told % {"card": one.label}) from refusal
    return entries


def put_back(reference: str, amount: Money, *, key: str, actor: User | None = None, reason: str = "") -> GiftCardEntry:
    """Money goes back onto the card that it came from, once for each key.

    `reference` is that of the payment. A blocked card stays blocked; one whose time is over is good for another year.

    Raises:
        CardRefused: more than the card paid and has not had back.
    """
    paid = GiftCardEntry.objects.get(pk=int(reference.rpartition("-")[2]), kind=EntryKind.REDEEMED)
    with transaction.atomic():
        card = GiftCard.objects.select_for_update().get(pk=paid.card_id)
        if known := GiftCardEntry.objects.filter(key=key).first():
            return known
        if amount > _outstanding(paid):
            raise CardRefused
        if card.is_over:
            GiftCard.objects.filter(pk=card.pk).update(valid_until=timezone.localdate() + dt.timedelta(days=365))
        return _move(card.pk, EntryKind.REFUNDED, amount, order_id=paid.order_id, key=key, actor=actor, reason=reason)


def _outstanding(paid: GiftCardEntry) -> Money:
    """What of a payment has not gone back onto the card, whose row is locked."""
    back = GiftCardEntry.objects.filter(card=paid.card_id, order=paid.order_id, kind=EntryKind.REFUNDED)
    gone_back = back.aggregate(sum=Sum("amount"))["sum"] or 0
    return Money(-paid.amount - gone_back, paid.card.currency)


# --- Issuing -------------------------------------------------------------------------------------


def issue(card: GiftCard, *, actor: User | None = None, reason: str = "", key: str = "") -> bool:
    """Give a waiting card its code and its money, once. False where it is not waiting."""
    code = gift_codes.new_code()
    with transaction.atomic():
        begun = GiftCard.objects.filter(pk=card.pk, status=Status.WAITING).update(
            **_coded(code),
            status=Status.ACTIVE,
            issued_at=timezone.now(),
            valid_until=card.valid_until or GiftCardSettings.load().valid_until(timezone.localdate()),
        )
        if not begun:
            return False
        order_id = card.order_line.order_id if card.order_line else None
        _move(
            card.pk,
            EntryKind.ISSUED,
            card.initial,
            order_id=order_id,
            key=key or f"issued-{card.pk}",
            actor=actor,
            reason=reason,
        )
    card.refresh_from_db()
    return True


def issue_by_hand(amount: Money, count: int, *, key: str, actor: User, reason: str, **about: Any) -> list[GiftCard]:
    """Cards that nobody bought: a prize, an apology, a school's order. `about`: recipient, message, last day.

    With a key that was used before nothing is made and nothing returned: the form was sent twice.
    """
    with transaction.atomic():
        if GiftCardEntry.objects.filter(key=f"{key}-0").exists():
            return []
        cards = [
            GiftCard.objects.create(currency=amount.currency, initial_amount=amount.amount, **about)
            for _number in range(count)
        ]
        for number, card in enumerate(cards):
            issue(card, actor=actor, reason=reason, key=f"{key}-{number}")
    return cards


def renew(card_id: int, actor: User | None, reason: str) -> None:
    """Another code for the same money: the old one was lost, stolen or cannot be read any more.

    Raises:
        CardRefused: the card is not in use.
    """
    with transaction.atomic():
        card = _in_use(card_id)
        GiftCard.objects.filter(pk=card.pk).update(**_coded(gift_codes.new_code()))
        _note(card, EntryKind.RENEWED, actor, reason)


def _coded(code: str) -> dict[str, str]:
    return {"digest": gift_codes.digest_of(code), "sealed": gift_codes.seal(code), "last4": code[-4:]}


# --- The end of a card, and staff ----------------------------------------------------------------


def withdraw(order: Order, lines: Sequence[OrderLine], actor: User | None, reason: str = "") -> None:
    """The sale of gift cards is undone, in the transaction that cancels or takes back their order lines.

    The cards that paid for the order are locked along with those it sold: they may be given their money back next.

    Raises:
        IllegalTransition: something was taken off one of them.
    """
    sold, paid = Q(order_line__in=lines), Q(pk__in=order.gift_card_entries.values("card"))
    for card in list(GiftCard.objects.select_for_update().filter(sold | paid).order_by("pk")):
        if card.order_line_id not in {line.pk for line in lines} or card.status == Status.WITHDRAWN:
            continue
        if card.is_issued and not card.is_unspent:
            raise IllegalTransition(_("%(card)s has been spent in part: its sale cannot be undone.") % {"card": card})
        if card.balance:
            _move(card.pk, EntryKind.WITHDRAWN, card.balance * -1, order=order, actor=actor, reason=reason)
        GiftCard.objects.filter(pk=card.pk).update(status=Status.WITHDRAWN)


def expire(today: dt.date) -> int:
    """Cards whose last day has passed hold nothing any more. Returns how many they are."""
    over = GiftCard.objects.filter(valid_until__lt=today, balance_amount__gt=0).order_by("pk")
    count = 0
    for card_id in over.values_list("pk", flat=True):
        with transaction.atomic():
            card = GiftCard.objects.select_for_update().get(pk=card_id)
            if card.balance and card.valid_until and card.valid_until < today:
                _move(card.pk, EntryKind.EXPIRED, card.balance * -1)
                count += 1
    return count


def block(card_id: int, actor: User, reason: str) -> None:
    """The card pays no more, and keeps its money. Asked again, nothing happens."""
    _set_status(card_id, Status.ACTIVE, Status.BLOCKED, EntryKind.BLOCKED, actor, reason)


def unblock(card_id: int, actor: User, reason: str) -> None:
    """The card pays again."""
    _set_status(card_id, Status.BLOCKED, Status.ACTIVE, EntryKind.UNBLOCKED, actor, reason)


def correct(card_id: int, balance: Money, actor: User, reason: str) -> None:
    """A named colleague says what a card holds, from nothing to what it held at first.

    Raises:
        CardRefused: it is not in use, of another currency, or never held as much.
    """
    with transaction.atomic():
        card = _in_use(card_id)
        if balance.currency != card.currency or not 0 <= balance.amount <= card.initial_amount:
            raise CardRefused(_("A card holds between nothing and what it held at first."))
        if balance != card.balance:
            _move(card.pk, EntryKind.CORRECTED, balance - card.balance, actor=actor, reason=reason)


def _in_use(card_id: int) -> GiftCard:
    """A card with a code, under its row lock."""
    card = GiftCard.objects.select_for_update().get(pk=card_id)
    if card.status not in (Status.ACTIVE, Status.BLOCKED):
        raise CardRefused
    return card


def _set_status(card_id: int, was: Status, to: Status, kind: EntryKind, actor: User, reason: str) -> None:
    with transaction.atomic():
        if GiftCard.objects.filter(pk=card_id, status=was).update(status=to):
            _note(GiftCard.objects.get(pk=card_id), kind, actor, reason)


def _note(card: GiftCard, kind: EntryKind, actor: User | None, reason: str) -> None:
    """Write down what moved no money."""
    GiftCardEntry.objects.create(
        card=card, kind=kind, amount=0, balance_amount=card.balance_amount, actor=actor, reason=reason
    )


def _move(card_id: int, kind: EntryKind, amount: Money, *, only: Q | None = None, **detail: Any) -> GiftCardEntry:
    """Move a card's balance and write it down: the one place where that happens.

    The check and the change are one statement. SQLite keeps decimals as floats, so the sum is rounded there and then.

    Raises:
        CardRefused: the card holds less, or is not as `only` wants it.
    """
    with transaction.atomic():
        GiftCard.objects.select_for_update().get(pk=card_id)
        rows = GiftCard.objects.filter(only or Q(), pk=card_id, balance_amount__gte=-amount.amount)
        if not rows.update(balance_amount=Round(F("balance_amount") + amount.amount, precision=3)):
            raise CardRefused
        balance = GiftCard.objects.values_list("balance_amount", flat=True).get(pk=card_id)
        detail = {name: value for name, value in detail.items() if value}
        return GiftCardEntry.objects.create(
            card_id=card_id, kind=kind, amount=amount.amount, balance_amount=balance, **detail
        )
