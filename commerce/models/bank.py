"""Lines of the shop's bank statements that were taken in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.models.payment import Payment
from core.money import Money


class BankLine(models.Model):
    """A line of a bank statement that became a payment; its fingerprint makes it count once, however often it comes."""

    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    booked_on = models.DateField(_("booked"))
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=3)
    currency = models.CharField(_("currency"), max_length=3)
    payer = models.CharField(_("payer"), max_length=255, blank=True)
    text = models.CharField(_("reference text"), max_length=1000)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="bank_line")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("taken in by")
    )
    created_at = models.DateTimeField(_("taken in"), auto_now_add=True)

    class Meta:
        verbose_name = _("line of a bank statement")
        verbose_name_plural = _("lines of bank statements")
        ordering = ("-booked_on", "-id")

    def __str__(self) -> str:
        return f"{self.booked_on} {Money(self.amount, self.currency)}"
