"""Gift cards that were bought: made when the money has come, mailed on their day."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from commerce.models import GiftCard, Order, Refund
from commerce.models.order import PaymentMethod, PaymentStatus
from commerce.services import gift_cards, ledger, orders, refunding
from core.mail.outbox import post

PAID = (PaymentStatus.PAID, PaymentStatus.OVERPAID)


def issue_for(order: Order) -> int:
    """Make the gift cards of an order that is paid, and mail those whose day it is. Returns how many were made.

    Call it in the transaction that finds the order paid, under the order's lock; called again it does nothing.
    """
    if order.payment_status not in PAID:
        return 0
    waiting = GiftCard.objects.filter(order_line__order=order, status=GiftCard.Status.WAITING)
    made = [card for card in waiting.select_related("order_line").order_by("pk") if gift_cards.issue(card)]
    for card in made:
        hand_over(card)
    return len(made)


def join_payments() -> None:
    """Called when the shop starts: cards are issued when they are paid, and get back what they paid."""
    ledger.WHEN_PAID.append(issue_for)
    refunding.INSIDE[PaymentMethod.GIFT_CARD] = _put_back


def _put_back(refund: Refund) -> None:
    gift_cards.put_back(
        refund.payment.reference, refund.money, key=f"refund-{refund.pk}", actor=refund.actor, reason=refund.reason
    )


def hand_over(card: GiftCard) -> bool:
    """Post the mail of a card whose day it is, once. False where it is not its day or it was posted before."""
    with transaction.atomic():
        if not to_send().filter(pk=card.pk).update(queued_at=timezone.now()):
            return False
        _post(card.pk)
    return True


def send_again(card: GiftCard, address: str = "") -> None:
    """Mail a card once more, to another address where one is given."""
    with transaction.atomic():
        GiftCard.objects.filter(pk=card.pk).update(
            queued_at=timezone.now(), sent_at=None, recipient_email=address or card.recipient_email
        )
        _post(card.pk)


def _post(card_id: int) -> None:
    """One mail for each time that it was asked for; the line of the order has left with it."""
    GiftCard.objects.filter(pk=card_id).update(sent_at=timezone.now())
    card = GiftCard.objects.select_related("order_line__order").get(pk=card_id)
    line = card.order_line
    to = card.recipient_email or (line.order.email if line else "")
    key = f"gift-card:{card_id}:{card.queued_at:%Y%m%d%H%M%S%f}"
    post("gift-card", to, key=key, language=line.order.language if line else "", card_id=card_id)
    if line and line.is_unsent:
        orders.mark_lines_sent(line.order_id, [line.pk], None)


def follow() -> tuple[int, int]:
    """Issue what has been paid meanwhile and mail what is due: how many of each. Run by the clock."""
    waiting = Order.objects.filter(payment_status__in=PAID, lines__gift_card__status=GiftCard.Status.WAITING).distinct()
    made = 0
    for order_id in list(waiting.values_list("pk", flat=True)):
        with transaction.atomic():
            made += issue_for(Order.objects.select_for_update().get(pk=order_id))
    return made, sum(hand_over(card) for card in to_send())


def to_send() -> QuerySet[GiftCard]:
    """Good cards whose day it is and whose mail nobody has asked for yet. One with no address of its own goes to
    whoever bought it."""
    due = Q(send_on=None) | Q(send_on__lte=timezone.localdate())
    somebody = ~Q(recipient_email="") | Q(order_line__isnull=False)
    return GiftCard.objects.filter(due, somebody, status=GiftCard.Status.ACTIVE, queued_at=None)
