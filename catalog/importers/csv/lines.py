"""A text cut into lines, and lines into the cells of rows, without trusting a single quotation mark."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

from catalog.importers.decoding import TextReader

MAX_ROW = 1_000_000
"""Characters of one row. The longest description allowed is a tenth of it."""
MAX_LINES = 500
"""Lines that one row may run over, in quoted fields. More means a quotation mark that is never closed."""

# A setting of the whole process; rows are bounded by MAX_ROW before they get here.
csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_ROW))


class Unclosed(Exception):
    """A row that has no end. The message is for people."""


class Lines:
    """Lines of a text, numbered from 1, that csv.reader asks for one by one; some can be put back.

    Raises `Unclosed` where a row grows beyond all measure or the file ends inside a quoted field.
    """

    def __init__(self, reader: TextReader) -> None:
        self._notes = reader.notes
        self._source = self._split(reader)
        self._ahead: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []
        """Lines of the row that is being read."""
        self._size = 0

    @staticmethod
    def _split(reader: TextReader) -> Iterator[str]:
        rest = ""
        for chunk in reader:
            chunk = rest + chunk
            held = "\r" if chunk.endswith("\r") else ""
            chunk = (chunk[:-1] if held else chunk).replace("\r\n", "\n").replace("\r", "\n")
            *whole, rest = chunk.split("\n")
            yield from whole
            rest += held
            if len(rest) > 8 * MAX_ROW:  # one endless line: what is too long is rejected, not collected
                rest = rest[: 2 * MAX_ROW]
        if rest:
            yield rest.rstrip("\r")

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._source, None)
        if line is None:
            if self.taken:
                raise Unclosed("A quotation mark is opened and never closed.")
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        self._size += len(line)
        if self._size > MAX_ROW:
            raise Unclosed(
                f"The row is longer than {MAX_ROW:,} characters."
                if len(self.taken) == 1
                else "A quotation mark is opened and never closed."
            )
        if len(self.taken) > MAX_LINES:
            raise Unclosed("A quotation mark is opened and never closed.")
        return line + "\n"

    def begin(self) -> None:
        """The next line begins a new row."""
        self.taken.clear()
        self._size = 0

    def put_back(self) -> None:
        """Give up the row that is being read: all its lines but the first are read again, as rows of their own."""
        again = self.taken[1:]
        self._ahead.extendleft(reversed(again))
        self.number -= len(again)
        self.begin()

    def notes(self) -> list[str]:
        """What the decoder repaired up to here."""
        if not self._notes:
            return []
        count = next((i for i, note in enumerate(self._notes) if note.line > self.number), len(self._notes))
        found = [note.message for note in self._notes[: min(count, 3)]]
        del self._notes[:count]
        return found


def read_rows(lines: Lines, delimiter: str) -> Iterator[tuple[int, list[str], str, list[str]]]:
    """Number of the row's first line, its cells, or what is wrong with it, and notes of the decoder."""
    while True:
        lines.begin()
        first = lines.number + 1
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=False)
        try:
            for cells in reader:
                yield first, cells, "", lines.notes()
                lines.begin()
                first = lines.number + 1
        except Unclosed as error:
            lines.put_back()
            yield first, [], str(error), lines.notes()
        except csv.Error as error:
            lines.put_back()
            yield first, [], f"The row is not CSV ({error}).", lines.notes()
        else:
            return
