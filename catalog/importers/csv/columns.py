"""Columns of a list of books: the names that other people give them, and the line that holds them."""

from __future__ import annotations

import csv

from catalog.importers.csv.lines import Lines, Unclosed
from catalog.importers.csv.words import normal
from catalog.importers.records import UnreadableFile

MAX_COLUMNS = 1_000
DELIMITERS = (",", ";", "\t", "|")

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
FIELD_OF = {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}
"""Our name of a column by each of the names it may have in a file, made `words.normal`."""


def read_header(lines: Lines) -> tuple[list[str], str]:
    """Columns by their own names and the delimiter: the one that yields most columns that we know.

    Raises:
        UnreadableFile: it names no columns of a book list.
    """
    line, delimiter = "", ""
    try:
        for line in lines:
            if line.lower().startswith("sep=") and len(line.strip()) == 5:
                delimiter, line = line[4], ""
            if line.strip():
                break
            lines.begin()
    except Unclosed as error:
        raise UnreadableFile(f"The first line is no list of column names. {error}") from error
    lines.begin()
    choices = [
        (sum(normal(name) in FIELD_OF for name in names), len(names), candidate, names)
        for candidate in ([delimiter] if delimiter else DELIMITERS)
        for names in csv.reader([line.replace("\0", "")], delimiter=candidate)
    ]
    known, width, delimiter, names = max(choices, key=lambda choice: choice[:2], default=(0, 0, ",", []))
    shown = " ".join(line.split())[:60]
    if width > MAX_COLUMNS:
        raise UnreadableFile(f"The first line names {width:,} columns; a list of books has at most {MAX_COLUMNS:,}.")
    columns = [normal(name) for name in names]
    fields = {FIELD_OF.get(column) for column in columns}
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
