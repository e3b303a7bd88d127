"""One row as a record: which field of the record comes from where."""

from __future__ import annotations

import re

from catalog.importers import text
from catalog.importers.csv import prices, values
from catalog.importers.csv.contributors import contributors
from catalog.importers.csv.dates import publication_date
from catalog.importers.csv.isbns import isbn_of
from catalog.importers.csv.names import name_key
from catalog.importers.csv.row import Row
from catalog.importers.records import Record
from catalog.importers.titles import fit, require

_SERIES = re.compile(
    r"(?P<title>.*\S)\s*\((?P<series>[^()#]*[^()#,\s])\s*,?\s*#(?P<number>[^()#;]{1,40})(?:;[^()]*)?\)\s*\Z"
)
"""A series behind the title, in a list that has no column for it: "The Hobbit (Middle-earth, #1)"."""


def read_record(row: Row) -> Record:
    """The row as a record.

    Raises:
        Refused: the row stays out.
    """
    row.mend()
    isbn = isbn_of(row) if row.table.has_isbn else ""
    title = text.plain(row.get("title"))
    require(title)
    record = Record(position=row.number, isbn=isbn, warnings=row.warnings)
    record.contributors = contributors(row)
    series, number = text.plain(row.get("series")), text.plain(row.get("series_number"))
    found = _SERIES.match(title) if "#" in title and "series" not in row.table.where else None
    if found:
        title, series, number = found["title"].rstrip(), found["series"].strip(), found["number"].strip()
    record.title = fit(title, "title", row.warn)
    record.subtitle = fit(text.plain(row.get("subtitle")), "subtitle", row.warn)
    record.series, record.series_number = series[: text.MAX_TITLE], number[:50]
    record.edition_statement = text.plain(row.get("edition_statement"))[: text.MAX_TITLE]
    record.reference = isbn or name_key(title)
    record.publisher = text.plain(row.get("publisher"))[: text.MAX_TITLE]
    record.imprint = text.plain(row.get("imprint"))[: text.MAX_TITLE]
    record.format = values.book_format(row)
    record.language = values.language(row)
    record.publication_date = publication_date(row)
    record.pages = values.whole(row, "pages", 30_000) or None
    record.duration_minutes = values.whole(row, "duration_minutes", 100_000) or None
    record.weight_g = values.whole(row, "weight_g", 100_000) or None
    record.stock = values.whole(row, "stock", 1_000_000)
    record.tags = values.tags(row)
    record.description = text.rich(row.get("description"))
    record.short_description = text.plain(row.get("short_description"))[: text.MAX_TEXT]
    record.images = values.images(row)
    work = text.plain(row.get("work"))
    record.work_ids = frozenset({f"csv:{work}"[:255]}) if work else frozenset()
    record.availability = values.availability(row)
    price = prices.read_price(row, record.format)
    if price:
        record.prices = [price]
        prices.compare(row, isbn, price)
    record.not_for_sale = prices.objection(row, price)
    return record
