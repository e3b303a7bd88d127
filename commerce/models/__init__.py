"""What the shop writes down when it sells."""

from commerce.models.bank import BankLine
from commerce.models.basket import Basket, BasketLine, CheckoutDraft, InvoiceAddress, StockHold
from commerce.models.calendar import Holiday
from commerce.models.gift_cards import BasketGiftCard, GiftCard, GiftCardEntry, GiftCardSettings
from commerce.models.invoice import CreditNote, Invoice, InvoiceCounter, Paper
from commerce.models.law import LeastDeliveryFee, PriceLawFigures, PriceLawProfile
from commerce.models.order import Order, OrderEvent, OrderLine, OrderTax
from commerce.models.payment import Payment, ProviderEvent, Refund
from commerce.models.preorder import PriceFall
from commerce.models.promotions import (
    BasketCode,
    OrderDiscount,
    Promotion,
    Redemption,
    Voucher,
    VoucherCode,
)
from commerce.models.returns import Return, ReturnLine
from commerce.models.sandbox import SandboxPayment
from commerce.models.seller import SellerSettings
from commerce.models.shipping import DeliveryBand, DeliveryMethod, OpeningHours, PickupPoint
from commerce.models.tax import ExchangeRate, TaxRate, TaxRegistration
from commerce.models.waiting import WaitingReader
from commerce.models.wishes import SavedLine, Wish, WishList

__all__ = [
    "BankLine",
    "Basket",
    "BasketCode",
    "BasketGiftCard",
    "BasketLine",
    "CheckoutDraft",
    "CreditNote",
    "DeliveryBand",
    "DeliveryMethod",
    "ExchangeRate",
    "GiftCard",
    "GiftCardEntry",
    "GiftCardSettings",
    "Holiday",
    "Invoice",
    "InvoiceAddress",
    "InvoiceCounter",
    "LeastDeliveryFee",
    "OpeningHours",
    "Order",
    "OrderDiscount",
    "OrderEvent",
    "OrderLine",
    "OrderTax",
    "Paper",
    "Payment",
    "PickupPoint",
    "Promotion",
    "ProviderEvent",
    "Redemption",
    "Refund",
    "Return",
    "ReturnLine",
    "PriceFall",
    "PriceLawFigures",
    "PriceLawProfile",
    "SandboxPayment",
    "SavedLine",
    "SellerSettings",
    "StockHold",
    "TaxRate",
    "Voucher",
    "VoucherCode",
    "TaxRegistration",
    "WaitingReader",
    "Wish",
    "WishList",
]
