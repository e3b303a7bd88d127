"""What never arrived is asked for: attempts, refunds and notifications that are still open, and orders without money.

Run by the clock. A run is bounded, and a provider that does not answer is left alone until the next one.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from commerce.exceptions import CommerceError
from commerce.gateways.protocol import Answer, GatewayError, Outcome, Unreachable
from commerce.models import Order, Payment, ProviderEvent, Refund
from commerce.models.order import ONLINE, SAME_KEY
from commerce.models.payment import OPEN_REFUNDS, OPEN_STATES, PaymentState, RefundState
from commerce.services import notifications, payments, refunding

logger = logging.getLogger(__name__)

MOST = 100
"""Of each kind in one run."""

SOON = dt.timedelta(minutes=3)
"""Until then, the notification and the shopper's browser have their time."""

OFTEN = dt.timedelta(hours=2)
"""An attempt that is older is asked about once an hour."""

GIVEN_UP = dt.timedelta(days=7)
"""After that nobody pays an attempt any more."""

LAST_TRY = dt.timedelta(minutes=15)
"""A shopper who began an attempt has this long for it, whatever the age of the order."""

UNHEARD = dt.timedelta(days=1)
"""An order waits for a provider that does not say how its attempts stand; not longer."""


class Run:
    """One run: what was done, and who does not answer."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.now = timezone.now()
        self._away: set[str] = set()

    def go(self) -> Counter[str]:
        """All of it. Events first: what they are about need not be asked for again."""
        self._events()
        self._attempts()
        self._refunds()
        self._orders()
        return self.done

    def _events(self) -> None:
        waiting = ProviderEvent.objects.filter(handled_at=None, received_at__lt=self.now - dt.timedelta(minutes=1))
        for event in waiting.order_by("pk")[:MOST]:
            if self._try(event.method, "events", notifications.act_on.func, event.pk):
                # One about a payment that is not ours is nobody's, a day later.
                waiting.filter(pk=event.pk, received_at__lt=self.now - UNHEARD).update(handled_at=self.now)

    def _attempts(self) -> None:
        opened = Payment.objects.filter(state__in=OPEN_STATES, method__in=ONLINE, created_at__lt=self.now - SOON)
        minutes = dt.timedelta(minutes=settings.PAYMENT_MINUTES)
        for pk in opened.filter(reference="", created_at__lt=self.now - minutes).values_list("pk", flat=True)[:MOST]:
            self._nobody_paid(pk)
        for payment in self._to_ask(opened.exclude(reference="")):
            is_known = self._try(payment.method, "attempts", payments.look, payment.pk)
            if is_known and payment.created_at < self.now - GIVEN_UP:
                self._nobody_paid(payment.pk)
        self._given_up_here()

    def _nobody_paid(self, pk: int) -> None:
        with self._alone(f"attempt {pk}"):
            payments.settle(pk, Answer(Outcome.CANCELLED, "", failure="Nobody paid."))

    def _given_up_here(self) -> None:
        """Attempts at another amount than is due now: their pages can be paid for a day, and the money goes back."""
        payable = Payment.objects.filter(
            state=PaymentState.CANCELLED,
            failure=payments.ANOTHER_AMOUNT,
            method__in=ONLINE,
            created_at__lt=self.now - SOON,
            created_at__gte=self.now - UNHEARD,
        )
        for payment in self._to_ask(payable.exclude(reference="")):
            self._try(payment.method, "attempts", payments.look, payment.pk)

    def _refunds(self) -> None:
        is_told = Q(state=RefundState.PENDING) | Q(created_at__gte=self.now - SAME_KEY)
        waiting = Refund.objects.filter(
            is_told, state__in=OPEN_REFUNDS, payment__method__in=ONLINE, created_at__lt=self.now - SOON
        )
        for refund in self._to_ask(waiting.select_related("payment")):
            self._try(refund.payment.method, "refunds", refunding.send_refund.func, refund.pk)

    def _to_ask(self, waiting: QuerySet[Any]) -> QuerySet[Any]:
        """Young ones in each run, old ones once an hour; those first that were not asked about for longest."""
        is_young = Q(created_at__gte=self.now - OFTEN, asked_at__lt=self.now - SOON)
        is_old = Q(asked_at__lt=self.now - dt.timedelta(hours=1))
        return waiting.filter(is_young | is_old | Q(asked_at=None)).order_by(F("asked_at").asc(nulls_first=True), "pk")[
            :MOST
        ]

    def _orders(self) -> None:
        late = (
            Order.objects.to_pay_online()
            .filter(placed_at__lt=self.now - dt.timedelta(minutes=settings.PAYMENT_MINUTES))
            .exclude(payments__in=Payment.objects.filter(created_at__gte=self.now - LAST_TRY))
        )
        for order in late.order_by("placed_at")[:MOST]:
            attempts = order.payments.filter(state__in=OPEN_STATES).exclude(reference="")
            heard = [self._try(one.method, "attempts", payments.look, one.pk) for one in attempts]
            if all(heard) or order.placed_at < self.now - UNHEARD:
                self._expire(order)

    def _expire(self, order: Order) -> None:
        with self._alone(f"order {order.number}"):
            try:
                self.done["expired"] += payments.expire(order.pk)
            except CommerceError as refusal:
                logger.warning("Order %s cannot expire: %s", order.number, refusal)

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """Whatever breaks in one row is logged, and keeps no other row waiting."""
        try:
            yield
        except Exception:
            logger.exception("What is open of %s cannot be followed", what)
            self.done["failed"] += 1

    def _try(self, method: str, what: str, call: Callable[[int], object], pk: int) -> bool:
        """Make a call to a provider that answers. False where it does not."""
        if method in self._away:
            return False
        with self._alone(f"{what} of {method}, number {pk}"):
            try:
                call(pk)
            except Unreachable:
                self._away.add(method)
                logger.warning("%s does not answer; asked again in the next run", method)
                return False
            except (GatewayError, LookupError) as refusal:
                logger.warning("%s: %s", method, refusal)
                self.done["refused"] += 1
                return True
            self.done[what] += 1
            return True
        return False
