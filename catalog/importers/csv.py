"""CSV files as records: our own two forms, and lists of other people as far as they make sense.

1. The simple form, `name,description,tags,image_filename,price`, is a small shop's own list: no ISBN. What a
   row is about is told by its name (normalised), so the same name again is the same book.
2. The wide form has one row per edition, known by its ISBN; docs/importing.md goes through its columns.

Nothing is shifted or guessed: a row with a field too many is rejected, a price whose currency nobody names is
left out, an ISBN that a spreadsheet turned into `9.78E+12` is lost. Rows come out as they stand in the file;
the same ISBN once per category is one record each, which the loader joins.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

from catalog.choices import DatePrecision, Format, Role, SupplierAvailability
from catalog.importers import codes, text
from catalog.importers.decoding import TextReader, undo_double_encoding
from catalog.importers.onix import image_address
from catalog.importers.records import (
    ContributorRecord,
    PartialDate,
    PriceRecord,
    Record,
    Rejection,
    UnreadableFile,
)
from catalog.isbn import InvalidISBN, clean, to_gtin13, to_isbn13

MAX_COLUMNS = 1_000
MAX_ROW = 1_000_000
"""Characters of one row. The longest description allowed is a tenth of it."""
MAX_LINES = 500
"""Lines that one row may run over, in quoted fields. More means a quotation mark that is never closed."""
DELIMITERS = (",", ";", "\t", "|")

# A setting of the whole process; rows are bounded by MAX_ROW before they get here.
csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_ROW))

_ALIASES = {
    "isbn": "isbn isbn13 isbn_13 isbn10 isbn_10 ean ean13 gtin gtin13 barcode",
    "title": "title name book_title booktitle",
    "subtitle": "subtitle sub_title",
    "contributors": "contributors authors author book_author author_name creator",
    "publisher": "publisher publisher_name",
    "imprint": "imprint",
    "series": "series series_title series_name",
    "series_number": "series_number series_no series_position",
    "format": "format binding bookformat book_format",
    "language": "language language_code lang",
    "publication_date": "publication_date pub_date pubdate published publish_date date_published",
    "publication_year": "published_year publication_year year_of_publication year",
    "pages": "pages num_pages page_count number_of_pages",
    "duration_minutes": "duration_minutes",
    "weight_g": "weight_g",
    "price": "price rrp list_price",
    "currency": "currency currency_code",
    "availability": "availability",
    "stock": "stock",
    "tags": "tags category categories genre genres subjects",
    "description": "description blurb summary",
    "short_description": "short_description",
    "image": "image_filename image image_url cover cover_url cover_image",
    "work": "work",
    "edition_statement": "edition_statement edition",
}
_FIELD_OF = {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}
_GTIN_COLUMNS = frozenset({"ean", "ean13", "gtin", "gtin13", "barcode"})
_MANY_PEOPLE = frozenset({"authors", "contributors"})
_COMMA_LISTS = frozenset({"categories", "genres", "subjects"})

_FORMATS = {
    Format.HARDBACK: "hardback hardcover hardbound cased library_binding leather_fine_binding",
    Format.PAPERBACK: "paperback softback softcover mass_market_paperback trade_paperback",
    Format.BOARD_BOOK: "board_book boardbook novelty_book bath_book rag_book pop_up_book",
    Format.PRINT: "print book spiral_bound pamphlet loose_leaf other_book_format",
    Format.EBOOK: "ebook e_book epub pdf kindle kindle_edition digital",
    Format.AUDIOBOOK: "audiobook audio_book audio_download digital_audio audible_audio",
    Format.AUDIO_CD: "audio_cd cd_audio audio_cassette mp3_cd",
    Format.MAP: "map sheet_map atlas_map",
    Format.SHEET_MUSIC: "sheet_music printed_music",
    Format.SET: "set box_set boxed_set mixed_media_product multiple_copy_pack",
    Format.DISC: "disc dvd dvd_video cd_rom blu_ray",
    Format.GIFT: "gift calendar cards diary notebook_blank_book game toy jigsaw stationery poster postcards",
}
_FORMAT_OF = {word: form for form, words in _FORMATS.items() for word in words.split()} | {
    form.value.replace("-", "_"): form for form in Format
}

_ROLE_WORDS = {
    Role.AUTHOR: "author by",
    Role.EDITOR: "editor ed eds editors edited_by series_editor",
    Role.TRANSLATOR: "translator trans translated_by",
    Role.ILLUSTRATOR: "illustrator illus illustrated_by artist",
    Role.PHOTOGRAPHER: "photographer photographs",
    Role.NARRATOR: "narrator reader read_by narrated_by",
    Role.INTRODUCTION: "introduction intro",
    Role.FOREWORD: "foreword",
    Role.PREFACE: "preface",
    Role.AFTERWORD: "afterword",
    Role.REVISED_BY: "revised_by reviser",
    Role.OTHER: "contributor other",
}
_ROLE_OF = {word: role for role, words in _ROLE_WORDS.items() for word in words.split()} | {
    role.value.replace("-", "_"): role for role in Role
}

_SYMBOLS = {
    "£": "GBP",
    "€": "EUR",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "R$": "BRL",
    "₹": "INR",
    "₩": "KRW",
    "₺": "TRY",
    "zł": "PLN",
    "₦": "NGN",
}
_DOLLAR = "$"


def read(
    stream: BinaryIO,
    *,
    currency: str | None = None,
    shop_currency: str = "GBP",
    today: dt.date | None = None,
) -> Iterator[Record | Rejection]:
    """Read a list row by row; `position` is the number of the line. See `reading.read_file` for the arguments.

    Raises:
        UnreadableFile: the first line names no columns of a book list.
    """
    text_reader = TextReader(stream, declared=False)
    lines = _Lines(text_reader)
    columns, delimiter = _header(lines)
    rows = _Rows(
        columns=columns,
        currency=(currency or "").upper(),
        shop_currency=shop_currency.upper(),
        today=today or dt.datetime.now(dt.UTC).date(),
    )
    for number, cells, fault, notes in _rows(lines, delimiter):
        if fault:
            yield Rejection(number, "", fault)
        elif any(cell.strip() for cell in cells):
            yield rows.read(number, cells, notes)


# --- Lines and rows ----------------------------------------------------------------------------------


class _Lines:
    """Lines of a text, numbered from 1, that csv.reader asks for one by one; some can be put back.

    Raises `_Unclosed` where a row grows beyond all measure or the file ends inside a quoted field.
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

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._source, None)
        if line is None:
            if self.taken:
                raise _Unclosed("A quotation mark is opened and never closed.")
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        self._size += len(line)
        if self._size > MAX_ROW:
            raise _Unclosed(
                f"The row is longer than {MAX_ROW:,} characters."
                if len(self.taken) == 1
                else "A quotation mark is opened and never closed."
            )
        if len(self.taken) > MAX_LINES:
            raise _Unclosed("A quotation mark is opened and never closed.")
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


