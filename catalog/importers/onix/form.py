"""What kind of thing the product is: the format that shoppers know, and what is only for the trade."""

from __future__ import annotations

from catalog.choices import DIGITAL_FORMATS, Format
from catalog.importers import codes
from catalog.importers.onix.part import Part
from catalog.importers.remarks import Refused


def read_form(part: Part) -> tuple[Format, str]:
    """The format, and why the product may not be sold, or "". ProductComposition is only in 3.x.

    Raises:
        Refused: point-of-sale material and packs for booksellers, which no shopper may see.
    """
    composition = part.code("ProductComposition")
    form = part.code("ProductForm").upper()
    if composition in codes.TRADE_COMPOSITIONS or codes.is_trade_form(form):
        raise Refused(f"trade-only: point-of-sale material or a pack for booksellers (form {form or composition})")
    found = codes.format_of(form, part.codes("ProductFormDetail"))
    if composition in codes.SET_COMPOSITIONS and found not in DIGITAL_FORMATS:
        return Format.SET, "" if found else _unknown(form)
    return (found, "") if found else (Format.PRINT, _unknown(form))


def _unknown(form: str) -> str:
    shown = f"Product form “{form[:20]}” is unknown" if form not in ("", "00") else "No product form"
    return f"{shown}: may be trade material"
