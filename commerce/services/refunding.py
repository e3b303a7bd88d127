"""Money that goes back, by the way it came, and never more than came.

A refund is promised first: a row, counted against its payment under the order's lock. A task then sends it with the
key of the row; nobody answers, the clock sends it again with the same key. What came by transfer or at the counter is
paid out by a colleague, who ticks it off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from accounts.models import User
from commerce.exceptions import CannotRefund
from commerce.gateways import gateway_for
from commerce.gateways.protocol import Answer, GatewayError, Outcome, Unreachable
from commerce.models import Order, Payment, Refund
from commerce.models.basket import new_token
from commerce.models.order import ONLINE, SAME_KEY, EventKind, PaymentMethod
from commerce.models.payment import RefundState
from commerce.services import ledger, orders
from core.mail.outbox import post
from core.money import Money
from core.tasks import BEFORE_UPKEEP, enqueue

SAME_CALL = dt.timedelta(seconds=60)
"""How long one call to a provider is left to itself before the same refund is sent again."""

INSIDE: dict[str, Callable[[Refund], None]] = {}
"""Ways of paying whose money goes back within our own books, at once, in the transaction that promises it."""

BACK_FIRST = (*ONLINE, PaymentMethod.GIFT_CARD)
"""Where money goes back first; then what colleagues pay out."""


def refund(order_id: int, amount: Money, reason: str, actor: User | None = None, *, once: str = "") -> list[Refund]:
    """Give back some of what came for an order: a refund for each payment that it is taken from.

    `reason` is read by the customer. `once` names the request: repeated, it gives the same refunds.

    Raises:
        CannotRefund: more than is left of what came in that currency. Nothing is given back then.
    """
    with transaction.atomic():
        order = orders.lock(order_id)
        if once and (known := list(_of(order).filter(key__startswith=f"{once}."))):
            return known
        if amount.amount <= 0:
            raise CannotRefund(_("Please say how much goes back."))
        payments = order.payments.select_for_update().filter(captured_amount__gt=0, currency=amount.currency)
        left, parts = amount, []
        for payment in sorted(payments.order_by("pk"), key=lambda payment: (_place(payment), payment.pk)):
            part = min(left, payment.refundable)
            if part:
                parts.append((payment, part))
                left -= part
        if left:
            most = amount - left
            raise CannotRefund(_("%(most)s is the most that can go back.") % {"most": most})
        return _promise(order, parts, reason, actor, once or new_token())


def give_back_unwanted(order: Order, payment: Payment, reason: str) -> None:
    """All of a payment that came too late or twice. In the caller's transaction, the order and payment locked.

    The customer and customer service are told.
    """
    Payment.objects.filter(pk=payment.pk).update(is_unwanted=True)
    _promise(order, [(payment, payment.refundable)], reason, None, new_token())
    post(
        "unwanted-money",
        settings.CUSTOMER_SERVICE_EMAIL,
        key=f"unwanted-money:{payment.pk}",
        payment_id=payment.pk,
        reason=str(reason),
    )


def give_back_all(order: Order, reason: str) -> list[Refund]:
    """Whatever is left of what came for an order, in the caller's transaction."""
    left = ledger.received(order)
    return refund(order.pk, left, reason) if left else []


def paid_out(refund_id: int, actor: User, reference: str = "") -> Refund:
    """A named colleague has paid a refund out by hand, under a transfer's `reference`. Said again, nothing happens.

    So may one be that its provider did not give back; what failed counts again as given back then.

    Raises:
        CannotRefund: the money of a refund that failed went back another way meanwhile.
    """
    with transaction.atomic():
        found = _locked(refund_id)
        if found.state == RefundState.DONE or not found.is_by_hand:
            return found
        if found.state == RefundState.FAILED:
            if found.amount > found.payment.refundable.amount:
                raise CannotRefund(_("%(most)s is the most that can go back.") % {"most": found.payment.refundable})
            Payment.objects.filter(pk=found.payment_id).update(refunded_amount=F("refunded_amount") + found.amount)
            ledger.record_money(found.payment.order, EventKind.REFUNDED, found.money, actor, found.reason)
            ledger.follow(found.payment.order)
        found.state, found.done_at, found.actor = RefundState.DONE, timezone.now(), actor
        found.reference = reference or found.reference
        found.save(update_fields=["state", "done_at", "actor", "reference"])
    return found


