"""What editions cost, and what they cost before. Written only by `catalog.prices`. ADR 0012."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from math import inf

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.editions import Edition
from core.money import Money


class Price(models.Model):
    """What one copy of an edition costs in one currency, for a time or until further notice.

    A price of the shop that has an end is a scheduled offer.
    """

    class Source(models.TextChoices):
        """Who set the price; the shop's own goes before the feed's."""

        SHOP = "shop", _("Set by the shop")
        FEED = "feed", _("From a feed")

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="prices")
    amount = models.DecimalField(
        _("amount"), max_digits=12, decimal_places=3, validators=[MinValueValidator(Decimal(0))]
    )
    currency = models.CharField(_("currency"), max_length=3, help_text=_("ISO 4217: GBP, EUR"))
    tax_included = models.BooleanField(_("includes tax"), default=True)
    is_fixed = models.BooleanField(_("fixed by the publisher"), default=False)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=4, choices=Source, default=Source.SHOP)
    former = models.DecimalField(_("former price"), max_digits=12, decimal_places=3, null=True, editable=False)
    """Of an offer: the lowest price of the 30 days before it begins. Empty where no reduction is announced."""

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_not_negative"),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at")),
                name="price_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return str(self.money)

    @property
    def money(self) -> Money:
        """The amount with its currency, in major units."""
        return Money(self.amount, self.currency)

    @property
    def is_offer(self) -> bool:
        """True for a price that the shop asks for a time only."""
        return self.source == self.Source.SHOP and self.ends_at is not None

    @property
    def precedence(self) -> tuple[bool, int, bool, float]:
        """Smallest first: see `precedence`."""
        return precedence(self.source, self.starts_at, self.ends_at, self.tax_included, self.pk)

    def holds(self, at: dt.datetime) -> bool:
        """True where `at` lies in the price's time; the end is the first moment at which it no longer holds."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


def precedence(
    source: str, starts_at: dt.datetime | None, ends_at: dt.datetime | None, tax_included: bool, pk: int | None
) -> tuple[bool, int, bool, float]:
    """Which of several prices that hold is asked, smallest first.

    The shop's before the feed's; one with an end before one that only begins, before one without dates;
    tax-inclusive first; newest first.
    """
    dated = 0 if ends_at else 1 if starts_at else 2
    return source != Price.Source.SHOP, dated, not tax_included, -(pk or inf)


class PriceChange(models.Model):
    """One change of what is asked for an edition in one currency: when, by whom, and what held until then.

    What held after it stands in the next change, or in the prices of today. So nothing is kept for prices that never
    changed, and what was scheduled counts for as long as it held, even if it was altered or deleted afterwards.
    """

    class Cause(models.TextChoices):
        """The door through which the change came."""

        STAFF = "staff", _("Changed by staff")
        LIST = "list", _("Price list")
        FEED = "feed", _("Feed")

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="price_changes")
    currency = models.CharField(_("currency"), max_length=3)
    at = models.DateTimeField(_("when"))
    before = models.JSONField(_("before"))
    """The prices until then, most binding first, as `catalog.offers.price_entry` writes each."""
    cause = models.CharField(_("cause"), max_length=5, choices=Cause)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("who")
    )

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        ordering = ("at", "id")
        indexes = [models.Index(fields=("edition", "currency", "at"), name="price_change_of_edition")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.currency}"
