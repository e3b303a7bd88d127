"""How books travel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.formats import time_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel

from core.money import Money, check_currency

ASSUMED_WEIGHT_G = 400
"""Of a copy whose weight nobody told."""


class DeliveryMethodQuerySet(models.QuerySet["DeliveryMethod"]):
    """Sets of delivery methods."""

    def active(self, currency: str) -> DeliveryMethodQuerySet:
        """Methods that shoppers may choose, with what their prices are worked out from."""
        is_open = Q(pickup_point=None) | Q(pickup_point__is_active=True)
        return self.filter(is_open, is_active=True, currency=currency).select_related("pickup_point")

    def to(self, country: str, postcode: str = "") -> list[DeliveryMethod]:
        """Those that go to a place: of its zone; then those that collect the books themselves, wherever they live.

        The zone of a place: the methods that name its country and the beginning of its postcode, else those that
        name its country without postcodes, else those that name no country.
        """
        methods = list(self)
        sent = [method for method in methods if not method.is_collected]
        here = [method for method in sent if country in method.named]
        nearest = [method for method in here if method.postcodes and method.serves(postcode)]
        around = [method for method in here if not method.postcodes]
        zone = nearest or around or [method for method in sent if not method.named]
        return zone + [method for method in methods if method.is_collected]

    def collected(self) -> DeliveryMethodQuerySet:
        """Those by which shoppers fetch their books from us."""
        return self.exclude(pickup_point=None)

    def countries_of(self, codes: Iterable[str]) -> set[str]:
        """Of these countries, the ones that some method reaches."""
        named = [method.named for method in self if not method.is_collected]
        return set(codes) if set() in named else set().union(*named) & set(codes)


class PickupPoint(ClusterableModel):
    """A place where shoppers collect their books."""

    name = models.CharField(_("name"), max_length=80)
    address = models.TextField(_("address"), max_length=300)
    directions = models.CharField(_("good to know"), max_length=200, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("place to collect")
        verbose_name_plural = _("places to collect")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def lines(self) -> list[str]:
        """Where it is and when it is open, one line each."""
        hours = [str(row) for row in self.opening_hours.all()]
        return [self.name, *self.address.splitlines(), *hours, *filter(None, [self.directions])]


class Weekday(models.IntegerChoices):
    """Days as `datetime.date.weekday()` counts them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class OpeningHours(models.Model):
    """When a place is open on a day of the week; two rows where it closes at noon."""

    point = ParentalKey(PickupPoint, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday)
    opens_at = models.TimeField(_("opens"))
    closes_at = models.TimeField(_("closes"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ("weekday", "opens_at")
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")),
                name="opening_hours_end_after_they_begin",
                violation_error_message=_("It cannot close before it opens."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {time_format(self.opens_at)}–{time_format(self.closes_at)}"


class DeliveryMethod(ClusterableModel):
    """A way of delivery with its price, or of collecting. Shoppers choose among those that reach their address."""

    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=200, blank=True)
    price = models.DecimalField(
        _("price"),
        max_digits=12,
        decimal_places=3,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Tax included."),
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="GBP", validators=[check_currency], help_text=_("ISO 4217: GBP, EUR")
    )
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
    postcodes = models.CharField(
        _("postcodes"),
        max_length=500,
        blank=True,
        help_text=_("Only where the postcode begins so: IV, HS, KW15. Empty: the whole of the countries."),
    )
    pickup_point = models.ForeignKey(
        PickupPoint,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="methods",
        verbose_name=_("place to collect"),
        help_text=_("Chosen: nothing is sent, and no address is needed."),
    )
    transit_days = models.PositiveSmallIntegerField(
        _("working days on the way"),
        null=True,
        blank=True,
        help_text=_("At most, weekends and holidays left out. Empty: no day of arrival is promised."),
    )
    is_active = models.BooleanField(_("offered"), default=True)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = DeliveryMethodQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery method")
        verbose_name_plural = _("delivery methods")
        ordering = ("sort_order", "id")
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="delivery_price_not_negative"),
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
        if self.pickup_point:
            return str(self.pickup_point)
        places = ", ".join(place.name for place in self.countries) or gettext("All others")
        return f"{places}: {self.postcodes}" if self.postcodes else places

    @property
    def named(self) -> set[str]:
        """The countries it is for (ISO 3166, two letters); none for "wherever no other method goes"."""
        return {place.code for place in self.countries}

    @property
    def is_collected(self) -> bool:
        """True where shoppers fetch their books themselves."""
        return self.pickup_point_id is not None

    def serves(self, postcode: str) -> bool:
        """True where the postcode begins as one of ours does."""
        plain = _plain(postcode)
        return any(plain.startswith(beginning) for beginning in map(_plain, self.postcodes.split(",")) if beginning)

    def price_for(self, goods: Money, weight_g: int = 0) -> Money:
        """What delivery costs for goods of that value and weight; both amounts include tax.

        Free from its amount on; else the band of the highest total that is reached, of these the heaviest; else the
        price of the method.
        """
        if self.free_from is not None and goods.amount >= self.free_from:
            return Money.zero(self.currency)
        reached = [
            band for band in self.bands.all() if band.from_total <= goods.amount and band.from_weight_g <= weight_g
        ]
        band = max(reached, key=lambda band: (band.from_total, band.from_weight_g), default=None)
        return Money(band.price if band else self.price, self.currency)


def _plain(postcode: str) -> str:
    return re.sub(r"\W", "", postcode).upper()


class DeliveryBand(models.Model):
    """Another price of a method, from a weight and a total on."""

    method = ParentalKey(DeliveryMethod, on_delete=models.CASCADE, related_name="bands")
    from_weight_g = models.PositiveIntegerField(_("from grams"), default=0)
    from_total = models.DecimalField(
        _("from a total of"),
        max_digits=12,
        decimal_places=3,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Of what is sent, tax included."),
    )
    price = models.DecimalField(
        _("price"),
        max_digits=12,
        decimal_places=3,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Tax included."),
    )

    class Meta:
        verbose_name = _("price by weight and total")
        verbose_name_plural = _("prices by weight and total")
        ordering = ("from_total", "from_weight_g")
        constraints = [
            models.UniqueConstraint(fields=("method", "from_weight_g", "from_total"), name="delivery_band_once"),
            models.CheckConstraint(condition=Q(price__gte=0), name="delivery_band_price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.from_weight_g} g, {self.from_total}: {self.price}"
