"""How books travel."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from core.money import Money


class DeliveryMethodQuerySet(models.QuerySet["DeliveryMethod"]):
    """Sets of delivery methods."""

    def active(self, currency: str) -> DeliveryMethodQuerySet:
        """Methods that shoppers may choose."""
        return self.filter(is_active=True, currency=currency)

    def to(self, country: str) -> list[DeliveryMethod]:
        """Those that go to a country (ISO 3166, two letters): the ones that name it, else the ones that name none."""
        methods = list(self)
        return [method for method in methods if country in method.named] or [
            method for method in methods if not method.named
        ]

    def countries_of(self, codes: Iterable[str]) -> set[str]:
        """Of these countries, the ones that some method reaches."""
        named = [method.named for method in self]
        return set(codes) if set() in named else set().union(*named) & set(codes)


class DeliveryMethod(models.Model):
    """A way of delivery with its price. Shoppers choose among those that reach their country."""

    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=200, blank=True)
    price = models.DecimalField(
        _("price"),
        max_digits=12,
        decimal_places=3,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Tax included."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="GBP", help_text=_("ISO 4217: GBP, EUR"))
    free_from = models.DecimalField(
        _("free from"),
        max_digits=12,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Books for this amount or more travel free. Empty: never."),
    )
    countries = CountryField(
        _("countries"),
        multiple=True,
        blank=True,
        help_text=_("Empty: every country that no other method names."),
    )
    is_active = models.BooleanField(_("offered"), default=True)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = DeliveryMethodQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery method")
        verbose_name_plural = _("delivery methods")
        ordering = ("sort_order", "id")
        constraints = [
            models.CheckConstraint(condition=models.Q(price__gte=0), name="delivery_price_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def price_text(self) -> str:
        """The price in words of the list: £2.95, free from £30.00."""
        price = str(Money(self.price, self.currency))
        if self.free_from is None:
            return price
        return gettext("%(price)s, free from %(amount)s") % {
            "price": price,
            "amount": Money(self.free_from, self.currency),
        }

    @property
    def reach(self) -> str:
        """Where it goes, for the list."""
        return ", ".join(place.name for place in self.countries) or gettext("All others")

    @property
    def named(self) -> set[str]:
        """The countries it is for (ISO 3166, two letters); none for "wherever no other method goes"."""
        return {place.code for place in self.countries}

    def price_for(self, goods: Money) -> Money:
        """What delivery costs for goods of that value; both tax-inclusive."""
        if self.free_from is not None and goods.amount >= self.free_from:
            return Money.zero(self.currency)
        return Money(self.price, self.currency)
