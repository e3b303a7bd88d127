"""What the shop writes down when it sells."""

from commerce.models.basket import Basket, BasketLine, CheckoutDraft, StockHold
from commerce.models.calendar import Holiday
from commerce.models.invoice import Invoice, InvoiceCounter, SellerSettings
from commerce.models.law import LeastDeliveryFee, PriceLawFigures, PriceLawProfile
from commerce.models.order import Order, OrderEvent, OrderLine, OrderTax
from commerce.models.preorder import PriceFall
from commerce.models.promotions import (
    BasketCode,
    OrderDiscount,
    Promotion,
    Redemption,
    Voucher,
    VoucherCode,
)
from commerce.models.shipping import DeliveryBand, DeliveryMethod, OpeningHours, PickupPoint
from commerce.models.tax import TaxRate, TaxRegistration

__all__ = [
    "Basket",
    "BasketCode",
    "BasketLine",
    "CheckoutDraft",
    "DeliveryBand",
    "DeliveryMethod",
    "Holiday",
    "Invoice",
    "InvoiceCounter",
    "LeastDeliveryFee",
    "OpeningHours",
    "Order",
    "OrderDiscount",
    "OrderEvent",
    "OrderLine",
    "OrderTax",
    "PickupPoint",
    "Promotion",
    "Redemption",
    "PriceFall",
    "PriceLawFigures",
    "PriceLawProfile",
    "SellerSettings",
    "StockHold",
    "TaxRate",
    "Voucher",
    "VoucherCode",
    "TaxRegistration",
]
