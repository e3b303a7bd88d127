"""What an import has to say: lines for people, and a table that a spreadsheet opens safely."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType

from catalog.importers.load import Result

COLUMNS = ("file", "position", "reference", "isbn", "level", "message")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Report:
    """A CSV file of every rejection and warning; without a path it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("w", encoding="utf-8", newline="") if path else None
        self._writer = csv.writer(self._file) if self._file else None
        if self._writer:
            self._writer.writerow(COLUMNS)

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, file: str, result: Result) -> None:
        """The rejection and the warnings of a record."""
        if result.reason:
            self.line(file, "error", result.reason, result.position, result.reference, result.isbn)
        for warning in result.warnings:
            self.line(file, "warning", warning, result.position, result.reference, result.isbn)

    def line(self, file: str, level: str, message: str, position: int = 0, reference: str = "", isbn: str = "") -> None:
        """One line of the table."""
        if self._writer:
            cells = (file, str(position or ""), reference, isbn, level, message)
            self._writer.writerow([_safe(cell) for cell in cells])


def _safe(cell: str) -> str:
    """The cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def lines_of(file: str, result: Result) -> list[str]:
    """The same for a terminal: `feed.xml: record 12 (ref-12, ISBN 978…): what and why`."""
    names = ", ".join(part for part in (result.reference, f"ISBN {result.isbn}" if result.isbn else "") if part)
    head = f"{file}: record {result.position}" + (f" ({names})" if names else "")
    said = [f"{head}: rejected: {result.reason}"] if result.reason else []
    said += [f"{head}: warning: {warning}" for warning in result.warnings]
    return ["".join(char if char.isprintable() else " " for char in line) for line in said]
