"""Invoices: numbered without gaps, never changed, and printed without fetching anything."""

from __future__ import annotations

import io
import sys
from unittest.mock import patch

import pypdf
import pytest
import time_machine
from django.db import transaction
from django.test import Client

from catalog.tests.factories import book
from commerce.models import Invoice, InvoiceCounter, SellerSettings
from commerce.services import invoicing
from commerce.tests.factories import an_order

pytestmark = pytest.mark.django_db


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_numbers_run_on_without_gaps_even_where_orders_fail(persuasion):
    first = an_order({persuasion: 1}).invoice
    with transaction.atomic():
        an_order({persuasion: 1})
        transaction.set_rollback(True)
    second = an_order({persuasion: 1}).invoice

    assert (second.sequence, second.year) == (first.sequence + 1, first.year)
    assert first.number == f"INV-{first.year}-{first.sequence:06d}"


def test_each_year_begins_at_one(persuasion):
    with time_machine.travel("2026-12-31T23:59:00+00:00", tick=False):
        old = an_order({persuasion: 1}).invoice
    with time_machine.travel("2027-01-01T00:00:00+00:00", tick=False):
        new = an_order({persuasion: 1}).invoice

    assert (old.number, new.number) == ("INV-2026-000001", "INV-2027-000001")
    assert InvoiceCounter.objects.count() == 2


def test_an_order_has_one_invoice(persuasion):
    order = an_order({persuasion: 1})
    assert invoicing.issue(order) == order.invoice


def test_an_invoice_is_never_changed_or_deleted(persuasion):
    invoice = an_order({persuasion: 1}).invoice

    for change in (
        invoice.save,
        invoice.delete,
        Invoice.objects.all().delete,
        lambda: Invoice.objects.update(number="X"),
    ):
        with pytest.raises(TypeError, match="credit note"):
            change()
    assert Invoice.objects.get().is_intact


def test_a_change_behind_our_back_shows(persuasion):
    invoice = an_order({persuasion: 1}).invoice
    invoice.snapshot["total"] = "0.01"
    assert not invoice.is_intact


def test_an_invoice_says_what_was_true_when_it_was_issued(client, persuasion):
    order = an_order({persuasion: 2})
    seller = SellerSettings.load()
    seller.name = "Somebody Else Ltd"
    seller.save()
    persuasion.product.title = "Changed"
    persuasion.product.save()

    page = client.get(f"/orders/{order.token}/invoice/").content.decode()

    assert "Somebody Else" not in page
    assert "Changed" not in page
    assert "Persuasion" in page


def test_the_rows_of_an_invoice_add_up(books_page):
    paper = book("Persuasion", price="7.99").editions.get()
    audio = book("Emma", format="audiobook", price="9.99").editions.get()

    said = invoicing.document(an_order({paper: 2, audio: 1}).invoice)

    assert [(row["rate_text"], str(row["gross"]), str(row["tax"])) for row in said.taxes] == [
        ("0", "£18.93", "£0.00"),
        ("20", "£9.99", "£1.67"),
    ]
    assert [(line["quantity"], str(line["gross"])) for line in said.lines] == [(2, "£15.98"), (1, "£9.99")]
    assert (str(said.total), str(said.tax)) == ("£28.92", "£1.67")


def test_the_pdf_is_tagged_and_says_what_the_page_says(persuasion):
    order = an_order({persuasion: 2})

    file = invoicing.pdf(order.invoice)

    reader = pypdf.PdfReader(io.BytesIO(file))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en-gb"
    assert reader.metadata.title == f"Invoice {order.invoice.number}"
    text = text_of(file)
    for part in ("Persuasion", "£18.93", order.number, order.invoice.number, "Ada Lovelace", "Standard delivery"):
        assert part in text


HOSTILE = '<link rel=attachment href="file:///etc/passwd"><img src="http://127.0.0.1:9/x.png"><b>{{ 7|add:7 }}</b>'


def test_hostile_text_is_printed_and_nothing_is_fetched(books_page):
    edition = book(HOSTILE[:200]).editions.get()
    order = an_order({edition: 1}, full_name=HOSTILE[:110], town="<style>@import 'http://127.0.0.1:9/'</style>")
    fetched = []
    fetcher = invoicing._fetcher()
    with patch.object(type(fetcher), "fetch", autospec=True, side_effect=type(fetcher).fetch) as fetch:
        file = invoicing.pdf(order.invoice)
        fetched = [call.args[1] for call in fetch.call_args_list]

    reader = pypdf.PdfReader(io.BytesIO(file))
    assert fetched == ["static:///commerce/invoice-pdf.css"]
    assert dict(reader.attachments) == {}
    text = text_of(file).replace("\n", "").replace(" ", "")
    assert "rel=attachment" in text
    assert "root:x:0" not in text
    assert "@import" in text


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:9/",
        "https://example.org/",
        "data:text/css,a{}",
        "ftp://example.org/x.css",
        "static:///../../etc/passwd",
        "static:////etc/passwd.css",
        "static:///commerce/../../../.env",
        "static:///js/main.js",
        "static:///nothing.css",
        "/etc/passwd",
    ],
)
def test_the_fetcher_opens_nothing_but_the_projects_own_files(address):
    with pytest.raises(Exception):  # noqa: B017, PT011  # whatever it raises, WeasyPrint goes on without the file
        invoicing._fetcher().fetch(address)


def test_without_the_system_libraries_the_page_still_works(persuasion):
    order = an_order({persuasion: 1})
    client = Client()
    invoicing._fetcher.cache_clear()
    missing = {name: None for name in sys.modules if name.split(".")[0] == "weasyprint"} | {"weasyprint": None}

    class Libraries:
        """Stands for a machine without Pango."""

        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    for name in missing:
        missing[name] = sys.modules.pop(name, None)
    sys.meta_path.insert(0, Libraries())
    try:
        answer = client.get(f"/orders/{order.token}/invoice.pdf")
    finally:
        sys.meta_path.pop(0)
        sys.modules.update({name: module for name, module in missing.items() if module})

    assert answer.status_code == 503
    assert "View invoice" in answer.content.decode()
    assert client.get(f"/orders/{order.token}/invoice/").status_code == 200
