"""Money for orders. The only writer of payments, refunds and of `Order.payment_status`.

What an order has been paid is the sum of its captured payments, and nothing else. Every change locks the order
first, then its payments in ascending order, and ends in `_follow`, which works the status out of the sums.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from commerce.models import Order, Payment
from commerce.models.order import EventKind, PaymentStatus
from commerce.models.payment import PaymentState
from commerce.services import orders
from core.money import Money


def received(order: Order) -> Money:
    """What has come for an order, without what went back."""
    sums = order.payments.aggregate(came=Sum("captured_amount"), went=Sum("refunded_amount"))
    return Money((sums["came"] or Decimal(0)) - (sums["went"] or Decimal(0)), order.currency)


def due(order: Order) -> Money:
    """What is still to be paid; never below zero."""
    left = order.total - received(order)
    return left if left.amount > 0 else Money.zero(order.currency)


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
        orders.record(order, EventKind.PAID, actor, amount=str(amount), reason=reason)
        _follow(order)
    return payment


def _follow(order: Order) -> None:
    """Bring the payment status to what the sums say. An order is paid when at least its total came in its currency."""
    sums = order.payments.filter(currency=order.currency).aggregate(
        came=Sum("captured_amount"), went=Sum("refunded_amount")
    )
    came, went = sums["came"] or Decimal(0), sums["went"] or Decimal(0)
    if went:
        status = PaymentStatus.REFUNDED if went >= came else PaymentStatus.PARTLY_REFUNDED
    elif came > order.total_amount:
        status = PaymentStatus.OVERPAID
    elif came >= order.total_amount:
        status = PaymentStatus.PAID
    else:
        status = PaymentStatus.PARTLY_PAID if came else PaymentStatus.PENDING
    if status != order.payment_status:
        order.payment_status = status
        order.save(update_fields=["payment_status"])
