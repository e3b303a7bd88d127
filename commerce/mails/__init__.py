"""Mail of the shop: what happens to orders, and books that are back."""

from commerce.mails.orders import CANCEL, DISPATCH, NEW_DATES, ORDER

KINDS = (ORDER, DISPATCH, CANCEL, NEW_DATES)
