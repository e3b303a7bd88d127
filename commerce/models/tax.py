"""Rates of tax: data with dates, never constants in code."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from catalog.choices import Format
from core.money import Money, check_currency


def check_other_currency(code: str) -> None:
    """A currency in use that is not the shop's own.

    Raises:
        ValidationError: it is none.
    """
    check_currency(code)
    if code == settings.SHOP_CURRENCY:
        raise ValidationError(_("That is the shop’s own currency."))


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


class TaxRegistration(models.Model):
    """Countries across a tax border whose tax the shop collects all the same."""

    class Covers(models.TextChoices):
        """What the shop collects it on."""

        DOWNLOADS = "downloads", _("Downloads")
        PARCELS = "parcels", _("Parcels")

    name = models.CharField(_("name"), max_length=80)
    countries = CountryField(_("countries"), multiple=True)
    covers = models.CharField(_("on"), max_length=9, choices=Covers)
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("source"), max_length=255, blank=True, help_text=_("The law or notice that says so."))

    class Meta:
        verbose_name = _("tax collected for other countries")
        verbose_name_plural = _("taxes collected for other countries")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def reach(self) -> str:
        """The countries, for the list."""
        return ", ".join(place.name for place in self.countries)

    @classmethod
    def covering(cls, country: str, on: dt.date) -> set[str]:
        """What the shop collects the tax of a country on, on a day."""
        rows = cls.objects.filter(valid_from__lte=on)
        return {row.covers for row in rows if country in {place.code for place in row.countries}}


class ExchangeRate(models.Model):
    """What a currency is worth in the shop's own from a day on, until a later row takes over.

    For the tax on invoices alone, which the law wants in the shop's currency too (Directive 2006/112/EC, article 230;
    VAT Regulations 1995, reg. 14): no price is ever converted. Where no rate is known, nothing is sold in a currency.
    """

    currency = models.CharField(
        _("currency"), max_length=3, validators=[check_other_currency], help_text=_("ISO 4217: EUR, USD")
    )
    rate = models.DecimalField(
        _("worth in the shop’s currency"),
        max_digits=14,
        decimal_places=6,
        validators=[MinValueValidator(Decimal("0.000001"))],
        help_text=_("What one of it is worth: 0.8543 where a euro is 85.43 pence."),
    )
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(
        _("source"), max_length=255, blank=True, help_text=_("Printed beside it: HMRC, November 2026.")
    )

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ("currency", "-valid_from")
        constraints = [
            models.UniqueConstraint(fields=("currency", "valid_from"), name="exchange_rate_once_per_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_is_worth_something"),
        ]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate.normalize():f} {settings.SHOP_CURRENCY}"

    @classmethod
    def on(cls, currency: str, day: dt.date) -> ExchangeRate | None:
        """The rate of a currency on a day."""
        return cls.objects.filter(currency=currency, valid_from__lte=day).order_by("-valid_from").first()

    @classmethod
    def known(cls, on: dt.date) -> set[str]:
        """The currencies that have a rate on a day."""
        return set(cls.objects.filter(valid_from__lte=on).values_list("currency", flat=True))

    def at_home(self, money: Money) -> Money:
        """An amount of tax in the shop's currency, rounded to its minor unit.

        Raises:
            ValueError: the amount is in another currency than the rate.
        """
        if money.currency != self.currency:
            raise ValueError(f"{self} does not say what {money} is worth")
        return Money(money.amount * self.rate, settings.SHOP_CURRENCY)


class TaxFreeReason(models.TextChoices):
    """Why an order, or what of it goes by post, bears no tax."""

    EXPORT = "export", _("Export, free of VAT. Tax and duty may be due on arrival.")
    REVERSE_CHARGE = "reverse-charge", _("Reverse charge: the VAT is due from the recipient.")


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


def tax_note(tax: Money, reason: str) -> str:
    """What is said of tax below a total."""
    included = gettext("Includes %(tax)s VAT.") % {"tax": tax} if tax else ""
    return " ".join(filter(None, (included, str(TaxFreeReason(reason).label) if reason else "")))
