"""Money that comes for an order, and money that goes back. Written by `commerce.services.payments` only.

A payment is one attempt by one method. What an order has been paid is the sum of what its payments captured;
nothing else says so. A refund belongs to the payment that it gives back.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commerce.models.basket import new_token
from commerce.models.order import ONLINE, PAY_LATER, SAME_KEY, Order, PaymentMethod
from core.money import Money


class PaymentState(models.TextChoices):
    """How far an attempt is."""

    CREATED = "created", _("Begun")
    PENDING = "pending", _("Waiting for the provider")
    CAPTURED = "captured", _("Paid")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Given up")


OPEN_STATES = (PaymentState.CREATED, PaymentState.PENDING)
"""Attempts of which money may still come."""


class Payment(models.Model):
    """One attempt to pay an order. `key` is written before the provider is called: asked twice, it charges once."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    method = models.CharField(_("method"), max_length=20, choices=PaymentMethod)
    state = models.CharField(
        _("state"), max_length=9, choices=PaymentState, default=PaymentState.CREATED, editable=False
    )
    key = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    reference = models.CharField(_("reference of the provider"), max_length=255, blank=True)
    url = models.URLField(max_length=2000, blank=True, editable=False, help_text=_("Where the shopper pays."))
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("asked"), max_digits=12, decimal_places=3)
    captured_amount = models.DecimalField(_("received"), max_digits=12, decimal_places=3, default=Decimal(0))
    refunded_amount = models.DecimalField(
        _("given back"), max_digits=12, decimal_places=3, default=Decimal(0), help_text=_("Or promised to be.")
    )
    failure = models.CharField(_("why it failed"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    captured_at = models.DateTimeField(_("received on"), null=True, blank=True)
    is_unwanted = models.BooleanField(
        _("came too late or twice"), default=False, editable=False, help_text=_("And so went back by itself.")
    )
    language = models.CharField(
        max_length=10, blank=True, editable=False, help_text=_("Of the provider's page: a repeated call must be equal.")
    )
    asked_at = models.DateTimeField(_("provider asked on"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ("created_at", "id")
        indexes = [models.Index(fields=("state", "created_at"), name="payment_open")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_asks_something"),
            models.CheckConstraint(condition=Q(captured_amount__gte=0), name="payment_captured_not_negative"),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0) & Q(refunded_amount__lte=F("captured_amount") + Decimal("0.0005")),
                name="payment_refunded_at_most_captured",
            ),
            models.UniqueConstraint(
                fields=("method", "reference"), condition=~Q(reference=""), name="payment_once_per_reference"
            ),
            models.UniqueConstraint(
                fields=("order", "method"), condition=Q(state__in=OPEN_STATES), name="payment_one_open_per_method"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.asked}"

    @property
    def is_open(self) -> bool:
        """True while money may still come of it."""
        return self.state in OPEN_STATES

    @property
    def is_online(self) -> bool:
        """True where a provider takes the money."""
        return self.method in ONLINE

    @property
    def asked(self) -> Money:
        """What the shopper is asked for."""
        return Money(self.amount, self.currency)

    @property
    def captured(self) -> Money:
        """What came."""
        return Money(self.captured_amount, self.currency)

    @property
    def refundable(self) -> Money:
        """What could still be given back."""
        return Money(self.captured_amount - self.refunded_amount, self.currency)


class RefundState(models.TextChoices):
    """How far a refund is."""

    CREATED = "created", _("To be sent")
    PENDING = "pending", _("Waiting for the provider")
    DONE = "done", _("Given back")
    FAILED = "failed", _("Failed")


OPEN_REFUNDS = (RefundState.CREATED, RefundState.PENDING)
"""Refunds that are still on their way."""


class Refund(models.Model):
    """Money that goes back by the way it came. Its amount counts as given back from the moment the row is there."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=3)
    reason = models.CharField(_("reason"), max_length=255)
    state = models.CharField(_("state"), max_length=7, choices=RefundState, default=RefundState.CREATED, editable=False)
    key = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    reference = models.CharField(
        _("reference"), max_length=255, blank=True, help_text=_("The provider’s, or that of the transfer.")
    )
    failure = models.CharField(_("why it failed"), max_length=255, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("by"),
    )
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    asked_at = models.DateTimeField(_("provider asked on"), null=True, blank=True)
    done_at = models.DateTimeField(_("given back on"), null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ("created_at", "id")
        indexes = [models.Index(fields=("state", "created_at"), name="refund_open")]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_gives_something")]

    def __str__(self) -> str:
        return f"{self.money}: {self.reason}"

    @property
    def money(self) -> Money:
        """What goes back. Reads `payment`."""
        return Money(self.amount, self.payment.currency)

    @property
    def is_by_hand(self) -> bool:
        """True where a colleague pays it out: what came so, and what a provider did not give back. Reads `payment`."""
        is_late = self.state == RefundState.CREATED and self.created_at < timezone.now() - SAME_KEY
        return self.payment.method in PAY_LATER or self.state == RefundState.FAILED or is_late


class ProviderEvent(models.Model):
    """A notification of a provider, verified by its signature and stored once."""

    method = models.CharField(_("method"), max_length=20, choices=PaymentMethod)
    event_id = models.CharField(_("event"), max_length=255)
    kind = models.CharField(_("kind"), max_length=100)
    reference = models.CharField(
        _("payment"), max_length=255, blank=True, help_text=_("The provider's reference of the payment it is about.")
    )
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    handled_at = models.DateTimeField(_("acted on"), null=True, blank=True)

    class Meta:
        verbose_name = _("notification of a provider")
        verbose_name_plural = _("notifications of providers")
        ordering = ("-received_at", "-id")
        indexes = [models.Index(fields=("handled_at",), condition=Q(handled_at=None), name="provider_event_open")]
        constraints = [models.UniqueConstraint(fields=("method", "event_id"), name="provider_event_once")]

    def __str__(self) -> str:
        return f"{self.method} {self.kind}"
