"""Whether the shop's books agree with one another, at any moment. `manage.py check_books` asks; docs/architecture.md.

A check is a function that yields a `Drift` for each figure that is not what it should be, and nothing where all is
well. What it compares it reads in ONE statement: a database answers a statement from one moment, while between two of
them somebody may have bought a book. New books (payments, gift cards) are a module here, and their checks in `CHECKS`.
"""

from commerce.bookkeeping import invoices, orders, stock, vouchers
from commerce.bookkeeping.drift import Check, Drift

CHECKS: tuple[Check, ...] = (
    stock.records_follow_movements,
    stock.promises_are_those_of_orders,
    orders.totals_are_their_parts,
    orders.taxes_are_those_of_lines,
    vouchers.uses_are_redemptions,
    invoices.numbers_have_no_gaps,
    invoices.texts_are_as_issued,
)

__all__ = ["CHECKS", "Check", "Drift"]
