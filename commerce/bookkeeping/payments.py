"""What must hold between orders, payments, refunds and events, whoever wrote them. Each check says what does not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from commerce.bookkeeping.drift import Drift
from commerce.models import BankLine, Order, OrderEvent, Payment, Refund
from commerce.models.order import EventKind
from commerce.models.payment import PaymentState, RefundState
from commerce.services import ledger
from core.money import Money


def statuses() -> Iterator[Drift]:
    """The payment status of an order is what its sums say."""
    for order in Order.objects.order_by("pk").iterator(500):
        if order.payment_status != (said := ledger.status_of(order)):
            yield _told(f"Order {order.number} is {order.payment_status}; its payments say {said}")


def refunded_sums() -> Iterator[Drift]:
    """What a payment counts as given back is the sum of its refunds that did not fail."""
    counted = Payment.objects.annotate(
        sum=Coalesce(Sum("refunds__amount", filter=~Q(refunds__state=RefundState.FAILED)), Decimal(0))
    )
    for payment in counted.select_related("order").iterator(500):
        counts, rows = (Money(amount, payment.currency) for amount in (payment.refunded_amount, payment.sum))
        if counts != rows:
            yield _told(
                f"Payment {payment.pk} of {payment.order.number} counts {counts} as given back; its rows say {rows}"
            )


def more_than_came() -> Iterator[Drift]:
    """No more goes back than came."""
    for payment in Payment.objects.filter(refunded_amount__gt=F("captured_amount") + Decimal("0.0005")):
        yield _told(f"Payment {payment.pk} gives back {payment.refunded_amount} of {payment.captured_amount}")


def money_without_capture() -> Iterator[Drift]:
    """An attempt has money exactly where it was captured."""
    with_money = Q(captured_amount__gt=0)
    was_captured = Q(state=PaymentState.CAPTURED)
    for payment in Payment.objects.filter((with_money & ~was_captured) | (was_captured & ~with_money)):
        yield _told(f"Payment {payment.pk} is {payment.state} with {payment.captured_amount}")


def money_without_event() -> Iterator[Drift]:
    """Money that came for an order stands in its history."""
    told = OrderEvent.objects.filter(order=OuterRef("order"), kind=EventKind.PAID)
    for payment in Payment.objects.filter(~Exists(told), captured_amount__gt=0).select_related("order"):
        yield _told(f"Payment {payment.pk} of {payment.order.number} is not in the order's history")


def refunds_without_event() -> Iterator[Drift]:
    """So does money that goes back."""
    told = OrderEvent.objects.filter(order=OuterRef("payment__order"), kind=EventKind.REFUNDED)
    for refund in Refund.objects.filter(~Exists(told)).select_related("payment__order"):
        yield _told(f"Refund {refund.pk} of {refund.payment.order.number} is not in the order's history")


def bank_lines() -> Iterator[Drift]:
    """A line of a bank statement is the payment that it became."""
    changed = ~Q(payment__captured_amount=F("amount")) | ~Q(payment__currency=F("currency"))
    for line in BankLine.objects.filter(changed):
        yield _told(f"Bank line {line.pk} says {line.amount} {line.currency}; its payment says something else")


CHECKS = (
    statuses,
    refunded_sums,
    more_than_came,
    money_without_capture,
    money_without_event,
    refunds_without_event,
    bank_lines,
)


def _told(sentence: str) -> Drift:
    return Drift(sentence, "payments")
