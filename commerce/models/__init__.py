"""What the shop writes down when it sells."""

from commerce.models.basket import Basket, BasketLine, CheckoutDraft
from commerce.models.invoice import Invoice, InvoiceCounter, SellerSettings
from commerce.models.law import LeastDeliveryFee, PriceLawFigures, PriceLawProfile
from commerce.models.order import Order, OrderEvent, OrderLine, OrderTax
from commerce.models.shipping import DeliveryMethod
from commerce.models.tax import TaxRate, TaxRegistration

__all__ = [
    "Basket",
    "BasketLine",
    "CheckoutDraft",
    "DeliveryMethod",
    "Invoice",
    "InvoiceCounter",
    "LeastDeliveryFee",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderTax",
    "PriceLawFigures",
    "PriceLawProfile",
    "SellerSettings",
    "TaxRate",
    "TaxRegistration",
]
