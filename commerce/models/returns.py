"""Books that come back: what a customer declared, and what became of it. Written by `commerce.services.returns`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commerce.models.order import Order, OrderLine


class ReturnKind(models.TextChoices):
    """By right, or asked for."""

    WITHDRAWAL = "withdrawal", _("Withdrawal")
    RETURN = "return", _("Return")


class ReturnOutcome(models.TextChoices):
    """What became of a copy."""

    WAITING = "waiting", _("On its way to us")
    CANCELLED = "cancelled", _("Never sent")
    RECEIVED = "received", _("Came back")
    REFUSED = "refused", _("Not taken back")


class Return(models.Model):
    """What a customer declared at a moment: a withdrawal, which counts from then, or a wish to give books back.

    A withdrawal asks for name, contract and contact only (directive 2011/83/EU, article 11a).
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="returns")
    kind = models.CharField(_("kind"), max_length=10, choices=ReturnKind)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("email"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    announced_at = models.DateTimeField(_("declared"), auto_now_add=True)
    closed_at = models.DateTimeField(_("settled"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ("-announced_at", "-id")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.order.number}"

    @property
    def titles(self) -> str:
        """The books it is about. Reads `lines`."""
        return ", ".join(row.line.title for row in self.lines.all())

    @property
    def is_waiting(self) -> bool:
        """True where books are still to come. Reads `lines`."""
        return any(row.outcome == ReturnOutcome.WAITING for row in self.lines.all())


class ReturnLine(models.Model):
    """A copy of a return."""

    ret = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="lines", verbose_name=_("return"))
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="returns")
    outcome = models.CharField(
        _("what became of it"), max_length=9, choices=ReturnOutcome, default=ReturnOutcome.WAITING, editable=False
    )

    class Meta:
        verbose_name = _("copy of a return")
        verbose_name_plural = _("copies of returns")
        ordering = ("line_id",)
        constraints = [
            models.UniqueConstraint(
                fields=("line",), condition=~Q(outcome=ReturnOutcome.REFUSED), name="return_once_per_copy"
            )
        ]

    def __str__(self) -> str:
        return str(self.line)
