"""What countries say of the prices of books: profiles with dated figures, each with its source."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel

from core.money import check_currency

NOT_NEGATIVE = (MinValueValidator(Decimal(0)),)
PERCENT = (MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100)))


class PriceLawProfile(ClusterableModel):
    """The law on book prices in some countries of delivery. The profile that names none is for all the others."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    countries = CountryField(
        _("countries"), multiple=True, blank=True, help_text=_("Empty: every country that no other profile names.")
    )

    class Meta:
        verbose_name = _("price law")
        verbose_name_plural = _("price laws")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def named(self) -> set[str]:
        """The countries it is for (ISO 3166, two letters); none for "every other"."""
        return {place.code for place in self.countries}

    @property
    def reach(self) -> str:
        """Where it holds, for the list."""
        return ", ".join(place.name for place in self.countries) or gettext("All others")

    def clean(self) -> None:
        """A country has one law."""
        for other in PriceLawProfile.objects.exclude(pk=self.pk):
            if self.named == other.named or self.named & other.named:
                raise ValidationError(
                    {"countries": _("%(name)s is for these countries already.") % {"name": other.name}}
                )


class Dated(models.Model):
    """Figures that hold from a day on, until later ones take over."""

    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("source"), max_length=255, help_text=_("The law or notice that says so."))

    class Meta:
        abstract = True


class VoucherHolders(models.TextChoices):
    """Who may be given a voucher that takes something off a fixed price."""

    EVERYBODY = "everybody", _("Everybody")
    NAMED = "named", _("Only customers whom the voucher names")
    NOBODY = "nobody", _("Nobody")


class PriceLawFigures(Dated):
    """Which books have a fixed price, and how much may be taken off it."""

    profile = ParentalKey(PriceLawProfile, on_delete=models.CASCADE, related_name="figures")
    fixes_print = models.BooleanField(_("new printed books have a fixed price"), default=False)
    fixes_ebooks = models.BooleanField(_("eBooks have a fixed price"), default=False)
    most_off_posted = models.DecimalField(
        _("most off fixed prices, delivered"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=PERCENT,
        help_text=_("Percent that promotions and vouchers may take off. 0: nothing."),
    )
    most_off_collected = models.DecimalField(
        _("most off fixed prices, collected"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=PERCENT,
        help_text=_("The same for printed books that are collected in the shop."),
    )

    vouchers_for = models.CharField(
        _("vouchers on fixed prices"),
        max_length=9,
        choices=VoucherHolders,
        default=VoucherHolders.EVERYBODY,
        help_text=_("Who may be given one, as far as the percentages let it take something off."),
    )

    class Meta:
        verbose_name = _("figures on fixed prices")
        verbose_name_plural = _("figures on fixed prices")
        ordering = ("-valid_from",)
        constraints = [models.UniqueConstraint(fields=("profile", "valid_from"), name="price_law_once_per_day")]

    def __str__(self) -> str:
        return f"{self.profile} {self.valid_from:%Y-%m-%d}"


class LeastDeliveryFee(Dated):
    """The least that the delivery of new printed books may cost; tax included."""

    profile = ParentalKey(PriceLawProfile, on_delete=models.CASCADE, related_name="least_fees")
    currency = models.CharField(
        _("currency"), max_length=3, validators=[check_currency], help_text=_("ISO 4217: GBP, EUR")
    )
    threshold = models.DecimalField(
        _("threshold"),
        max_digits=12,
        decimal_places=3,
        validators=NOT_NEGATIVE,
        help_text=_("Value of the new printed books in the order."),
    )
    fee_below = models.DecimalField(_("least fee below it"), max_digits=12, decimal_places=3, validators=NOT_NEGATIVE)
    fee_from = models.DecimalField(_("least fee from it on"), max_digits=12, decimal_places=3, validators=NOT_NEGATIVE)

    class Meta:
        verbose_name = _("least delivery fee")
        verbose_name_plural = _("least delivery fees")
        ordering = ("currency", "-valid_from")
        constraints = [
            models.UniqueConstraint(fields=("profile", "currency", "valid_from"), name="least_fee_once_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.profile} {self.currency} {self.valid_from:%Y-%m-%d}"
