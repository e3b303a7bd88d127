"""What customers of pre-orders get back: they pay the lowest price between order and publication."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from commerce.models.order import LineStatus, OrderLine
from core.money import Money


class PriceFallQuerySet(models.QuerySet["PriceFall"]):
    """Sets of falls."""

    def standing(self) -> PriceFallQuerySet:
        """Those of copies that the customer keeps; with what `difference` reads."""
        gone = (LineStatus.CANCELLED, LineStatus.RETURNED)
        return self.exclude(line__status__in=gone).select_related("line__order")

    def owed(self) -> PriceFallQuerySet:
        """Those that are final and were not given back yet."""
        return self.standing().filter(final_at__isnull=False, settled_at=None)


class PriceFall(models.Model):
    """A copy ordered before publication whose book was asked for less, before its publication, than it cost.

    The figure may fall until the day of publication is over (`final_at`); then the customer is told, and the difference
    is owed until it was given back (`settled_at`). Written only by `commerce.services.preorders`.
    """

    line = models.OneToOneField(OrderLine, on_delete=models.CASCADE, primary_key=True, related_name="price_fall")
    lowest_gross = models.DecimalField(_("lowest price"), max_digits=12, decimal_places=3)
    since = models.DateTimeField(_("since"))
    final_at = models.DateTimeField(_("final"), null=True)
    settled_at = models.DateTimeField(_("given back"), null=True)

    objects = PriceFallQuerySet.as_manager()

    class Meta:
        verbose_name = _("price fall")
        verbose_name_plural = _("price falls")
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_at=None) | Q(final_at__isnull=False, settled_at__gte=F("final_at")),
                name="price_fall_settled_when_final",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.lowest_gross}"

    @property
    def difference(self) -> Money:
        """What the copy cost too much. Reads `line.order`."""
        return self.line.price - Money(self.lowest_gross, self.line.order.currency)
