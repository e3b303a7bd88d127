"""Invoices and credit notes: numbered without gaps, never changed."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.money import Money

NEVER = "An issued document is never changed or deleted: issue a credit note"


class InvoiceCounter(models.Model):
    """The last number given out in a series and year. Its row is locked until the document commits."""

    series = models.CharField(max_length=10)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When: a clock that was set back does not undo it.")
    )

    class Meta:
        verbose_name = _("invoice counter")
        verbose_name_plural = _("invoice counters")
        constraints = [models.UniqueConstraint(fields=("series", "year"), name="invoice_counter_once_per_year")]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}: {self.last}"


class ImmutableQuerySet(models.QuerySet[Any]):
    """Rows that are written once."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError(NEVER)

    def delete(self) -> NoReturn:
        """Refused."""
        raise TypeError(NEVER)


class IssuedDocument(models.Model):
    """An issued document: everything that is printed on it, with a digest that shows any later change."""

    number = models.CharField(_("number"), max_length=30, unique=True)
    series = models.CharField(max_length=10)
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    issued_at = models.DateTimeField(_("issued"), db_index=True)
    snapshot = models.JSONField()
    digest = models.CharField(max_length=64)

    objects = ImmutableQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ("-year", "-sequence")

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row, once."""
        if not self._state.adding:
            raise TypeError(NEVER)
        self.digest = digest_of(self.snapshot)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError(NEVER)

    @property
    def is_intact(self) -> bool:
        """True where the stored text is what was issued."""
        return digest_of(self.snapshot) == self.digest

    @property
    def total(self) -> Money:
        """What is charged, or credited; tax included."""
        return Money(Decimal(self.snapshot["total"]), self.snapshot["currency"])


class Invoice(IssuedDocument):
    """What an order's customer owes. An order has one, or none while its payment is awaited."""

    order = models.OneToOneField("commerce.Order", on_delete=models.PROTECT, related_name="invoice")

    class Meta(IssuedDocument.Meta):
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(fields=("series", "year", "sequence"), name="invoice_once_per_number"),
        ]
        permissions = [("export_invoice", "Can export invoices and credit notes for accounting")]


class CreditNote(IssuedDocument):
    """What of an invoice the customer does not owe any more, and why."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    refund = models.OneToOneField(
        "commerce.Refund", null=True, blank=True, on_delete=models.PROTECT, related_name="credit_note",
        help_text=_("The money that went back for it; empty where none had come."),
    )  # fmt: skip
    reason = models.CharField(_("reason"), max_length=255)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("by"),
    )

    class Meta(IssuedDocument.Meta):
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints = [
            models.UniqueConstraint(fields=("series", "year", "sequence"), name="credit_note_once_per_number"),
            models.CheckConstraint(condition=~Q(reason=""), name="credit_note_says_why"),
        ]


def digest_of(snapshot: dict[str, Any]) -> str:
    """SHA-256 of the snapshot in its one canonical spelling."""
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class PaperKind(models.TextChoices):
    """Of what a file is made."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit-note", _("Credit note")
    MONTH = "month", _("Month for accounting")


class PaperState(models.TextChoices):
    """How far a file is."""

    WAITING = "waiting", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Cannot be made")


class Paper(models.Model):
    """A file made of issued documents, kept in the private storage. When it is gone it is made again, the same."""

    kind = models.CharField(_("what"), max_length=11, choices=PaperKind)
    subject = models.CharField(_("of"), max_length=20, help_text=_("The key of the document, or the month: 2026-10."))
    state = models.CharField(_("state"), max_length=7, choices=PaperState, default=PaperState.WAITING, editable=False)
    name = models.CharField(max_length=120, blank=True, editable=False, help_text=_("In the private storage."))
    failure = models.CharField(_("why it failed"), max_length=255, blank=True)
    asked_at = models.DateTimeField(_("asked for"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("by"),
    )
    made_at = models.DateTimeField(_("made"), null=True, blank=True)

    class Meta:
        verbose_name = _("file of documents")
        verbose_name_plural = _("files of documents")
        ordering = ("-asked_at", "-id")
        constraints = [models.UniqueConstraint(fields=("kind", "subject"), name="paper_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}"
