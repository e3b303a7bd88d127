"""What the sandbox knows, as a provider would: it is a provider of its own that lives in the same database."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.money import Money


class SandboxPayment(models.Model):
    """A payment as the sandbox knows it, apart from what the shop knows. No money moves."""

    key = models.CharField(max_length=64, unique=True)
    reference = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=9, default="pending")
    trouble = models.CharField(max_length=40, blank=True, help_text=_("How it misbehaves."))
    amount = models.DecimalField(max_digits=12, decimal_places=3)
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=255)
    return_url = models.URLField(max_length=2000)
    cancel_url = models.URLField(max_length=2000)
    calls = models.PositiveIntegerField(default=0, help_text=_("How often it was asked to begin."))
    charges = models.PositiveIntegerField(default=0, help_text=_("How often the shopper was charged."))
    refunds = models.JSONField(default=dict, help_text=_("Key of the refund: amount."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("payment of the sandbox")
        verbose_name_plural = _("payments of the sandbox")

    def __str__(self) -> str:
        return self.reference

    @property
    def money(self) -> Money:
        """What the shopper is asked for."""
        return Money(self.amount, self.currency)

    @property
    def refunded(self) -> Money:
        """What went back."""
        return Money(sum((Decimal(amount) for amount in self.refunds.values()), Decimal(0)), self.currency)
