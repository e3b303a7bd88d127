"""Attempts to pay an order. ADR 0017.

The door to money for the rest of the shop: sums are `ledger`, money that goes back is `refunding`. Every change locks
the order first, then its payments in ascending order. A provider is never called inside a transaction, and what it is
asked to do has its key committed before.
"""

from __future__ import annotations

import datetime as dt
import time

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from commerce.exceptions import IllegalTransition, PaymentUnavailable
from commerce.gateways import gateway_for, methods_for, wire
from commerce.gateways.protocol import Answer, GatewayError, Outcome, Request, Unreachable
from commerce.models import Order, Payment, SellerSettings
from commerce.models.order import ONLINE, PAY_LATER, EventKind, OrderStatus, PaymentMethod
from commerce.models.payment import OPEN_STATES, PaymentState
from commerce.services import orders, refunding
from commerce.services.ledger import capture, due, follow, received, record_money
from commerce.services.refunding import refund
from core import crash
from core.mail.outbox import post
from core.money import Money

ANOTHER_AMOUNT = "Another amount is due."
"""Why an attempt was given up here. Its page at the provider can still be paid."""
ONE_CALL = dt.timedelta(seconds=12)
"""A call to a provider is over after this; then somebody else may repeat it."""

LEAST_TIME = dt.timedelta(minutes=31)
"""The page of a provider stays open so long whatever the age of the order: Stripe wants half an hour."""

STILL_FRESH = dt.timedelta(seconds=15)
"""A page of the provider that was opened so long ago is not asked about before the shopper is sent there again."""


def ways_to_pay(order: Order) -> list[PaymentMethod]:
    """What the customer of a placed order can choose from."""
    return methods_for(
        order.currency,
        is_collected=order.is_collected,
        is_sent=order.needs_delivery,
        cash_on_delivery=SellerSettings.load().cash_on_delivery,
    )


def choose(order_id: int, method: str) -> Order:
    """The customer pays in another way than they said first.

    Who was to pay later and tries a card keeps the order if nothing comes of it: its way of paying stays as it was.

    Raises:
        IllegalTransition: nothing is to be paid any more, or the way is not offered.
    """
    with transaction.atomic():
        order = orders.lock(order_id)
        if not due(order):
            raise IllegalTransition(_("Nothing is to be paid any more."))
        if method not in ways_to_pay(order):
            raise IllegalTransition(_("Please choose how you pay."))
        if method in PAY_LATER or order.pays_online:
            order.payment_method = method
            order.save(update_fields=["payment_method"])
    return order


def begin(order_id: int, method: str) -> Payment:
    """Open the page of a provider on which the order is paid; `url` of the attempt leads there.

    An attempt that is open is used again, with its key. Of many calls at once one goes out; the others wait for it.

    Whatever has to be asked for it, and whoever has to be waited for, ends within the patience of a visitor.

    Raises:
        PaymentUnavailable: no page. The order is kept, and the same call may be made again.
        IllegalTransition: nothing is to be paid any more.
    """
    with wire.patience() as ends:
        return _begin(order_id, method, ends)


def _begin(order_id: int, method: str, ends: float) -> Payment:
    payment = _attempt(order_id, method)
    if payment.url and payment.created_at < timezone.now() - STILL_FRESH:
        payment = _ask_again(payment)
    if payment.url:
        return payment
    if not _claim(payment):
        return _wait_for(payment, ends)
    try:
        begun = gateway_for(payment.method).begin(_request(payment))
    except Unreachable as silence:
        Payment.objects.filter(pk=payment.pk).update(asked_at=None)
        raise PaymentUnavailable from silence
    except (GatewayError, LookupError) as refusal:
        settle(payment.pk, Answer(Outcome.FAILED, "", failure=str(refusal)))
        raise PaymentUnavailable(
            _("This way of paying did not take your order. Your order is kept; please choose another way to pay.")
        ) from refusal
    crash.here("after-provider-call")
    with transaction.atomic():
        orders.lock(order_id)
        Payment.objects.filter(pk=payment.pk).update(reference=begun.reference, url=begun.url)
        Payment.objects.filter(pk=payment.pk, state=PaymentState.CREATED).update(state=PaymentState.PENDING)
    payment.refresh_from_db()
    return payment