class _Unclosed(Exception):
    """A row that has no end. The message is for people."""


def _header(lines: _Lines) -> tuple[list[str], str]:
    """Columns by their own names and the delimiter: the one that yields most columns that we know."""
    line, delimiter = "", ""
    try:
        for line in lines:
            if line.lower().startswith("sep=") and len(line.strip()) == 5:
                delimiter, line = line[4], ""
            if line.strip():
                break
            lines.begin()
    except _Unclosed as error:
        raise UnreadableFile(f"The first line is no list of column names. {error}") from error
    lines.begin()
    choices = [
        (sum(_normal(name) in _FIELD_OF for name in names), len(names), candidate, names)
        for candidate in ([delimiter] if delimiter else DELIMITERS)
        for names in csv.reader([line.replace("\0", "")], delimiter=candidate)
    ]
    known, width, delimiter, names = max(choices, key=lambda choice: choice[:2], default=(0, 0, ",", []))
    shown = " ".join(line.split())[:60]
    if width > MAX_COLUMNS:
        raise UnreadableFile(f"The first line names {width:,} columns; a list of books has at most {MAX_COLUMNS:,}.")
    columns = [_normal(name) for name in names]
    fields = {_FIELD_OF.get(column) for column in columns}
    if "title" not in fields and "original_title" not in columns:
        raise UnreadableFile(
            f"This is no list of books: its first line (“{shown}”) names no column “title” or “name”. "
            "The first line must hold the names of the columns; docs/importing.md lists them."
        )
    if "isbn" not in fields and not {"price", "description", "tags", "image"} & fields:
        raise UnreadableFile(
            f"This list (“{shown}”) has no column “isbn”, and it is not the simple form "
            "name,description,tags,image_filename,price either."
        )
    return columns, delimiter


