"""Gift cards that were bought: made when the money has come, mailed on their day."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from commerce.gift_card_mail import send_gift_card
from commerce.models import GiftCard, Order
from commerce.models.order import PaymentStatus
from commerce.services import gift_cards
from core.tasks import enqueue

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


def hand_over(card: GiftCard) -> bool:
    """Queue the mail of a card whose day it is, once. False where it is not its day or it was queued before."""
    with transaction.atomic():
        if not to_send().filter(pk=card.pk).update(queued_at=timezone.now()):
            return False
        enqueue(send_gift_card, card_id=card.pk)
    return True


def send_again(card: GiftCard, address: str = "") -> None:
    """Mail a card once more, to another address where one is given."""
    with transaction.atomic():
        GiftCard.objects.filter(pk=card.pk).update(
            queued_at=timezone.now(), sent_at=None, recipient_email=address or card.recipient_email
        )
        enqueue(send_gift_card, card_id=card.pk)


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