def look(payment_id: int) -> Payment:
    """Ask the provider how an attempt stands, and follow what it says.

    Raises:
        Unreachable: it does not answer. GatewayError: it does not know the attempt.
    """
    payment = Payment.objects.get(pk=payment_id)
    if not payment.reference or payment.method not in ONLINE or payment.state == PaymentState.CAPTURED:
        return payment
    answer = gateway_for(payment.method).ask(payment.reference)
    crash.here("before-settle")
    return settle(payment_id, answer)


def settle(payment_id: int, answer: Answer) -> Payment:
    """Bring an attempt to what its provider says: the only function that does.

    The same answer twice, an old one after a new one, and many at once change nothing more. Money is final; an attempt
    that failed or was given up can still be paid, if the provider says so.
    """
    with transaction.atomic():
        order = orders.lock(Payment.objects.values_list("order_id", flat=True).get(pk=payment_id))
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        payment.asked_at = timezone.now()
        if payment.state != PaymentState.CAPTURED:
            if answer.outcome == Outcome.SUCCEEDED:
                _take(order, payment, payment.asked if answer.amount is None else answer.amount)
            elif answer.outcome != Outcome.PENDING and payment.is_open:
                is_cancelled = answer.outcome == Outcome.CANCELLED
                payment.state = PaymentState.CANCELLED if is_cancelled else PaymentState.FAILED
                payment.failure = answer.failure[:255]
        payment.save(update_fields=["asked_at", "state", "failure"])
    return payment


def mark_paid(
    order_id: int, actor: User, reason: str = "", *, amount: Money | None = None, once: str = ""
) -> Payment | None:
    """Money has come by transfer or at the counter, says a named colleague: by default all that is due.

    `once` names the request: repeated, it counts once. Where nothing is due any more, nothing happens.

    Raises:
        IllegalTransition: the order was cancelled.
    """
    with transaction.atomic():
        order = orders.lock(order_id)
        if order.status == OrderStatus.CANCELLED:
            raise IllegalTransition(_("The order was cancelled."))
        if not (left := due(order)):
            return None
        method = PaymentMethod.CASH if order.payment_method == PaymentMethod.CASH else PaymentMethod.INVOICE
        payment = capture(order_id, method, amount or left, reference=once, actor=actor, reason=reason)
        tell_if_paid(order_id)
    return payment


def take_transfer(order_id: int, amount: Money, reference: str, actor: User, reason: str) -> Payment:
    """A line of the bank's statement, in the caller's transaction. For an order that is over, it goes back by hand."""
    order = orders.lock(order_id)
    was_due = due(order)
    payment = capture(order_id, PaymentMethod.INVOICE, amount, reference=reference, actor=actor, reason=reason)
    if order.status == OrderStatus.CANCELLED:
        refunding.give_back_unwanted(order, payment, _("The order had been cancelled before your money came."))
    elif was_due:
        tell_if_paid(order_id)
    return payment


def tell_if_paid(order_id: int) -> None:
    """Queue the mail that says thank you, in the transaction in which the last of the money came."""
    order = Order.objects.get(pk=order_id)
    if not due(order):
        post("payment", order.email, key=f"payment:{order_id}", language=order.language, order_id=order_id)


def expire(order_id: int) -> bool:
    """Cancel an order that is paid online and was not in time; a gift card gets its money back. False where it stays.

    Its attempts stay open: money that comes late is seen, and goes back.
    """
    with transaction.atomic():
        order = orders.lock(order_id)
        has_money = order.payments.filter(captured_amount__gt=0).exclude(method=PaymentMethod.GIFT_CARD).exists()
        if not order.is_unpaid or not order.pays_online or has_money:
            return False
        reason = _("It was not paid in time.")
        orders.cancel(order_id, None, reason, mail="expired")
        order.refresh_from_db()
        refunding.give_back_all(order, reason)
        follow(order)
    return True