@task(priority=BEFORE_UPKEEP)
def send_refund(refund_id: int) -> None:
    """Ask the provider to give money back, or how that stands. Whoever comes second while a call is out leaves it.

    One whose key nobody knows any more is a colleague's, who may have paid it.
    """
    now = timezone.now()
    is_free = Q(asked_at=None) | Q(asked_at__lt=now - SAME_CALL)
    is_ours = Q(state=RefundState.PENDING) | Q(state=RefundState.CREATED, created_at__gte=now - SAME_KEY)
    if not Refund.objects.filter(is_free, is_ours, pk=refund_id).update(asked_at=now):
        return
    found = Refund.objects.select_related("payment").get(pk=refund_id)
    gateway = gateway_for(found.payment.method)
    try:
        if found.state == RefundState.PENDING:
            answer = gateway.ask_refund(found.payment.reference, found.reference)
        else:
            answer = gateway.refund(found.payment.reference, found.money, found.key)
    except Unreachable:
        raise  # the clock sends it again, with the same key
    except GatewayError as refusal:
        answer = Answer(Outcome.FAILED, found.reference, failure=str(refusal))
    settle_refund(found.pk, answer)


def settle_refund(refund_id: int, answer: Answer) -> Refund:
    """Bring a refund to what its provider says. A failed one counts no more: the money can go another way."""
    with transaction.atomic():
        found = _locked(refund_id)
        if found.state == RefundState.FAILED:
            return found
        found.reference = answer.reference[:255] or found.reference
        if answer.outcome == Outcome.PENDING and found.state == RefundState.CREATED:
            found.state = RefundState.PENDING
        elif answer.outcome == Outcome.SUCCEEDED and found.state != RefundState.DONE:
            found.state, found.done_at = RefundState.DONE, timezone.now()
        elif answer.outcome in (Outcome.FAILED, Outcome.CANCELLED):
            found.state, found.failure = RefundState.FAILED, answer.failure[:255]
            order = found.payment.order
            Payment.objects.filter(pk=found.payment_id).update(refunded_amount=F("refunded_amount") - found.amount)
            ledger.record_money(order, EventKind.NO_REFUND, found.money, None, found.failure)
            ledger.follow(order)
        found.save(update_fields=["reference", "state", "failure", "done_at"])
    return found


def _of(order: Order) -> QuerySet[Refund]:
    return Refund.objects.filter(payment__order=order).select_related("payment")


def _locked(refund_id: int) -> Refund:
    """A refund with its payment and order, all locked in that order."""
    order_id = Refund.objects.values_list("payment__order_id", flat=True).get(pk=refund_id)
    order = orders.lock(order_id)
    found = Refund.objects.select_for_update(of=("self",)).select_related("payment").get(pk=refund_id)
    found.payment.order = order
    return found


def _place(payment: Payment) -> int:
    return BACK_FIRST.index(payment.method) if payment.method in BACK_FIRST else len(BACK_FIRST)


def _promise(
    order: Order, parts: list[tuple[Payment, Money]], reason: str, actor: User | None, once: str
) -> list[Refund]:
    """Write the refunds down, count them, and send them on their way."""
    made = []
    for payment, part in parts:
        made.append(
            Refund.objects.create(
                payment=payment, amount=part.amount, reason=reason[:255], key=f"{once}.{payment.pk}"[:64], actor=actor
            )
        )
        Payment.objects.filter(pk=payment.pk).update(refunded_amount=F("refunded_amount") + part.amount)
        ledger.record_money(order, EventKind.REFUNDED, part, actor, reason)
    ledger.follow(order)
    for one in made:
        if one.payment.method in INSIDE:
            INSIDE[one.payment.method](one)
            one.state, one.done_at = RefundState.DONE, timezone.now()
            one.save(update_fields=["state", "done_at"])
        elif one.payment.method in ONLINE:
            enqueue(send_refund, refund_id=one.pk)
    post(
        "refund", order.email, key=f"refund:{made[0].pk}", language=order.language, refund_ids=[one.pk for one in made]
    )
    return made
