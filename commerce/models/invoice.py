"""Invoices: numbered without gaps, never changed."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting


@register_setting(icon="clipboard-list")
class SellerSettings(BaseGenericSetting):
    """Who sells: what the law wants on an invoice, and where the money goes."""

    name = models.CharField(_("name"), max_length=120, default="BookTime (demonstration shop)")
    address = models.TextField(_("address"), max_length=500, default="1 Example Street\nLondon\nN1 0XX\nUnited Kingdom")
    email = models.EmailField(_("email"), blank=True)
    company_number = models.CharField(_("company number"), max_length=40, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=40, blank=True, default="GB 000 0000 00")
    bank_account_name = models.CharField(_("account name"), max_length=120, default="BookTime (demonstration shop)")
    bank_name = models.CharField(_("bank"), max_length=120, blank=True, default="Example Bank")
    iban = models.CharField("IBAN", max_length=42, blank=True, default="GB00 DEMO 0000 0000 0000 00")
    bic = models.CharField("BIC", max_length=11, blank=True)
    sort_code = models.CharField(_("sort code"), max_length=8, blank=True, default="00-00-00")
    account_number = models.CharField(_("account number"), max_length=20, blank=True, default="00000000")
    payment_days = models.PositiveSmallIntegerField(_("days to pay"), default=14)
    cash_on_delivery = models.BooleanField(
        _("pay on delivery"),
        default=False,
        help_text=_("Whoever brings the books takes the money. Who collects books may always pay then."),
    )

    panels = [
        MultiFieldPanel(
            [FieldPanel(name) for name in ("name", "address", "email", "company_number", "vat_number")],
            heading=_("Seller"),
        ),
        MultiFieldPanel(
            [
                FieldPanel(name)
                for name in (
                    "bank_account_name",
                    "bank_name",
                    "sort_code",
                    "account_number",
                    "iban",
                    "bic",
                    "payment_days",
                )
            ],
            heading=_("Bank transfer"),
        ),
        FieldPanel("cash_on_delivery"),
    ]

    class Meta:
        verbose_name = _("seller and bank account")

    def __str__(self) -> str:
        return self.name


class InvoiceCounter(models.Model):
    """The last number given out in a series and year. Its row is locked until the invoice commits."""

    series = models.CharField(max_length=10)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("invoice counter")
        verbose_name_plural = _("invoice counters")
        constraints = [models.UniqueConstraint(fields=("series", "year"), name="invoice_counter_once_per_year")]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}: {self.last}"


class ImmutableQuerySet(models.QuerySet["Invoice"]):
    """Rows that are written once."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError("An invoice is never changed: issue a credit note")

    def delete(self) -> NoReturn:
        """Refused."""
        raise TypeError("An invoice is never deleted: issue a credit note")


class Invoice(models.Model):
    """An issued invoice: everything that is printed on it, with a digest that shows any later change."""

    order = models.OneToOneField("commerce.Order", on_delete=models.PROTECT, related_name="invoice")
    number = models.CharField(_("number"), max_length=30, unique=True)
    series = models.CharField(max_length=10)
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    issued_at = models.DateTimeField(_("issued"))
    snapshot = models.JSONField()
    digest = models.CharField(max_length=64)

    objects = ImmutableQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ("-year", "-sequence")
        constraints = [
            models.UniqueConstraint(fields=("series", "year", "sequence"), name="invoice_once_per_number"),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row, once."""
        if not self._state.adding:
            raise TypeError("An invoice is never changed: issue a credit note")
        self.digest = digest_of(self.snapshot)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError("An invoice is never deleted: issue a credit note")

    @property
    def is_intact(self) -> bool:
        """True where the stored text is what was issued."""
        return digest_of(self.snapshot) == self.digest


def digest_of(snapshot: dict[str, Any]) -> str:
    """SHA-256 of the snapshot in its one canonical spelling."""
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