def _attempt(order_id: int, method: str) -> Payment:
    """The open attempt by this way of paying, for what is due; written down before anybody is called."""
    with transaction.atomic():
        order = orders.lock(order_id)
        left = due(order)
        if not left or method not in ONLINE:
            raise IllegalTransition(_("Nothing is to be paid here any more."))
        open_ones = order.payments.select_for_update().filter(method=method, state__in=OPEN_STATES)
        for payment in open_ones:
            if payment.asked == left:
                return payment
            payment.state, payment.failure = PaymentState.CANCELLED, ANOTHER_AMOUNT
            payment.save(update_fields=["state", "failure"])
        payment = Payment.objects.create(
            order=order,
            method=method,
            currency=left.currency,
            amount=left.amount,
            language=get_language() or settings.LANGUAGE_CODE,
        )
    crash.here("before-provider-call")
    return payment


def _ask_again(payment: Payment) -> Payment:
    """An attempt whose page was opened a while ago: its page may be closed by now, and then there is a new attempt."""
    try:
        payment = look(payment.pk)
    except GatewayError as silence:
        raise PaymentUnavailable from silence
    return payment if payment.is_open else _attempt(payment.order_id, payment.method)


def _claim(payment: Payment) -> bool:
    """Be the one who calls the provider for an attempt."""
    now = timezone.now()
    is_free = Q(asked_at=None) | Q(asked_at__lt=now - ONE_CALL)
    return bool(Payment.objects.filter(is_free, pk=payment.pk, url="").update(asked_at=now))


def _wait_for(payment: Payment, ends: float) -> Payment:
    """Somebody else is calling the provider for this attempt: their answer is ours."""
    while time.monotonic() < ends:
        payment.refresh_from_db()
        if payment.url:
            return payment
        if payment.asked_at is None or not payment.is_open:
            break
        time.sleep(0.1)
    raise PaymentUnavailable


def _request(payment: Payment) -> Request:
    """What the provider is asked, the same each time. Its page closes when the order expires: nobody pays too late."""
    order = payment.order
    paid_by = order.placed_at + dt.timedelta(minutes=settings.PAYMENT_MINUTES)
    address = settings.SITE_URL + reverse("commerce:pay", args=[order.token])
    return Request(
        key=payment.key,
        amount=payment.asked,
        order_number=order.number,
        description=_("Order %(number)s") % {"number": order.number},
        email=order.email,
        name=order.full_name,
        country=order.country.code,
        language=payment.language,
        return_url=settings.SITE_URL + reverse("commerce:pay_return", args=[order.token]),
        cancel_url=address,
        expires_at=min(max(paid_by, payment.created_at + LEAST_TIME), payment.created_at + dt.timedelta(hours=23)),
    )


def _take(order: Order, payment: Payment, got: Money) -> None:
    """Money has come by an attempt. What came too late, twice, or in another currency goes back by itself."""
    if got.amount <= 0:
        return
    was_due = due(order)
    payment.state, payment.captured_at, payment.failure = PaymentState.CAPTURED, timezone.now(), ""
    payment.captured_amount = got.amount
    if got.currency != payment.currency:
        payment.currency, payment.amount = got.currency, got.amount
    payment.save(update_fields=["state", "captured_at", "captured_amount", "currency", "amount"])
    record_money(order, EventKind.PAID, got, None, str(payment.get_method_display()))
    follow(order)
    if order.status == OrderStatus.CANCELLED:
        refunding.give_back_unwanted(order, payment, _("The order had been cancelled before your money came."))
    elif got.currency != order.currency:
        refunding.give_back_unwanted(order, payment, _("It was paid in another currency than the order's."))
    elif not was_due:
        refunding.give_back_unwanted(order, payment, _("The order had been paid already."))
    else:
        tell_if_paid(order.pk)


__all__ = [
    "begin", "capture", "choose", "due", "expire", "look", "mark_paid", "received", "refund", "settle",
    "take_transfer", "ways_to_pay",
]  # fmt: skip