def _normal(name: str) -> str:
    """`  Num-Pages ` → `num_pages`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _rows(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str], str, list[str]]]:
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
        except _Unclosed as error:
            lines.put_back()
            yield first, [], str(error), lines.notes()
        except csv.Error as error:
            lines.put_back()
            yield first, [], f"The row is not CSV ({error}).", lines.notes()
        else:
            return


# --- One row -----------------------------------------------------------------------------------------


class _Refused(Exception):
    """The row stays out; the message says why."""


_SERIES = re.compile(
    r"(?P<title>.*\S)\s*\((?P<series>[^()#]*[^()#,\s])\s*,?\s*#(?P<number>[^()#;]{1,40})(?:;[^()]*)?\)\s*\Z"
)
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?\d+\Z", re.IGNORECASE)
_ROLE_IN_BRACKETS = re.compile(r"(.*\S)\s*[(\[]([^()\[\]]{1,40})[)\]]\s*\Z")
_AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,4})?\Z", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:[T ].*)?\Z", re.ASCII)
_SLASH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\Z", re.ASCII)
_WHOLE = re.compile(r"(\d{1,9})(?:\.0+)?\Z", re.ASCII)
_PRICES_KEPT = 100_000
_NOTHING = frozenset({"NULL", "NAN", "N/A", "NONE"})
"""What programs write into an empty cell."""


@dataclass(slots=True)
class _Rows:
    """Turns cells into records. Remembers what has to be said only once, and the prices of recent rows."""

    columns: list[str]
    currency: str
    shop_currency: str
    today: dt.date
    has_isbn: bool = False
    own_series: bool = False
    where: dict[str, list[int]] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    prices: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, column in enumerate(self.columns):
            name = _FIELD_OF.get(column)
            if name:
                self.where.setdefault(name, []).append(index)
        if "title" not in self.where:
            self.where["title"] = [self.columns.index("original_title")]
        self.has_isbn = "isbn" in self.where
        self.own_series = "series" in self.where

    def read(self, number: int, cells: list[str], notes: list[str]) -> Record | Rejection:
        first = self.where["isbn" if self.has_isbn else "title"][0]
        reference = cells[first].strip()[:60] if first < len(cells) else ""
        try:
            if len(cells) != len(self.columns):
                raise _Refused(
                    f"The row has {len(cells)} fields, the header {len(self.columns)}: a field with a comma in it "
                    "needs quotation marks around it, or a field is missing."
                )
            row = _Row(self, number, cells)
            row.warnings = list(notes)
            reference = row.get("isbn")[:60] or row.get("title")[:60]
            return row.record()
        except _Refused as refusal:
            return Rejection(number, reference, str(refusal))


class _Row:
    """One row while it is read."""

    def __init__(self, rows: _Rows, number: int, cells: list[str]) -> None:
        self.rows = rows
        self.number = number
        self.cells = cells
        self.warnings: list[str] = []

    def get(self, name: str) -> str:
        """The first cell of the field that is not empty."""
        for index in self.rows.where.get(name, ()):
            value = self.cells[index].strip()
            if value and (name == "title" or value.upper() not in _NOTHING):
                return value
        return ""

    def column_of(self, name: str) -> str:
        """The file's own name of the field's first column."""
        where = self.rows.where.get(name)
        return self.rows.columns[where[0]] if where else ""

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def warn_once(self, key: str, message: str) -> None:
        if key not in self.rows.said:
            self.rows.said.add(key)
            self.warnings.append(f"{message} (Said once for the whole file.)")

    def record(self) -> Record:
        self.mend()
        isbn = self.isbn() if self.rows.has_isbn else ""
        title = text.plain(self.get("title"))
        if not title:
            raise _Refused("No title.")
        if len(title) > text.ABSURD_TITLE:
            raise _Refused(f"The title has {len(title):,} characters: another text stands in its field.")
        record = Record(position=self.number, isbn=isbn, warnings=self.warnings)
        record.contributors = self.contributors()
        series, series_number = text.plain(self.get("series")), text.plain(self.get("series_number"))
        found = _SERIES.match(title) if "#" in title and not self.rows.own_series else None
        if found:
            title = found["title"].rstrip()
            series, series_number = found["series"].strip(), found["number"].strip()
        record.title = self.fit(title, "title")
        record.subtitle = self.fit(text.plain(self.get("subtitle")), "subtitle")
        record.series, record.series_number = series[: text.MAX_TITLE], series_number[:50]
        record.edition_statement = text.plain(self.get("edition_statement"))[: text.MAX_TITLE]
        record.reference = isbn or name_key(title)
        record.publisher = text.plain(self.get("publisher"))[: text.MAX_TITLE]
        record.imprint = text.plain(self.get("imprint"))[: text.MAX_TITLE]
        record.format = self.format()
        record.language = self.language()
        record.publication_date = self.publication_date()
        record.pages = self.whole("pages", 30_000) or None
        record.duration_minutes = self.whole("duration_minutes", 100_000) or None
        record.weight_g = self.whole("weight_g", 100_000) or None
        record.stock = self.whole("stock", 1_000_000)
        record.tags = self.tags()
        record.description = text.rich(self.get("description"))
        record.short_description = text.plain(self.get("short_description"))[: text.MAX_TEXT]
        record.images = self.images()
        work = text.plain(self.get("work"))
        record.work_ids = frozenset({f"csv:{work}"[:255]}) if work else frozenset()
        record.availability = self.availability()
        price = self.price()
        if price:
            record.prices = [price]
            if price.currency != self.rows.shop_currency:
                record.not_for_sale = f"No price in {self.rows.shop_currency}"
        else:
            record.not_for_sale = "No price" if not self.get("price") else "No price that a consumer may be charged"
        self.compare_prices(isbn, price)
        return record

    def mend(self) -> None:
        """Take out what no text has, and undo what was encoded twice."""
        for index, cell in enumerate(self.cells):
            if cell.isascii() and cell.isprintable():
                continue
            if "\0" in cell:
                self.warn(f"{self.rows.columns[index]}: zero bytes left out; compare the field with the book.")
                cell = cell.replace("\0", "")
            cell, twice = undo_double_encoding(cell)
            if twice:
                self.warn(f"{self.rows.columns[index]}: “{twice}” was encoded twice; read as it was meant.")
            self.cells[index] = cell.replace("\ufffd", "")
            if "\ufffd" in cell:
                self.warn(f"{self.rows.columns[index]}: a letter was lost before the file came to us; left out.")

    def fit(self, value: str, name: str) -> str:
        if len(value) <= text.MAX_TITLE:
            return value
        self.warn(f"The {name} has {len(value):,} characters; cut after {text.MAX_TITLE}: “{value[:40]}…”.")
        return value[: text.MAX_TITLE - 1].rsplit(" ", 1)[0] + "…"

    def isbn(self) -> str:
        """The ISBN-13 of the row, whichever of its columns has a good one; a barcode only in its own column."""
        found: list[str] = []
        barcodes: list[str] = []
        faults: list[str] = []
        for index in self.rows.where["isbn"]:
            column, value = self.rows.columns[index], self.cells[index].strip()
            if not value or value.upper() in _NOTHING:
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
            raise _Refused(" ".join(faults) or "The row has no ISBN.")
        chosen = self.prefer_13(list(thirteen))
        for fault in faults:
            if "spreadsheet" in fault:
                self.warn_once("spreadsheet", f"{fault} The ISBN-10 of the row was used.")
            else:
                self.warn(f"{fault} {chosen} was used.")
        return chosen

    def prefer_13(self, found: list[str]) -> str:
        if len(found) == 1:
            return found[0]
        for index in self.rows.where["isbn"]:
            bare = clean(self.cells[index])
            if len(bare) == 13 and bare in found:
                found = [bare, *(other for other in found if other != bare)]
                break
        self.warn(f"The row names two books, {found[0]} and {found[1]}; {found[0]} was taken.")
        return found[0]

    def contributors(self) -> list[ContributorRecord]:
        value = text.plain(self.get("contributors"))
        if not value:
            return []
        if value.upper() == "NOT A BOOK":
            raise _Refused("The file itself says that this is “NOT A BOOK”.")
        found: dict[tuple[str, Role], ContributorRecord] = {}
        for person in _people(value, many=self.column_of("contributors") in _MANY_PEOPLE):
            role = Role.AUTHOR
            bracket = _ROLE_IN_BRACKETS.match(person)
            if bracket:
                word = _normal(bracket[2])
                if word in _ROLE_OF:
                    role, person = _ROLE_OF[word], bracket[1]
                else:
                    self.warn(f"“{bracket[2]}” after {bracket[1][:60]} is no role that we know; kept in the name.")
            name, sort_name = text.turn_round(person) if "," in person else (person, "")
            name = name.strip(" ,;")
            if name and not text.is_nobody(name):
                found.setdefault(
                    (name, role), ContributorRecord(name[: text.MAX_TITLE], role, sort_name[: text.MAX_TITLE])
                )
        return list(found.values())[:100]

    def format(self) -> Format:
        value = self.get("format")
        if not value:
            return Format.PRINT
        found = _FORMAT_OF.get(_normal(value))
        if found is None:
            self.warn(f"Format “{value[:40]}” is none that we know; shown as “Book”.")
            return Format.PRINT
        return found

    def language(self) -> str:
        value = self.get("language")
        found = text.language_tag(value)
        if value and not found and value.lower() not in ("mul", "und", "zxx"):
            self.warn(f"Language “{value[:40]}” is not understood; left out.")
        return found

    def publication_date(self) -> PartialDate | None:
        """ISO dates; with slashes month/day/year, as such lists come from the US.

        `original_publication_year` is the work's, not the edition's: it is not read.
        """
        value = self.get("publication_date")
        try:
            if iso := _ISO_DATE.match(value):
                return _partial(*(int(part) if part else 0 for part in iso.groups()))
            if us := _SLASH_DATE.match(value):
                return _partial(int(us[3]), int(us[1]), int(us[2]))
            if value:
                raise ValueError(value)
            value = self.get("publication_year")
            year = re.fullmatch(r"(\d{4})(?:\.0)?", value, re.ASCII)
            return _partial(int(year[1]), 0, 0) if year and 1400 <= int(year[1]) <= self.rows.today.year + 5 else None
        except ValueError:
            self.warn(f"Publication date “{value[:30]}” does not exist or is not written YYYY-MM-DD; left out.")
            return None

    def whole(self, name: str, most: int) -> int | None:
        value = self.get(name)
        if not value:
            return None
        found = _WHOLE.match(value)
        if not found or int(found[1]) > most:
            self.warn(f"{name} “{value[:30]}” is not a whole number up to {most:,}; left out.")
            return None
        return int(found[1])

    def tags(self) -> list[str]:
        found: dict[str, str] = {}
        for index in self.rows.where.get("tags", ()):
            separators = r"[|;,]" if self.rows.columns[index] in _COMMA_LISTS else r"[|;]"
            for part in re.split(separators, self.cells[index]):
                tag = text.plain(part)
                if tag and len(tag) <= 100:
                    found.setdefault(tag.casefold(), tag)
        return list(found.values())[:30]

    def images(self) -> list[str]:
        value = self.get("image")
        if not value or "nophoto" in value.lower():
            return []
        address = image_address(value)
        if not address:
            self.warn(f"The picture “{value[:60]}” is neither a file name nor a web address; left out.")
        return [address] if address else []

    def availability(self) -> SupplierAvailability:
        """What the row says. The simple form is a shop's own list of what it sells, so it can be ordered."""
        value = self.get("availability")
        if not value:
            return SupplierAvailability.STOCK_ONLY if self.rows.has_isbn else SupplierAvailability.AVAILABLE
        try:
            return SupplierAvailability(_normal(value).replace("_", "-"))
        except ValueError:
            known = ", ".join(SupplierAvailability.values)
            self.warn(f"Availability “{value[:40]}” is none of {known}; sold from our own stock only.")
            return SupplierAvailability.STOCK_ONLY

    # Money

    def price(self) -> PriceRecord | None:
        value = self.get("price")
        if not value:
            return None
        sign, number = _sign(value)
        amount = _decimal(number)
        if amount is None:
            self.warn(f"Price “{value[:30]}” is not an amount; left out.")
            return None
        currency = self.price_currency(sign, value)
        if not currency:
            return None
        exact = amount
        amount = amount.quantize(Decimal(1).scaleb(-codes.minor_units(currency)))
        if amount != exact:
            self.warn(f"Price {exact} {currency} is finer than the currency; rounded to {amount}.")
        if amount > Decimal("9999999"):
            self.warn(f"Price {value[:30]} is more than any book costs; left out.")
            return None
        if not amount and self.rows.has_isbn:
            self.warn("Price 0 means “unknown” in lists of books; left out.")
            return None
        return PriceRecord(amount, currency)

    def price_currency(self, sign: str, value: str) -> str:
        """The price's own sign first, then the column, then what the caller says; two that differ: none."""
        column = self.get("currency")
        own, stated = self.meaning(sign), self.meaning(column)
        if own and column == _DOLLAR and not stated:
            stated = own if own == "USD" else "another dollar"  # a bare "$" agrees with US$ at most
        if own and stated and own != stated:
            self.warn(f"Price “{value[:30]}” is in {own}, but the column says “{column[:10]}”; left out.")
            return ""
        currency = own or stated
        if not currency and not sign and not column:
            currency = self.rows.currency or ("" if self.rows.has_isbn else self.rows.shop_currency)
        if not currency:
            named = sign or column
            if named == _DOLLAR:
                why = "“$” may be the dollar of many countries"
            elif named:
                why = f"“{named[:10]}” is no currency in use (ISO 4217)"
            else:
                why = "the file names no currency"
            message = f"Price “{value[:30]}”: {why}; left out. If you know it, import again with --currency."
            self.warn_once("currency", message)
            return ""
        if currency not in codes.CURRENCIES:
            self.warn(f"Price “{value[:30]}”: “{currency[:10]}” is no currency in use (ISO 4217); left out.")
            return ""
        return currency

    def meaning(self, sign: str) -> str:
        """The currency that a sign or a code names. A bare "$" names one only with the caller's help."""
        if sign == _DOLLAR:
            return self.rows.currency if self.rows.currency in _DOLLARS else ""
        return _SYMBOLS.get(sign.upper()) or _SYMBOLS.get(sign) or (sign.upper() if len(sign) == 3 else "")

    def compare_prices(self, isbn: str, price: PriceRecord | None) -> None:
        """Report one ISBN with two prices; within some 100,000 rows, so that memory stays flat."""
        if not isbn or price is None:
            return
        prices, shown = self.rows.prices, f"{price.amount} {price.currency}"
        before = prices.setdefault(isbn, shown)
        if before != shown:
            self.warn(f"{isbn} has two prices in this file, {before} and {shown}; the later row holds.")
            prices[isbn] = shown
        if len(prices) > _PRICES_KEPT:
            prices.clear()


