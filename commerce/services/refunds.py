"""Taking a sale back, in part or as a whole: copies, paper and money together.

One rule for the money: an order is worth its total less what was credited (`Order.worth`), and what came beyond
that goes back the way it came. So nothing is given back twice, and nothing where nothing had been paid.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from commerce.models import CreditNote, Order, OrderLine, Refund
from commerce.models.order import LineStatus, OrderStatus
from commerce.services import credit_notes, invoicing, ledger, orders, refunding
from core.money import Money

GONE = (LineStatus.CANCELLED, LineStatus.RETURNED)


def cancel(order_id: int, actor: User | None, reason: str) -> Order:
    """Nothing more of this order will be sent: unsent copies are cancelled, credited, and what was paid goes back.

    Raises:
        IllegalTransition: every copy was sent already.
    """
    with transaction.atomic():
        unsent = [line.pk for line in orders.lock(order_id).lines.all() if line.is_unsent]
        order = orders.cancel(order_id, actor, reason)
        take_back(order_id, unsent, actor, reason)
    return order


def cancel_pre_orders(order_id: int, actor: User | None, reason: str) -> Order:
    """The unsent copies that were ordered before publication are cancelled, credited, and what was paid goes back.

    Raises:
        IllegalTransition: they were all sent already, or there were none.
    """
    with transaction.atomic():
        lines = orders.lock(order_id).lines.all()
        unsent = [line.pk for line in lines if line.is_pre_order and line.is_unsent]
        order = orders.cancel_pre_orders(order_id, actor, reason)
        take_back(order_id, unsent, actor, reason)
    return order


def take_back(order_id: int, line_ids: Iterable[int], actor: User | None, reason: str) -> list[Refund]:
    """Copies that the customer no longer has or gets: credited as far as they were not, and the delivery with the
    last of them; what was paid for that goes back. A whole order that was never invoiced needs no paper."""
    with transaction.atomic():
        order = orders.lock(order_id)
        if order.status != OrderStatus.CANCELLED:
            invoicing.issue(order)
        if hasattr(order, "invoice"):
            lines = OrderLine.objects.filter(order=order, pk__in=set(line_ids)).select_related("order")
            is_all = not order.lines.exclude(status__in=GONE).exists()
            delivery = order.delivery_left if is_all else Money.zero(order.currency)
            open_ids = [line.pk for line in lines if line.left]
            if open_ids or delivery:
                credit_notes.issue(
                    order_id, open_ids, delivery=delivery, reason=reason or _("Cancellation"), actor=actor
                )
        return _settle(order_id, actor, reason)


def credit_copies(
    order_id: int, line_ids: Iterable[int], actor: User | None, reason: str, *, delivery: Money | None = None
) -> CreditNote:
    """Copies that the customer keeps, and so much of the delivery, are let off; what was paid for them goes back.

    Raises:
        CommerceError: as `credit_notes.issue`.
    """
    with transaction.atomic():
        orders.lock(order_id)
        note = credit_notes.issue(order_id, line_ids, delivery=delivery, reason=reason, actor=actor)
        _settle(order_id, actor, reason)
    return note


def credit_amount(order_id: int, amount: Money, actor: User | None, reason: str) -> CreditNote:
    """Part of the price of an order is let off, as for a torn jacket; what was paid for it goes back.

    Raises:
        CommerceError: as `credit_notes.issue_amount`.
    """
    with transaction.atomic():
        orders.lock(order_id)
        note = credit_notes.issue_amount(order_id, amount, reason=reason, actor=actor)
        _settle(order_id, actor, reason)
    return note


def _settle(order_id: int, actor: User | None, reason: str) -> list[Refund]:
    """What came beyond the worth of an order goes back. One that was cancelled before its invoice is worth nothing."""
    order = orders.lock(order_id)
    was_never_invoiced = order.status == OrderStatus.CANCELLED and not hasattr(order, "invoice")
    worth = Money.zero(order.currency) if was_never_invoiced else order.worth
    beyond = ledger.received(order) - worth
    made = refunding.refund(order_id, beyond, reason, actor) if beyond.amount > 0 else []
    ledger.follow(orders.lock(order_id))
    return made
