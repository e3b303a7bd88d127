"""One row while it is read, and the table that it belongs to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from catalog.importers.csv.columns import FIELD_OF
from catalog.importers.decoding import undo_double_encoding

NOTHING = frozenset({"NULL", "NAN", "N/A", "NONE"})
"""What programs write into an empty cell."""


@dataclass(slots=True)
class Table:
    """What holds for all rows. Remembers what has to be said only once, and the prices of recent rows."""

    columns: list[str]
    """The file's own names, made `words.normal`."""
    currency: str
    shop_currency: str
    today: dt.date
    where: dict[str, list[int]] = field(default_factory=dict)
    """Places of our columns."""
    has_isbn: bool = False
    said: set[str] = field(default_factory=set)
    prices: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, column in enumerate(self.columns):
            name = FIELD_OF.get(column)
            if name:
                self.where.setdefault(name, []).append(index)
        if "title" not in self.where:
            self.where["title"] = [self.columns.index("original_title")]
        self.has_isbn = "isbn" in self.where


class Row:
    """One row while it is read."""

    def __init__(self, table: Table, number: int, cells: list[str], notes: list[str]) -> None:
        self.table = table
        self.number = number
        self.cells = cells
        self.warnings = notes

    def get(self, name: str) -> str:
        """The first cell of the field that is not empty."""
        for index in self.table.where.get(name, ()):
            value = self.cells[index].strip()
            if value and (name == "title" or value.upper() not in NOTHING):
                return value
        return ""

    def column_of(self, name: str) -> str:
        """The file's own name of the field's first column."""
        where = self.table.where.get(name)
        return self.table.columns[where[0]] if where else ""

    def warn(self, message: str) -> None:
        """Add a warning to the record."""
        self.warnings.append(message)

    def warn_once(self, key: str, message: str) -> None:
        """Add a warning that is the same for every row, to the first of them."""
        if key not in self.table.said:
            self.table.said.add(key)
            self.warnings.append(f"{message} (Said once for the whole file.)")

    def mend(self) -> None:
        """Take out what no text has, and undo what was encoded twice."""
        for index, cell in enumerate(self.cells):
            if cell.isascii() and cell.isprintable():
                continue
            if "\0" in cell:
                self.warn(f"{self.table.columns[index]}: zero bytes left out; compare the field with the book.")
                cell = cell.replace("\0", "")
            cell, twice = undo_double_encoding(cell)
            if twice:
                self.warn(f"{self.table.columns[index]}: “{twice}” was encoded twice; read as it was meant.")
            self.cells[index] = cell.replace("\ufffd", "")
            if "\ufffd" in cell:
                self.warn(f"{self.table.columns[index]}: a letter was lost before the file came to us; left out.")