_DOLLARS = frozenset({"USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "BSD", "BBD", "BMD", "BZD", "FJD", "JMD", "TTD"})


def name_key(name: str) -> str:
    """Key of a row without ISBN: its name, whatever the case, the accents' coding, the blanks and the stops.

    >>> name_key("The Hobbit!") == name_key("  the  HOBBIT ")
    True
    """
    words = re.sub(r"[^\w]+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()
    words = words or name.strip()
    if len(words) <= 100:
        return f"name:{words}"
    return f"name:{words[:80]}~{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def _people(value: str, *, many: bool) -> list[str]:
    """Names in one cell. A comma parts people only in a column of many, and never "Verne, Jules"."""
    for separator in ("|", ";", "/"):
        if separator in value:
            return [person.strip() for person in value.split(separator) if person.strip()]
    if many and "," in value:
        parts = [part.strip() for part in value.split(",") if part.strip()]
        single = [part for part in parts if " " not in part]
        if not (len(parts) == 2 and len(single) == 2) and not (len(parts) > 1 and text.is_suffix(parts[1])):
            return parts
    return [value.strip()]


def _sign(value: str) -> tuple[str, str]:
    """Currency sign or code, and the number, of "£7.99", "HK$116.63", "7,99 €", "EUR 9.90"."""
    found = re.fullmatch(r"\s*([^\d\s.,+-]{0,5})\s*([\d.,  ’']+?)\s*([^\d\s.,+-]{0,5})\s*", value)
    if not found:
        return "", value
    return found[1] or found[3], found[2]


def _decimal(number: str) -> Decimal | None:
    """An amount with a decimal point, or a comma where that is plain ("12,50", "1.234,50"); else None."""
    number = re.sub(r"[\s’']", "", number)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d{1,2}", number):
        number = number.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,9},\d{1,2}", number):
        number = number.replace(".", "").replace(",", ".")
    return Decimal(number) if _AMOUNT.match(number) else None


def _partial(year: int, month: int, day: int) -> PartialDate:
    """A date of which zeros are unknown.

    Raises:
        ValueError: no such date.
    """
    if not 1400 <= year <= 2200:
        raise ValueError(year)
    if not month:
        return PartialDate(dt.date(year, 12, 31), DatePrecision.YEAR)
    if not day:
        first = dt.date(year, month, 1)
        return PartialDate((first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1), DatePrecision.MONTH)
    return PartialDate(dt.date(year, month, day))
