"""Who sells: what the law wants on an invoice, and where the money goes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

IDENTITY = (
    "name", "legal_form", "capital", "address", "email", "register", "company_number", "vat_number", "tax_number",
    "eori", "directors",
)  # fmt: skip
MENTIONS = ("payment_days", "late_payment_terms", "small_business_note", "special_mentions")
BANK = ("bank_account_name", "bank_name", "sort_code", "account_number", "iban", "bic")


@register_setting(icon="clipboard-list")
class SellerSettings(BaseGenericSetting):
    """Who sells. What the shop's country asks for, `commerce.invoice_law` knows."""

    name = models.CharField(_("name"), max_length=120, default="BookTime (demonstration shop)")
    legal_form = models.CharField(_("legal form"), max_length=80, blank=True, help_text=_("Ltd, SARL, GmbH …"))
    capital = models.CharField(
        _("share capital"), max_length=40, blank=True, help_text=_("As it is printed: “€10,000”.")
    )
    address = models.TextField(
        _("registered address"), max_length=500, default="1 Example Street\nLondon\nN1 0XX\nUnited Kingdom"
    )
    email = models.EmailField(_("email"), blank=True)
    register = models.CharField(
        _("register"), max_length=80, blank=True, help_text=_("Companies House, RCS Paris, Amtsgericht Berlin …")
    )
    company_number = models.CharField(
        _("company number"), max_length=40, blank=True, help_text=_("In the register; SIREN or SIRET in France.")
    )
    vat_number = models.CharField(_("VAT number"), max_length=40, blank=True, default="GB 000 0000 00")
    tax_number = models.CharField(
        _("tax number"),
        max_length=40,
        blank=True,
        help_text=_("Of the local tax office, where there is no VAT number."),
    )
    eori = models.CharField(_("EORI number"), max_length=17, blank=True, help_text=_("Printed on exports."))
    directors = models.CharField(_("directors"), max_length=200, blank=True)
    payment_days = models.PositiveSmallIntegerField(_("days to pay"), default=14)
    late_payment_terms = models.TextField(
        _("late payment"), max_length=500, blank=True,
        help_text=_("Interest, fixed compensation and discount for early payment, where the law wants them named."),
    )  # fmt: skip
    small_business_note = models.CharField(
        _("free of VAT because"), max_length=200, blank=True,
        help_text=_("Only for a shop that charges no VAT at all: “TVA non applicable, art. 293 B du CGI”."),
    )  # fmt: skip
    special_mentions = models.TextField(
        _("other mentions"), max_length=1000, blank=True, help_text=_("Printed at the foot of every document.")
    )
    cash_on_delivery = models.BooleanField(
        _("pay on delivery"),
        default=False,
        help_text=_("Whoever brings the books takes the money. Who collects books may always pay then."),
    )
    bank_account_name = models.CharField(_("account name"), max_length=120, default="BookTime (demonstration shop)")
    bank_name = models.CharField(_("bank"), max_length=120, blank=True, default="Example Bank")
    iban = models.CharField("IBAN", max_length=42, blank=True, default="GB00 DEMO 0000 0000 0000 00")
    bic = models.CharField("BIC", max_length=11, blank=True)
    sort_code = models.CharField(_("sort code"), max_length=8, blank=True, default="00-00-00")
    account_number = models.CharField(_("account number"), max_length=20, blank=True, default="00000000")

    panels = [
        MultiFieldPanel([FieldPanel(name) for name in IDENTITY], heading=_("Seller")),
        MultiFieldPanel([FieldPanel(name) for name in MENTIONS], heading=_("What invoices say")),
        MultiFieldPanel([FieldPanel(name) for name in BANK], heading=_("Bank transfer")),
        FieldPanel("cash_on_delivery"),
    ]

    class Meta:
        verbose_name = _("seller and bank account")

    def __str__(self) -> str:
        return self.name

    @property
    def printed(self) -> dict[str, Any]:
        """Everything that a document copies."""
        fields = (*IDENTITY, *MENTIONS, *BANK)
        return {name: getattr(self, name) for name in fields if name != "payment_days"} | {
            "country": settings.SHOP_COUNTRY
        }
