"""Files made of issued documents: PDFs, and a month of them for accounting. Made by tasks, kept in the private storage.

The private storage has no public address: views stream a file to those whom they have let in. A file that is gone is
made again, and a PDF is then the same, byte by byte.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from accounts.models import User
from commerce import accounting, documents, einvoice, pdf
from commerce.exceptions import PDFUnavailable
from commerce.models import CreditNote, Invoice, Paper
from commerce.models.invoice import PaperKind, PaperState
from core.tasks import BEFORE_UPKEEP, enqueue

logger = logging.getLogger(__name__)

PATIENCE = dt.timedelta(minutes=2)
"""After so long a file that is still not there is asked for once more: its task was lost, or waits behind others."""
RETRY = dt.timedelta(minutes=10)
"""After so long one that could not be made is tried again."""


def ask(kind: PaperKind, subject: str, *, asked_by: User | None = None, again: bool = False) -> Paper:
    """The file of a document or a month; where it is not there, a task makes it. `again`: also where it is there."""
    now = timezone.now()
    with transaction.atomic():
        paper, is_new = Paper.objects.select_for_update().get_or_create(
            kind=kind, subject=subject, defaults={"asked_at": now, "asked_by": asked_by}
        )
        if is_new or again or _is_due(paper, now):
            paper.state, paper.failure = PaperState.WAITING, ""
            paper.asked_at, paper.asked_by = now, asked_by
            paper.save(update_fields=["state", "failure", "asked_at", "asked_by"])
            queue = "slow" if kind == PaperKind.MONTH else "default"
            enqueue(make_paper.using(queue_name=queue), paper_id=paper.pk)
    paper.refresh_from_db()
    return paper


def opened(paper: Paper) -> File | None:
    """The file, to be read; None where it is not there."""
    if paper.state != PaperState.READY or not storage().exists(paper.name):
        return None
    return storage().open(paper.name)


def storage() -> Storage:
    """Where files lie that have no public address."""
    return storages["private"]


@task(queue_name="default", priority=BEFORE_UPKEEP - 1)
def make_paper(paper_id: int) -> None:
    """Make a file. Run twice, the second finds it there."""
    paper = Paper.objects.get(pk=paper_id)
    if paper.state == PaperState.READY and storage().exists(paper.name):
        return
    paper.state, paper.failure = PaperState.FAILED, str(PDFUnavailable.public)
    try:
        paper.name = _MAKERS[PaperKind(paper.kind)](paper)
        paper.state, paper.failure = PaperState.READY, ""
    except PDFUnavailable:
        logger.warning("No file of %s %s within the limits", paper.kind, paper.subject)
    finally:
        paper.made_at = timezone.now()
        paper.save(update_fields=["name", "state", "failure", "made_at"])


def content_of(issued: Invoice | CreditNote) -> tuple[bytes, bytes]:
    """A document as PDF and as XML. Takes seconds: for tasks.

    Raises:
        PDFUnavailable: it could not be made within the limits.
    """
    document = documents.read(issued)
    xml = einvoice.xml_of(document)
    return pdf.render(document, xml, issued.digest), xml


def _is_due(paper: Paper, now: dt.datetime) -> bool:
    if paper.state == PaperState.READY:
        return not storage().exists(paper.name)
    return now - paper.asked_at > (RETRY if paper.state == PaperState.FAILED else PATIENCE)


def _make_document(paper: Paper) -> str:
    return _document_file(_issued(paper))[0]


def _document_file(issued: Invoice | CreditNote) -> tuple[str, bytes]:
    """Where the PDF of a document lies, and the PDF; it is made where it does not lie there."""
    name = f"documents/{issued.digest[:2]}/{issued.digest}.pdf"
    if storage().exists(name):
        with storage().open(name) as file:
            return name, file.read()
    content, _xml = content_of(issued)
    return _keep(name, ContentFile(content)), content


def _issued(paper: Paper) -> Invoice | CreditNote:
    model = Invoice if paper.kind == PaperKind.INVOICE else CreditNote
    return model.objects.get(pk=paper.subject)


def _make_month(paper: Paper) -> str:
    """A zip of a month: every document as PDF and XML, and a journal. One PDF after another, never all in memory."""
    year, month = map(int, paper.subject.split("-"))

    def files() -> Iterator[tuple[str, bytes]]:
        for issued in accounting.of_month(year, month):
            yield f"{issued.number}.xml", einvoice.xml_of(documents.read(issued))
            try:
                yield f"{issued.number}.pdf", _document_file(issued)[1]
            except PDFUnavailable:
                missing.append(issued.number)

    missing: list[str] = []
    with accounting.archive(year, month, files(), missing) as archive:
        return _keep(f"months/{paper.subject}.zip", File(archive))


def _keep(name: str, content: File) -> str:
    """Keep a file under its name; one that lay there before gives way."""
    storage().delete(name)
    return storage().save(name, content)


_MAKERS: dict[PaperKind, Callable[[Paper], str]] = {
    PaperKind.INVOICE: _make_document,
    PaperKind.CREDIT_NOTE: _make_document,
    PaperKind.MONTH: _make_month,
}
