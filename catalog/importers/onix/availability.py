"""Whether a copy can be ordered: the supplier's word (list 65) and the publisher's (list 64)."""

from __future__ import annotations

from catalog.choices import SupplierAvailability
from catalog.importers import codes
from catalog.importers.remarks import Warn

_NOT_SOLD_SEPARATELY = "Not sold separately"


def availability(code: str, status: str, warn: Warn) -> SupplierAvailability:
    """From the supplier's code; the publisher's status is asked where that says nothing, and can forbid a sale."""
    found = codes.BY_AVAILABILITY.get(code)
    if code and found is None:
        warn(f"Availability “{code[:20]}” is unknown; sold from our own stock only.")
    if found is None:
        found = codes.BY_STATUS.get(status, SupplierAvailability.STOCK_ONLY)
    forbidden = codes.FORBIDDING_STATUS.get(status)
    if forbidden and found not in (SupplierAvailability.NOT_AVAILABLE, SupplierAvailability.OUT_OF_PRINT):
        warn(f"The supplier offers it (availability {code or '–'}), but it is {forbidden}.")
        return SupplierAvailability.NOT_AVAILABLE
    if found is SupplierAvailability.NOT_AVAILABLE and status == "07":
        return SupplierAvailability.OUT_OF_PRINT
    return found


def objection(code: str, status: str) -> str:
    """Why it may not be sold even from our own stock, or ""."""
    forbidden = codes.FORBIDDING_STATUS.get(status)
    if forbidden:
        return forbidden[0].upper() + forbidden[1:]
    return _NOT_SOLD_SEPARATELY if code == "45" or (not code and status == "13") else ""
