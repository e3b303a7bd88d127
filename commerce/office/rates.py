"""Delivery methods, rates of tax and exchange, and price laws in the Wagtail admin."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, InlinePanel
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup

from commerce.models import (
    DeliveryMethod,
    ExchangeRate,
    Holiday,
    PickupPoint,
    PriceLawProfile,
    TaxRate,
    TaxRegistration,
)


class DeliveryMethodViewSet(ModelViewSet):
    """How books travel."""

    model = DeliveryMethod
    name = "delivery_methods"
    icon = "globe"
    menu_label = _("Delivery methods")
    copy_view_enabled = False
    list_display = [
        "name",
        Column("price", label=_("Price"), accessor="price_text"),
        Column("reach", label=_("Countries"), accessor="reach"),
        BooleanColumn("is_active", label=_("Offered")),
    ]
    panels = [
        FieldPanel("name"),
        FieldPanel("description"),
        FieldRowPanel([FieldPanel("price"), FieldPanel("currency"), FieldPanel("free_from")]),
        FieldRowPanel([FieldPanel("countries"), FieldPanel("postcodes")]),
        FieldPanel("transit_days"),
        FieldPanel("pickup_point"),
        InlinePanel(
            "bands",
            heading=_("Prices by weight and total"),
            label=_("Price"),
            panels=[FieldRowPanel([FieldPanel("from_weight_g"), FieldPanel("from_total"), FieldPanel("price")])],
        ),
        FieldRowPanel([FieldPanel("is_active"), FieldPanel("sort_order")]),
    ]


class HolidayViewSet(ModelViewSet):
    """Days on which nothing leaves or arrives."""

    model = Holiday
    name = "holidays"
    icon = "calendar"
    menu_label = _("Holidays")
    copy_view_enabled = False
    list_display = ["country", "date", "name"]
    list_filter = ["country"]
    panels = [FieldRowPanel([FieldPanel("country"), FieldPanel("date")]), FieldPanel("name")]


class PickupPointViewSet(ModelViewSet):
    """Where books are collected."""

    model = PickupPoint
    name = "pickup_points"
    icon = "home"
    menu_label = _("Places to collect")
    copy_view_enabled = False
    list_display = ["name", BooleanColumn("is_active", label=_("In use"))]
    panels = [
        FieldPanel("name"),
        FieldPanel("address"),
        FieldPanel("directions"),
        InlinePanel(
            "opening_hours",
            heading=_("Opening hours"),
            label=_("Hours"),
            panels=[FieldRowPanel([FieldPanel("weekday"), FieldPanel("opens_at"), FieldPanel("closes_at")])],
        ),
        FieldPanel("is_active"),
    ]


class TaxRateViewSet(ModelViewSet):
    """Rates of tax, each from a day on."""

    model = TaxRate
    name = "tax_rates"
    icon = "pick"
    menu_label = _("Tax rates")
    copy_view_enabled = False
    list_display = ["country", "tax_class", "rate", "valid_from", "source"]
    list_filter = ["country", "tax_class"]
    panels = [
        FieldPanel("country"),
        FieldPanel("tax_class"),
        FieldRowPanel([FieldPanel("rate"), FieldPanel("valid_from")]),
        FieldPanel("source"),
    ]


class TaxRegistrationViewSet(ModelViewSet):
    """Taxes of other countries that the shop collects."""

    model = TaxRegistration
    name = "tax_registrations"
    icon = "pick"
    menu_label = _("Taxes for other countries")
    copy_view_enabled = False
    list_display = ["name", "covers", Column("reach", label=_("Countries"), accessor="reach"), "valid_from"]
    panels = [
        FieldPanel("name"),
        FieldPanel("countries"),
        FieldRowPanel([FieldPanel("covers"), FieldPanel("valid_from")]),
        FieldPanel("source"),
    ]


class ExchangeRateViewSet(ModelViewSet):
    """What currencies are worth: for the tax on invoices in them."""

    model = ExchangeRate
    name = "exchange_rates"
    icon = "pick"
    menu_label = _("Exchange rates for tax")
    copy_view_enabled = False
    list_display = ["__str__", "valid_from", "source"]
    list_filter = ["currency"]
    panels = [
        HelpPanel(
            _(
                "Invoices in another currency say their tax in the shop’s currency too. Prices are never converted; "
                "but a currency without a rate cannot be paid in."
            )
        ),
        FieldRowPanel([FieldPanel("currency"), FieldPanel("rate"), FieldPanel("valid_from")]),
        FieldPanel("source"),
    ]


class PriceLawViewSet(ModelViewSet):
    """Fixed book prices, and the least that delivery may cost, by country."""

    model = PriceLawProfile
    name = "price_laws"
    icon = "lock"
    menu_label = _("Price laws")
    copy_view_enabled = False
    list_display = ["name", Column("reach", label=_("Countries"), accessor="reach")]
    panels = [
        FieldPanel("name"),
        FieldPanel("countries"),
        InlinePanel(
            "figures",
            heading=_("Fixed prices"),
            label=_("Figures"),
            panels=[
                FieldPanel("valid_from"),
                FieldRowPanel([FieldPanel("fixes_print"), FieldPanel("fixes_ebooks")]),
                FieldRowPanel([FieldPanel("most_off_posted"), FieldPanel("most_off_collected")]),
                FieldPanel("vouchers_for"),
                FieldPanel("source"),
            ],
        ),
        InlinePanel(
            "least_fees",
            heading=_("Least delivery fees"),
            label=_("Fees"),
            panels=[
                FieldRowPanel([FieldPanel("valid_from"), FieldPanel("currency"), FieldPanel("threshold")]),
                FieldRowPanel([FieldPanel("fee_below"), FieldPanel("fee_from")]),
                FieldPanel("source"),
            ],
        ),
    ]


class RatesGroup(ModelViewSetGroup):
    """The menu item "Delivery and tax"."""

    menu_label = _("Delivery and tax")
    menu_icon = "globe"
    menu_order = 300
    items = (
        DeliveryMethodViewSet,
        PickupPointViewSet,
        HolidayViewSet,
        TaxRateViewSet,
        TaxRegistrationViewSet,
        ExchangeRateViewSet,
        PriceLawViewSet,
    )
