"""What came for an order and what went back: the sums that everything about money goes by.

The only writer of `Order.payment_status`. What an order has been paid is the sum of its captured payments in its
currency, and nothing else. Whoever changes a payment or a refund locks the order first and then calls `follow`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from commerce.models import Order, Payment
from commerce.models.order import EventKind, OrderStatus, PaymentStatus
from commerce.models.payment import PaymentState
from commerce.services import invoicing, orders
from core.money import Money

WHEN_PAID: list[Callable[[Order], object]] = []
"""What else happens in the transaction in which an order becomes paid; each is safe to run twice."""


def received(order: Order) -> Money:
    """What has come for an order, without what went back."""
    came, went = came_and_went(order)
    return came - went


def due(order: Order) -> Money:
    """What is still to be paid: nothing where all its worth came once, even if some went back, or it was cancelled."""
    came, went = came_and_went(order)
    if order.status == OrderStatus.CANCELLED or order.worth <= came:
        return Money.zero(order.currency)
    return order.worth - (came - went)


def came_and_went(order: Order) -> tuple[Money, Money]:
    """What came in the order's currency, and what went back of it or is promised to."""
    sums = order.payments.filter(currency=order.currency).aggregate(
        came=Sum("captured_amount"), went=Sum("refunded_amount")
    )
    return Money(sums["came"] or Decimal(0), order.currency), Money(sums["went"] or Decimal(0), order.currency)


def status_of(order: Order) -> PaymentStatus:
    """What the sums say. An order is paid when at least what it is worth came in its currency and was kept."""
    came, went = came_and_went(order)
    kept, worth = came - went, order.worth
    if order.status == OrderStatus.CANCELLED and not kept and order.total:
        return PaymentStatus.REFUNDED if went else PaymentStatus.PENDING
    if worth < kept:
        return PaymentStatus.OVERPAID
    if kept == worth:
        if not (went and order.credited_amount):
            return PaymentStatus.PAID
        return PaymentStatus.PARTLY_REFUNDED if kept else PaymentStatus.REFUNDED
    if not kept:
        return PaymentStatus.REFUNDED if went and worth <= came else PaymentStatus.PENDING
    return PaymentStatus.PARTLY_PAID if came < worth else PaymentStatus.PARTLY_REFUNDED


def follow(order: Order) -> None:
    """Bring the payment status to what the sums say. The order is locked by the caller.

    An order that becomes paid gets its invoice, if it waited for the money, and what else `WHEN_PAID` holds.
    """
    status = status_of(order)
    if status == order.payment_status:
        return
    order.payment_status = status
    order.save(update_fields=["payment_status"])
    if status in (PaymentStatus.PAID, PaymentStatus.OVERPAID) and order.replaces_id is None:
        invoicing.issue(order)
        for do in WHEN_PAID:
            do(order)


def capture(
    order_id: int, method: str, amount: Money, *, reference: str = "", actor: User | None = None, reason: str = ""
) -> Payment:
    """Money that has come, in the caller's transaction: said by a named colleague, or taken off a gift card.

    With a reference that is known already nothing happens.
    """
    with transaction.atomic():
        order = orders.lock(order_id)
        if reference and (known := Payment.objects.filter(method=method, reference=reference).first()):
            return known
        payment = Payment.objects.create(
            order=order,
            method=method,
            state=PaymentState.CAPTURED,
            reference=reference,
            currency=amount.currency,
            amount=amount.amount,
            captured_amount=amount.amount,
            captured_at=timezone.now(),
        )
        record_money(order, EventKind.PAID, amount, actor, reason)
        follow(order)
    return payment


def record_money(order: Order, kind: EventKind, amount: Money, actor: User | None, reason: str = "") -> None:
    """Write down that money came or went."""
    orders.record(order, kind, actor, amount=str(amount.amount), currency=amount.currency, reason=reason)
