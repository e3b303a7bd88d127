"""An order's invoice as an answer: for its customer and for staff alike. Who may see it, the view decides."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from commerce.exceptions import PDFUnavailable
from commerce.models import Invoice, Order
from commerce.services import invoicing


def invoice_page(request: HttpRequest, order: Order, pdf_url: str) -> HttpResponse:
    """The page with an order's invoice, and the way to its PDF."""
    issued = get_object_or_404(Invoice, order=order)
    return render(request, "commerce/invoice.html", {"pdf_url": pdf_url, "document": invoicing.document(issued)})


def invoice_file(request: HttpRequest, order: Order, page_url: str) -> HttpResponse:
    """The PDF of an order's invoice; where this machine cannot make one, the way to the invoice as a page."""
    issued = get_object_or_404(Invoice, order=order)
    try:
        content = invoicing.pdf(issued)
    except PDFUnavailable as refusal:
        context = {"invoice_url": page_url, "reason": refusal.public}
        return render(request, "commerce/pdf_unavailable.html", context, status=503)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{issued.number}.pdf"'
    return response
