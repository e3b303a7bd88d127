"""The ISBN of a row, as far as spreadsheets left it whole."""

from __future__ import annotations

import re

from catalog.importers.csv.row import NOTHING, Row
from catalog.importers.remarks import Refused
from catalog.isbn import InvalidISBN, clean, to_gtin13, to_isbn13

_GTIN_COLUMNS = frozenset({"ean", "ean13", "gtin", "gtin13", "barcode"})
"""Columns in which a number that is no ISBN may be another product's."""
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?\d+\Z", re.IGNORECASE)


def isbn_of(row: Row) -> str:
    """The ISBN-13 of the row, whichever of its columns has a good one; a barcode only in its own column.

    Raises:
        Refused: none of them is right.
    """
    found: list[str] = []
    barcodes: list[str] = []
    faults: list[str] = []
    for index in row.table.where["isbn"]:
        column, value = row.table.columns[index], row.cells[index].strip()
        if not value or value.upper() in NOTHING:
            continue
        value = value.removeprefix("=").strip("\"'")  # how spreadsheets are told to keep a number as text
        if _SCIENTIFIC.match(value):
            faults.append(f"{column} “{value[:30]}” was rounded by a spreadsheet: its last digits are lost.")
            continue
        value = value.removesuffix(".0")
        bare = clean(value)
        if re.fullmatch(r"[0-9]{6,8}[0-9X]", bare) and "13" not in column:
            bare = bare.zfill(10)  # a spreadsheet dropped the zeros in front
        try:
            found.append(to_isbn13(bare if len(bare) == 10 else value))
        except InvalidISBN as error:
            if len(bare) == 10 and bare != clean(value):
                faults.append(f"“{value[:30]}” is not an ISBN, with zeros in front neither.")
            elif column in _GTIN_COLUMNS:
                try:
                    barcodes.append(to_gtin13(value))
                except InvalidISBN as fault:
                    faults.append(str(fault))
            else:
                faults.append(str(error))
    thirteen = dict.fromkeys(found + ([] if found else barcodes))
    if not thirteen:
        raise Refused(" ".join(faults) or "The row has no ISBN.")
    chosen = _prefer_13(row, list(thirteen))
    for fault in faults:
        if "spreadsheet" in fault:
            row.warn_once("spreadsheet", f"{fault} The ISBN-10 of the row was used.")
        else:
            row.warn(f"{fault} {chosen} was used.")
    return chosen


def _prefer_13(row: Row, found: list[str]) -> str:
    """One of several: that of a column of 13 digits, where there is one."""
    if len(found) == 1:
        return found[0]
    for index in row.table.where["isbn"]:
        bare = clean(row.cells[index])
        if len(bare) == 13 and bare in found:
            found = [bare, *(other for other in found if other != bare)]
            break
    row.warn(f"The row names two books, {found[0]} and {found[1]}; {found[0]} was taken.")
    return found[0]
