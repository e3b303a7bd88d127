"""What came for an order and what went back: the sums that everything about money goes by.

The only writer of `Order.payment_status`. What an order has been paid is the sum of its captured payments in its
currency, and nothing else. Whoever changes a payment or a refund locks the order first and then calls `follow`.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from commerce.models import Order, Payment
from commerce.models.order import EventKind, OrderStatus, PaymentStatus
from commerce.models.payment import PaymentState
from commerce.services import orders
from core.money import Money


def received(order: Order) -> Money:
    """What has come for an order, without what went back."""
    came, went = came_and_went(order)
    return came - went


def due(order: Order) -> Money:
    """What is still to be paid: nothing where all of it came once, even if some went back, or it was cancelled."""
    came, went = came_and_went(order)
    if order.status == OrderStatus.CANCELLED or order.total <= came:
        return Money.zero(order.currency)
    return order.total - (came - went)


def came_and_went(order: Order) -> tuple[Money, Money]:
    """What came in the order's currency, and what went back of it or is promised to."""
    sums = order.payments.filter(currency=order.currency).aggregate(
        came=Sum("captured_amount"), went=Sum("refunded_amount")
    )
    return Money(sums["came"] or Decimal(0), order.currency), Money(sums["went"] or Decimal(0), order.currency)


def status_of(order: Order) -> PaymentStatus:
    """What the sums say. An order is paid when at least its total came in its currency and was kept."""
    came, went = came_and_went(order)
    kept, total = came - went, order.total
    if total < kept:
        return PaymentStatus.OVERPAID
    if kept == total:
        return PaymentStatus.PAID
    if not kept:
        was_paid = bool(went) and (total <= came or order.status == OrderStatus.CANCELLED)
        return PaymentStatus.REFUNDED if was_paid else PaymentStatus.PENDING
    return PaymentStatus.PARTLY_PAID if came < total else PaymentStatus.PARTLY_REFUNDED


def follow(order: Order) -> None:
    """Bring the payment status to what the sums say. The order is locked by the caller."""
    status = status_of(order)
    if status != order.payment_status:
        order.payment_status = status
        order.save(update_fields=["payment_status"])


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
