"""Delivery methods and tax rates in the Wagtail admin."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup

from commerce.models import DeliveryMethod, TaxRate


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
        FieldPanel("countries"),
        FieldRowPanel([FieldPanel("is_active"), FieldPanel("sort_order")]),
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


class RatesGroup(ModelViewSetGroup):
    """The menu item "Delivery and tax"."""

    menu_label = _("Delivery and tax")
    menu_icon = "globe"
    menu_order = 300
    items = (DeliveryMethodViewSet, TaxRateViewSet)
