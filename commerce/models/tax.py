"""Rates of tax: data with dates, never constants in code."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from catalog.choices import Format


class TaxClass(models.TextChoices):
    """What the tax office tells apart."""

    BOOKS = "books", _("Printed books, music and maps")
    EBOOKS = "ebooks", _("eBooks")
    AUDIO = "audio", _("Audiobooks")
    OTHER = "other", _("Everything else (standard rate)")


class TaxRate(models.Model):
    """The rate of a country for a class of goods from a day on, until a later row takes over."""

    country = CountryField(_("country"))
    tax_class = models.CharField(_("goods"), max_length=6, choices=TaxClass)
    rate = models.DecimalField(
        _("rate in percent"),
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("source"), max_length=255, blank=True, help_text=_("The law or notice that says so."))

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ("country", "tax_class", "-valid_from")
        constraints = [
            models.UniqueConstraint(fields=("country", "tax_class", "valid_from"), name="tax_rate_once_per_day"),
            models.CheckConstraint(
                condition=models.Q(rate__gte=0) & models.Q(rate__lte=100), name="tax_rate_is_a_percentage"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country.code} {self.get_tax_class_display()}: {self.rate} %"


class Rates:
    """The rates that hold on one day for one destination."""

    def __init__(self, destination: str, shop_country: str, on: dt.date) -> None:
        self._known: dict[tuple[str, str], Decimal] = {}
        rows = TaxRate.objects.filter(country__in={destination, shop_country}, valid_from__lte=on)
        for row in rows.order_by("valid_from"):
            self._known[row.country.code, row.tax_class] = row.rate
        self._order = (destination, shop_country)

    def rate(self, tax_class: str) -> Decimal:
        """Percent: the destination's rate where the shop keeps one, else the shop country's, else its standard rate."""
        for key in (*((country, tax_class) for country in self._order), (self._order[1], TaxClass.OTHER)):
            if key in self._known:
                return self._known[key]
        return Decimal(0)


_CLASS_OF_FORMAT = {
    Format.EBOOK: TaxClass.EBOOKS,
    Format.AUDIOBOOK: TaxClass.AUDIO,
    Format.AUDIO_CD: TaxClass.AUDIO,
    Format.DISC: TaxClass.OTHER,
    Format.GIFT: TaxClass.OTHER,
}


def tax_class_of(edition_format: str) -> TaxClass:
    """The tax class of goods of that format; whatever is printed counts as a book."""
    return _CLASS_OF_FORMAT.get(Format(edition_format), TaxClass.BOOKS)
