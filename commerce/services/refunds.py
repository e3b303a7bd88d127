"""Taking a sale back, in part or as a whole: copies, paper and money together.

One rule for the money: an order is worth its total less what was credited (`Order.worth`), and what came beyond
that goes back the way it came. So nothing is given back twice, and nothing where nothing had been paid.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from commerce.models import Order, Refund
from commerce.models.order import LineStatus
from commerce.services import credit_notes, orders, payments
from core.money import Money

GONE = (LineStatus.CANCELLED, LineStatus.RETURNED)


def cancel(order_id: int, actor: User | None, reason: str) -> Order:
    """Nothing more of this order will be sent: unsent copies are cancelled, credited, and what was paid goes back.

    Raises:
        IllegalTransition: every copy was sent already.
    """
    with transaction.atomic():
        order = orders.lock(order_id)
        unsent = [line.pk for line in order.lines.all() if line.is_unsent]
        orders.cancel(order_id, actor, reason)
        credit(order_id, unsent, actor, reason)
    return order


def cancel_pre_orders(order_id: int, actor: User | None, reason: str) -> Order:
    """The unsent copies that were ordered before publication are cancelled, credited, and what was paid goes back.

    Raises:
        IllegalTransition: they were all sent already, or there were none.
    """
    with transaction.atomic():
        order = orders.lock(order_id)
        unsent = [line.pk for line in order.lines.all() if line.is_pre_order and line.is_unsent]
        orders.cancel_pre_orders(order_id, actor, reason)
        credit(order_id, unsent, actor, reason)
    return order


def credit(order_id: int, line_ids: Iterable[int], actor: User | None, reason: str) -> list[Refund]:
    """Copies that the customer does not keep: a credit note for them, with the delivery where nothing is kept at all,
    and the refund of what was paid beyond the rest."""
    ids = set(line_ids)
    with transaction.atomic():
        order = orders.lock(order_id)
        if ids and hasattr(order, "invoice"):
            nothing_kept = not order.lines.exclude(status__in=GONE).exists()
            delivery = order.delivery if nothing_kept else Money.zero(order.currency)
            credit_notes.issue(order_id, ids, delivery=delivery, reason=reason, actor=actor)
        return settle(order_id, actor, reason)


def credit_amount(order_id: int, amount: Money, actor: User | None, reason: str) -> list[Refund]:
    """Part of the price of an order is let off, as for a damaged jacket.

    Raises:
        CommerceError: more than what is left of the invoice.
    """
    with transaction.atomic():
        orders.lock(order_id)
        credit_notes.issue_amount(order_id, amount, reason=reason, actor=actor)
        return settle(order_id, actor, reason)


def settle(order_id: int, actor: User | None, reason: str) -> list[Refund]:
    """What came beyond the worth of an order goes back; nothing where nothing did."""
    with transaction.atomic():
        order = orders.lock(order_id)
        beyond = payments.received(order) - order.worth
        return payments.refund(order_id, beyond, reason, actor) if beyond.amount > 0 else []

