"""Files of documents: made in a process with limits, kept where no address leads, the same when made again."""

from __future__ import annotations

import base64
import csv
import io
import os
import re
import shutil
import subprocess
import time
import zipfile
from unittest.mock import patch

import pypdf
import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from accounts import roles
from accounts.tests.factories import member
from catalog.tests.factories import book
from commerce import accounting, documents, einvoice, pdf, pdf_process
from commerce.exceptions import PDFUnavailable
from commerce.models import Order, Paper
from commerce.models.invoice import PaperKind, PaperState
from commerce.services import credit_notes, papers
from commerce.tests.factories import UserFactory, an_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _private_folder(settings, tmp_path):
    """Each test has a private storage of its own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {**settings.STORAGES["private"], "OPTIONS": {"location": tmp_path / "private"}},
    }


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def text_of(file: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file)).pages)


def a_job(html: str, **changes) -> dict:
    job = {"html": html, "xml": "<a/>", "files": {}, "at": "2026-11-27T00:00:00+00:00", "identifier": "00" * 32}
    return job | {"memory": pdf.MEMORY, "seconds": pdf.SECONDS} | changes


def test_the_pdf_says_what_the_page_says_and_is_for_people_and_machines(client, books_page):
    audio = book("Emma", format="audiobook", price="9.99").editions.get()
    order = an_order({book("Persuasion").editions.get(): 2, audio: 1})

    answer = client.get(f"/orders/{order.token}/invoice.pdf")
    file = body(answer)

    number = order.invoice.number
    assert answer["Content-Disposition"] == f'attachment; filename="{number}.pdf"'
    assert (answer["Referrer-Policy"], answer["Content-Type"]) == ("no-referrer", "application/pdf")
    reader = pypdf.PdfReader(io.BytesIO(file))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/Lang"] == "en-gb"
    assert reader.metadata.title == f"Invoice {number}"
    for part in ("Persuasion", "£28.92", order.number, number, "Ada Lovelace", "Standard delivery", "£1.67"):
        assert part in text_of(file)
    # what is inside: one XML, said to be the same invoice for machines
    assert list(reader.attachments) == ["factur-x.xml"]
    assert reader.attachments["factur-x.xml"][0] == einvoice.xml_of(documents.read(order.invoice))
    assert [spec.get_object()["/AFRelationship"] for spec in root["/AF"]] == ["/Alternative"]
    # what the file says of itself
    xmp = root["/Metadata"].get_data().decode()
    assert xmp.count("<rdf:RDF") == 1
    for fact in (r'pdfaid:part="3"', r'pdfaid:conformance="A"', r"pdfuaid:part>1<"):
        assert re.search(fact, xmp), fact
    for fact in (
        "ConformanceLevel>EN 16931<",
        "DocumentFileName>factur-x.xml<",
        "DocumentType>INVOICE<",
        "Version>1.0<",
    ):
        assert fact in xmp
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext (poppler-utils)")
def test_names_of_any_script_are_printed(books_page, tmp_path):
    """I-19: what a font lacks comes from another one; what none has leaves the rest as it is."""
    order = an_order({book("Persuasion").editions.get(): 1}, full_name="Zoë O'Brien שלום 🦉", town="Łódź")
    file, _xml = papers.content_of(order.invoice)
    printed = tmp_path / "invoice.pdf"
    printed.write_bytes(file)
    # pypdf stumbles over fonts that hold a character beyond sixteen bits
    text = subprocess.check_output(["pdftotext", str(printed), "-"], text=True)  # noqa: S603, S607
    for part in ("Zoë O'Brien", "Łódź", "Persuasion", "שלום"):
        assert part in text or part[::-1] in text


def tags_of(node, found=None) -> list[str]:
    found = [] if found is None else found
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            tags_of(child, found)
    elif isinstance(node, dict) and "/S" in node:
        found.append(node["/S"])
        if "/K" in node:
            tags_of(node["/K"], found)
    return found


def test_tables_of_the_pdf_have_real_headers_and_every_font_is_inside(books_page):
    order = an_order({book("Persuasion").editions.get(): 1})
    file, _xml = papers.content_of(order.invoice)

    reader = pypdf.PdfReader(io.BytesIO(file))
    tags = tags_of(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    assert tags.count("/H1") == 1
    assert tags.count("/TH") == 5 + 6 + 4 + 3 + 5, "of the facts, the lines, the rates, the sums, the bank"
    assert tags.count("/Table") == 5
    assert "/L" not in tags, "PDF has no lists of terms: these are tables"
    assert tags.index("/H1") < tags.index("/Table"), "read in the order in which it stands"
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)


def test_a_file_that_is_gone_is_made_again_the_same(client, persuasion):
    order = an_order({persuasion: 1})
    path = f"/orders/{order.token}/invoice.pdf"
    with time_machine.travel("2026-11-02T10:00:00+00:00"):
        first = body(client.get(path))
    name = Paper.objects.get().name
    assert name == f"documents/{order.invoice.digest[:2]}/{order.invoice.digest}.pdf"
    storages["private"].delete(name)
    with time_machine.travel("2027-05-02T10:00:00+00:00"), patch.dict(os.environ, {"TZ": "Asia/Tokyo"}):
        client.force_login(UserFactory(is_superuser=True, is_staff=True))
        again = body(client.get(f"/admin/orders/{order.pk}/invoice.pdf"))
    assert first == again


def test_a_file_is_made_once_and_never_in_the_request(client, persuasion, settings):
    order = an_order({persuasion: 1})
    path = f"/orders/{order.token}/invoice.pdf"
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": ["default", "slow"]}}
    with patch.object(papers, "content_of", side_effect=AssertionError):
        for _visit in range(3):
            answer = client.get(path)
            assert answer.status_code == 202
            assert answer["Refresh"] == "3"
            assert "The PDF is being made" in answer.content.decode()
            assert answer["Referrer-Policy"] == "no-referrer"
    assert len(papers.make_paper.get_backend().results) == 1

    papers.make_paper.func(paper_id=Paper.objects.get().pk)
    assert body(client.get(path)).startswith(b"%PDF")
    with patch.object(papers, "content_of", side_effect=AssertionError):
        papers.make_paper.func(paper_id=Paper.objects.get().pk)  # a task may run twice


def test_a_lost_task_is_asked_for_again_after_a_while(persuasion, settings):
    order = an_order({persuasion: 1})
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": ["default", "slow"]}}
    with time_machine.travel("2026-11-02T10:00:00+00:00", tick=False) as clock:
        papers.ask(PaperKind.INVOICE, str(order.invoice.pk))
        clock.shift(60)
        papers.ask(PaperKind.INVOICE, str(order.invoice.pk))
        assert len(papers.make_paper.get_backend().results) == 1
        clock.shift(90)
        papers.ask(PaperKind.INVOICE, str(order.invoice.pk))
        assert len(papers.make_paper.get_backend().results) == 2


def test_the_file_is_made_ahead_where_the_shop_wants_it(persuasion, settings, django_capture_on_commit_callbacks):
    settings.PAPERS_AHEAD = True
    with patch.object(papers, "content_of", return_value=(b"%PDF-made-ahead", b"")):
        order = an_order({persuasion: 1})
        note = credit_notes.issue(order.pk, [order.lines.get().pk], reason="x", actor=None)
    assert {(paper.kind, paper.subject, paper.state) for paper in Paper.objects.all()} == {
        ("invoice", str(order.invoice.pk), "ready"),
        ("credit-note", str(note.pk), "ready"),
    }


def test_where_no_pdf_can_be_made_the_page_still_works_and_it_is_tried_again_later(client, persuasion):
    order = an_order({persuasion: 1})
    path = f"/orders/{order.token}/invoice.pdf"
    with time_machine.travel("2026-11-02T10:00:00+00:00", tick=False) as clock:
        with patch.object(subprocess, "run") as run:
            run.return_value.returncode = pdf_process.NO_LIBRARIES
            answer = client.get(path)
            assert client.get(path).status_code == 503
        assert run.call_count == 1
        assert answer.status_code == 503
        assert "View as a page" in answer.content.decode()
        assert client.get(f"/orders/{order.token}/invoice/").status_code == 200
        clock.shift(11 * 60)
        assert client.get(path).status_code == 200


def test_a_mistake_of_ours_is_told_and_leaves_no_file_that_is_waited_for(persuasion):
    order = an_order({persuasion: 1})
    with patch.object(einvoice, "xml_of", side_effect=ValueError("no such currency")):
        paper = papers.ask(PaperKind.INVOICE, str(order.invoice.pk))
    assert paper.state == PaperState.FAILED


# --- limits: K-16 ----------------------------------------------------------------------------


def test_a_job_that_takes_too_long_is_ended():
    began = time.monotonic()
    with pytest.raises(PDFUnavailable):
        pdf.run(a_job("<p>" + "word " * 40_000), seconds=1.5)
    assert time.monotonic() - began < 6


def test_a_job_that_wants_too_much_memory_is_ended_alone():
    with pytest.raises(PDFUnavailable):
        pdf.run(a_job("<p>" + "word " * 200_000, memory=200 * 1024**2))


def test_a_title_of_a_hundred_thousand_characters_hurts_nobody(persuasion):
    order = an_order({persuasion: 1})
    issued = order.invoice
    issued.snapshot["lines"][0]["title"] = "x" * 100_000
    with patch.object(pdf, "SECONDS", 3):
        try:
            content, _xml = papers.content_of(issued)
            assert content.startswith(b"%PDF")
        except PDFUnavailable:
            pass
    assert Order.objects.get(pk=order.pk).total_amount == order.total_amount
    assert Client().get(f"/orders/{order.token}/invoice/").status_code == 200


def test_the_process_is_told_no_secret():
    with (
        patch.dict(os.environ, {"SECRET_KEY": "s3cret", "DATABASE_URL": "postgres://u:p@h/d"}),
        patch.object(subprocess, "run") as run,
    ):
        run.return_value.returncode = 0
        run.return_value.stdout = b"%PDF"
        pdf.run(a_job("<p>x"))
    assert not {"SECRET_KEY", "DATABASE_URL"} & set(run.call_args.kwargs["env"])
    assert run.call_args.args[0][1] == "-I"


# --- hostile text: X-11 ----------------------------------------------------------------------

HOSTILE = '<link rel=attachment href="file:///etc/passwd"><img src="http://127.0.0.1:9/x.png"><b>{{ 7|add:7 }}</b>'


def test_hostile_text_is_printed_and_nothing_is_fetched(books_page):
    edition = book(HOSTILE[:200]).editions.get()
    order = an_order({edition: 1}, full_name=HOSTILE[:110], town="<style>@import 'http://127.0.0.1:9/'</style>")

    file, _xml = papers.content_of(order.invoice)

    assert list(pypdf.PdfReader(io.BytesIO(file)).attachments) == ["factur-x.xml"]
    text = text_of(file).replace("\n", "").replace(" ", "")
    assert "rel=attachment" in text
    assert "{{7|add:7}}" in text
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
        "job:///../../etc/passwd",
        "job:////etc/passwd.css",
        "job:///other.css",
        "job:///sheet.js",
        "static:///sheet.css",
        "/etc/passwd",
        "sheet.css",
    ],
)
def test_the_fetcher_opens_nothing_but_the_files_of_the_job(address):
    files = {name: base64.b64encode(b"a{}").decode() for name in ("sheet.css", "sheet.js")}
    fetcher = pdf_process.fetcher_of(files)
    with pytest.raises(ValueError, match="Not a file of the job"):
        fetcher.fetch(address)
    assert fetcher.fetch("job:///sheet.css").read() == b"a{}"


# --- where files lie and who opens them: O-02 ------------------------------------------------


def test_files_are_kept_where_no_address_leads(client, persuasion, settings):
    order = an_order({persuasion: 1})
    client.get(f"/orders/{order.token}/invoice.pdf")
    name = Paper.objects.get().name
    path = storages["private"].path(name)
    assert os.path.exists(path)
    assert not path.startswith((str(settings.MEDIA_ROOT), str(settings.STATIC_ROOT)))
    with pytest.raises(ValueError, match="not accessible via a URL"):
        storages["private"].url(name)
    for address in (f"/media/{name}", f"/media/private/{name}", f"/static/{name}", f"/media/../private/{name}"):
        assert client.get(address).status_code == 404


def test_by_default_only_the_shops_own_user_reads_the_files(settings):
    from booktime.settings import base

    options = base.STORAGES["private"]["OPTIONS"]
    assert (options["file_permissions_mode"], options["directory_permissions_mode"]) == (0o600, 0o700)


def test_a_month_is_a_zip_with_a_journal(client, books_page):
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    formula = book("=HYPERLINK(1)").editions.get()
    with time_machine.travel("2026-10-31T22:59:00+00:00", tick=False):
        first = an_order({formula: 1}, full_name="=cmd|' /C calc'!A0").invoice
    with time_machine.travel("2026-11-01T09:00:00+00:00", tick=False):
        an_order({formula: 1})
    with time_machine.travel("2026-10-31T23:30:00+00:00", tick=False):
        note = credit_notes.issue(first.order_id, [first.order.lines.get().pk], reason="x", actor=None)

    assert "2026-10" in client.get("/admin/accounting/").content.decode()
    assert client.post("/admin/accounting/2026-10/prepare/").headers["Location"] == "/admin/accounting/"
    paper = Paper.objects.get(kind=PaperKind.MONTH)
    assert (paper.state, paper.asked_by.is_superuser) == ("ready", True)
    assert "Download 2026-10" in client.get("/admin/accounting/").content.decode()
    archive = zipfile.ZipFile(io.BytesIO(body(client.get("/admin/accounting/2026-10.zip"))))

    names = {f"{issued.number}.{kind}" for issued in (first, note) for kind in ("pdf", "xml")}
    assert set(archive.namelist()) == names | {"journal-2026-10.csv"}
    assert archive.read(f"{first.number}.pdf").startswith(b"%PDF")
    rows = list(csv.DictReader(io.StringIO(archive.read("journal-2026-10.csv").decode("utf-8-sig"))))
    assert [(row["number"], row["rate"], row["gross"], row["for_invoice"]) for row in rows] == [
        (first.number, "0", "10.94", ""),
        (note.number, "0", "-7.99", first.number),
    ]
    assert rows[0]["customer"] == "'=cmd|' /C calc'!A0"
    assert {row["digest"] for row in rows} == {first.digest, note.digest}


def test_a_month_grows_until_it_is_made_anew(client, persuasion):
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    month = timezone.localdate().strftime("%Y-%m")

    def count() -> int:
        with patch.object(papers, "content_of", return_value=(b"%PDF", b"")):
            client.post(f"/admin/accounting/{month}/prepare/")
        return len(zipfile.ZipFile(io.BytesIO(body(client.get(f"/admin/accounting/{month}.zip")))).namelist())

    an_order({persuasion: 1})
    assert count() == 3
    an_order({persuasion: 1})
    assert count() == 5


def test_what_could_not_be_printed_is_named_in_the_zip(client, persuasion):
    order = an_order({persuasion: 1})
    month = timezone.localdate().strftime("%Y-%m")
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    with patch.object(papers, "content_of", side_effect=PDFUnavailable):
        client.post(f"/admin/accounting/{month}/prepare/")
    archive = zipfile.ZipFile(io.BytesIO(body(client.get(f"/admin/accounting/{month}.zip"))))
    assert order.invoice.number in archive.read("MISSING.txt").decode()
    assert f"{order.invoice.number}.xml" in archive.namelist()


@pytest.mark.parametrize("month", ["2026-13", "1999-01", "2026-1", "x", "..", "2031-01"])
def test_only_months_that_have_documents_are_made(client, persuasion, month):
    an_order({persuasion: 1})
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    assert client.post(f"/admin/accounting/{month}/prepare/").status_code == 404
    assert not Paper.objects.exists()


def test_months_are_for_those_with_the_permission_of_its_own(persuasion, shop):
    roles.apply()
    an_order({persuasion: 1})
    month = timezone.localdate().strftime("%Y-%m")
    may = {}
    for role in (None, roles.EDITOR, roles.MARKETER, roles.DISPATCH, roles.OFFICE, roles.OWNER):
        user = member(f"{role or 'nobody'}@example.org".replace(" ", ""))
        if role:
            user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        with patch.object(papers, "content_of", return_value=(b"%PDF", b"")):
            may[role] = [client.get("/admin/accounting/").status_code == 200]
            client.post(f"/admin/accounting/{month}/prepare/")
            may[role].append(Paper.objects.filter(kind=PaperKind.MONTH, asked_by=user).exists())
            may[role].append(client.get(f"/admin/accounting/{month}.zip").status_code == 200)
    refused = [False] * 3
    assert may.pop(roles.OFFICE) == may.pop(roles.OWNER) == [True] * 3
    assert set(map(tuple, may.values())) == {tuple(refused)}
    assert Permission.objects.filter(codename="export_invoice").exists()


def test_the_list_of_months_costs_the_same_for_one_and_for_many(client, persuasion, django_assert_max_num_queries):
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    persuasion.stock.on_hand = 20
    persuasion.stock.save()
    for month in range(1, 8):
        with time_machine.travel(f"2027-{month:02d}-05T10:00:00+00:00", tick=False):
            an_order({persuasion: 1})
    client.get("/admin/accounting/")
    with django_assert_max_num_queries(12):
        page = client.get("/admin/accounting/").content.decode()
    assert page.count("Make 2027-") == 7
    assert accounting.months() == [f"2027-{month:02d}" for month in range(7, 0, -1)]
