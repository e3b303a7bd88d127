"""Invoices and credit notes as answers: for their customer and for staff alike. Who may see them, the view decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import override

from commerce import documents
from commerce.models import CreditNote, Invoice, Order
from commerce.models.invoice import PaperKind, PaperState
from commerce.services import papers


def issued_for(order: Order, number: str = "") -> Invoice | CreditNote:
    """The invoice of an order, or its credit note with that number.

    Raises:
        Http404: there is none.
    """
    if number:
        return get_object_or_404(
            CreditNote.objects.select_related("invoice__order"), invoice__order=order, number=number
        )
    return get_object_or_404(Invoice.objects.select_related("order"), order=order)


def document_page(
    request: HttpRequest, issued: Invoice | CreditNote, pdf_url: str, note_url: Callable[[CreditNote], str]
) -> HttpResponse:
    """The page with a document, in the language of its order, and the ways to its PDF and its credit notes."""
    document = documents.read(issued)
    notes = issued.credit_notes.order_by("sequence") if isinstance(issued, Invoice) else ()
    context: dict[str, Any] = {
        "document": document,
        "pdf_url": pdf_url,
        "credit_notes": [{"number": note.number, "url": note_url(note)} for note in notes],
    }
    with override(document.language):
        return render(request, "commerce/invoice.html", context)


def document_file(request: HttpRequest, issued: Invoice | CreditNote, page_url: str) -> HttpResponseBase:
    """The PDF of a document. It is not made here: where it is not there yet, the page that says so asks again."""
    kind = PaperKind.INVOICE if isinstance(issued, Invoice) else PaperKind.CREDIT_NOTE
    paper = papers.ask(kind, str(issued.pk))
    if file := papers.opened(paper):
        return FileResponse(file, as_attachment=True, filename=f"{issued.number}.pdf", content_type="application/pdf")
    if paper.state == PaperState.FAILED:
        context = {"invoice_url": page_url, "reason": paper.failure}
        return render(request, "commerce/pdf_unavailable.html", context, status=503)
    answer = render(request, "commerce/invoice_waiting.html", {"page_url": page_url}, status=202)
    answer["Refresh"] = "3"  # a header, so that it works without JavaScript
    return answer
