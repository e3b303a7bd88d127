"""Whether the shop's books agree with one another, at any moment. `manage.py check_books` asks; docs/architecture.md.

A check is a function that yields a `Drift` for each figure that is not what it should be, and nothing where all is
well. `check_books` runs all of them on one picture of the database, so nobody's purchase falls between two of their
statements. A new kind of book is a module here, and its checks in `CHECKS`.
"""

from commerce.bookkeeping import documents, gift_cards, orders, payments, stock, vouchers
from commerce.bookkeeping.drift import Check, Drift

CHECKS: tuple[Check, ...] = (
    stock.records_follow_movements,
    stock.promises_are_those_of_orders,
    orders.totals_are_their_parts,
    orders.taxes_are_those_of_lines,
    vouchers.uses_are_redemptions,
    *documents.CHECKS,
    *payments.CHECKS,
    *gift_cards.CHECKS,
)

__all__ = ["CHECKS", "Check", "Drift"]
