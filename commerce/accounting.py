"""A month of invoices and credit notes for the accountant: a journal as CSV, and an archive of all files."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO

from django.utils import timezone

from commerce import documents
from commerce.models import CreditNote, Invoice
from core.spreadsheets import safe_cell

JOURNAL = (
    "number", "kind", "date", "for_invoice", "order", "customer", "country", "vat_number", "currency", "category",
    "rate", "net", "vat", "gross", "total", "supplied_on", "due_on", "digest", "exchange_rate",
)  # fmt: skip
"""A row for each rate of tax of each document. Amounts of credit notes are negative.

`exchange_rate` is what one of the currency was worth in the shop's, for the VAT of documents in another currency.
"""


def of_month(year: int, month: int) -> Iterator[Invoice | CreditNote]:
    """The documents of a month in the shop's time zone, invoices first, by number."""
    first = dt.date(year, month, 1)
    after = (first + dt.timedelta(days=32)).replace(day=1)
    start, end = (
        timezone.make_aware(dt.datetime.combine(day, dt.time.min), timezone.get_default_timezone())
        for day in (first, after)
    )
    span = {"issued_at__gte": start, "issued_at__lt": end}
    return chain(
        Invoice.objects.filter(**span).select_related("order").order_by("series", "year", "sequence").iterator(100),
        CreditNote.objects.filter(**span)
        .select_related("invoice__order")
        .order_by("series", "year", "sequence")
        .iterator(100),
    )


def months(limit: int = 120) -> list[str]:
    """The months that have documents, newest first."""
    found = {
        day.strftime("%Y-%m")
        for model in (Invoice, CreditNote)
        for day in model.objects.datetimes("issued_at", "month", tzinfo=timezone.get_default_timezone())
    }
    return sorted(found, reverse=True)[:limit]


def journal(year: int, month: int) -> str:
    """The journal of a month as CSV. No cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(JOURNAL)
    for issued in of_month(year, month):
        writer.writerows(_rows(issued))
    return text.getvalue()


@contextmanager
def archive(year: int, month: int, files: Iterable[tuple[str, bytes]], missing: list[str]) -> Iterator[IO[bytes]]:
    """A zip with the journal and the files, on disk while it grows. `missing` (numbers) is read when all are there."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"journal-{year}-{month:02d}.csv", "\ufeff" + journal(year, month))
            for name, content in files:
                archive.writestr(name, content)
            if missing:
                archive.writestr("MISSING.txt", "No PDF could be made of:\n" + "\n".join(missing) + "\n")
        file.seek(0)
        yield file


def _rows(issued: Invoice | CreditNote) -> Iterator[list[str]]:
    document = documents.read(issued)
    sign = "-" if document.is_credit_note else ""
    exchange = issued.snapshot.get("tax_at_home", {}).get("rate", "")
    for row in document.taxes:
        amounts = [f"{sign}{amount.amount:f}" for amount in (row["net"], row["tax"], row["gross"], document.total)]
        texts = [
            document.number, document.kind, document.issued_on.isoformat(), document.invoice_number,
            document.order_number, document.buyer["full_name"], document.buyer["country"], document.buyer["vat_id"],
            document.currency, row["category"], row["rate_text"],
        ]  # fmt: skip
        ends = [str(document.supplied_on or ""), str(document.due_on or ""), issued.digest, exchange]
        yield [*map(safe_cell, texts), *amounts, *ends]
