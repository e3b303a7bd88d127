"""Mail of the shop: what happens to orders, and books that are back."""

from commerce.mails.orders import CANCEL, DISPATCH, NEW_DATES, ORDER
from commerce.mails.waiting import BACK_IN_STOCK, CONFIRM

KINDS = (ORDER, DISPATCH, CANCEL, NEW_DATES, CONFIRM, BACK_IN_STOCK)
