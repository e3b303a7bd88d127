"""Mail of the shop: what happens to orders and their money, books that come back, and books that are back."""

from commerce.mails.gift_cards import GIFT_CARD
from commerce.mails.money import EXPIRED, PAYMENT, PRICE_FELL, REFUND, UNWANTED
from commerce.mails.orders import CANCEL, DISPATCH, NEW_DATES, ORDER
from commerce.mails.returns import RETURN, WITHDRAWAL
from commerce.mails.waiting import BACK_IN_STOCK, CONFIRM

KINDS = (
    ORDER, PAYMENT, EXPIRED, DISPATCH, CANCEL, NEW_DATES, PRICE_FELL, WITHDRAWAL, RETURN, REFUND, UNWANTED, GIFT_CARD,
    CONFIRM, BACK_IN_STOCK,
)  # fmt: skip
