"""The copies of an edition that we have, and every move of them. Written only by `catalog.stock`. ADR 0015."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.editions import Edition


class StockRecord(models.Model):
    """Copies of an edition on our shelf: the sum of its movements, kept at hand."""

    edition = models.OneToOneField(Edition, on_delete=models.CASCADE, primary_key=True, related_name="stock")
    on_hand = models.PositiveIntegerField(_("on hand"), default=0)
    allocated = models.PositiveIntegerField(_("allocated"), default=0)

    class Meta:
        verbose_name = _("stock record")
        verbose_name_plural = _("stock records")
        constraints = [
            models.CheckConstraint(condition=Q(allocated__lte=F("on_hand")), name="stock_never_oversold"),
        ]

    def __str__(self) -> str:
        return f"{self.on_hand} on hand, {self.allocated} allocated"

    @property
    def available(self) -> int:
        """Copies that nobody was promised."""
        return self.on_hand - self.allocated


class StockMovement(models.Model):
    """One move of copies of an edition: what, how many, when, by whom, why. Never changed.

    The record of the edition follows from its movements, at any moment:

        on hand   = received + counted - shipped - written off
        allocated = allocated - released - shipped

    and what may be sold, on hand - allocated, is never below zero. In other words, all that ever came is on the
    shelf free, on the shelf promised, shipped or written off:

        received + counted = (on hand - allocated) + allocated + shipped + written off
    """

    class Kind(models.TextChoices):
        """What happened to the copies."""

        RECEIVED = "received", _("Copies arrived")
        COUNTED = "counted", _("Counted anew")
        WRITTEN_OFF = "written-off", _("Damaged, lost or given away")
        ALLOCATED = "allocated", _("Promised to a customer")
        RELEASED = "released", _("Promise withdrawn")
        SHIPPED = "shipped", _("Left the shop")

    STAFF_KINDS: ClassVar = [(kind.value, kind.label) for kind in (Kind.COUNTED, Kind.RECEIVED, Kind.WRITTEN_OFF)]
    """What staff enter; the others follow from orders."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="movements", verbose_name=_("edition"))
    kind = models.CharField(_("what"), max_length=11, choices=Kind)
    quantity = models.IntegerField(_("copies"), help_text=_("Below zero only where a count found fewer."))
    at = models.DateTimeField(_("when"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("who")
    )
    why = models.CharField(_("why"), max_length=200, blank=True)
    order_number = models.CharField(_("order"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0) | Q(kind="counted", quantity__lt=0), name="stock_movement_has_copies"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.quantity}"
