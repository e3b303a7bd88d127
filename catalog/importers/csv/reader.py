"""A list row by row: each a record, or a rejection with its line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import BinaryIO

from catalog.importers.csv.columns import read_header
from catalog.importers.csv.lines import Lines, read_rows
from catalog.importers.csv.record import read_record
from catalog.importers.csv.row import Row, Table
from catalog.importers.decoding import TextReader
from catalog.importers.records import Record, Rejection, UnreadableFile
from catalog.importers.remarks import Refused


def read(
    stream: BinaryIO,
    *,
    currency: str | None = None,
    shop_currency: str = "GBP",
    today: dt.date | None = None,
) -> Iterator[Record | Rejection]:
    """Read a list row by row; `position` is the number of the line. See `reading.read_file` for the arguments.

    Raises:
        UnreadableFile: the first line names no columns of a book list, or no row comes behind it.
    """
    lines = Lines(TextReader(stream, declared=False))
    columns, delimiter = read_header(lines)
    table = Table(
        columns=columns,
        currency=(currency or "").upper(),
        shop_currency=shop_currency.upper(),
        today=today or dt.datetime.now(dt.UTC).date(),
    )
    is_empty = True
    for number, cells, fault, notes in read_rows(lines, delimiter):
        if fault:
            yield Rejection(number, "", fault)
        elif any(cell.strip() for cell in cells):
            yield _row(Row(table, number, cells, notes))
        else:
            continue
        is_empty = False
    if is_empty:
        raise UnreadableFile("The list has names of columns and not one row.")


def _row(row: Row) -> Record | Rejection:
    table = row.table
    first = table.where["isbn" if table.has_isbn else "title"][0]
    reference = row.cells[first].strip()[:60] if first < len(row.cells) else ""
    try:
        if len(row.cells) != len(table.columns):
            raise Refused(
                f"The row has {len(row.cells)} fields, the header {len(table.columns)}: a field with a comma in it "
                "needs quotation marks around it, or a field is missing."
            )
        reference = row.get("isbn")[:60] or row.get("title")[:60]
        return read_record(row)
    except Refused as refusal:
        return Rejection(row.number, reference, str(refusal))
