"""Issuing invoices, and making paper of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.contrib.staticfiles import finders
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from commerce.exceptions import PDFUnavailable
from commerce.models import Invoice, InvoiceCounter, Order, OrderLine, SellerSettings
from core.money import Money

if TYPE_CHECKING:
    from weasyprint.urls import URLFetcher

SERIES = "INV"
STATIC = "static:///"
"""Base address of the PDF's own files. Nothing else can be fetched."""


def issue(order: Order) -> Invoice:
    """Issue the order's invoice, in the caller's transaction: the number is given back if that fails.

    An order has one invoice; asked again, the same is returned.
    """
    with transaction.atomic():
        if existing := Invoice.objects.filter(order=order).first():
            return existing
        year = timezone.localdate().year
        InvoiceCounter.objects.get_or_create(series=SERIES, year=year)
        # The update locks the counter until commit: numbers are given out one after another, without gaps.
        InvoiceCounter.objects.filter(series=SERIES, year=year).update(last=F("last") + 1)
        sequence = InvoiceCounter.objects.get(series=SERIES, year=year).last
        number = f"{SERIES}-{year}-{sequence:06d}"
        issued_at = timezone.now()
        return Invoice.objects.create(
            order=order,
            number=number,
            series=SERIES,
            year=year,
            sequence=sequence,
            issued_at=issued_at,
            snapshot=_snapshot(order, number, issued_at),
        )


@dataclass(frozen=True)
class Document:
    """An invoice as it is printed, read back from its snapshot."""

    number: str
    order_number: str
    issued_on: dt.date
    due_on: dt.date
    seller: dict[str, str]
    customer: list[str]
    email: str
    customer_vat_id: str
    tax_note: str
    lines: list[dict[str, Any]]
    delivery_label: str
    delivery: Money
    taxes: list[dict[str, Any]]
    total: Money
    tax: Money
    gift_cards: Money
    """Gift cards that were sold: outside the scope of tax."""
    payments: list[dict[str, Any]]
    to_pay: Money


def document(invoice: Invoice) -> Document:
    """What the invoice says, with amounts and dates as such."""
    said = invoice.snapshot
    currency = said["currency"]

    def amounts(row: dict[str, Any]) -> dict[str, Any]:
        read = {
            key: Money(Decimal(value), currency) if key in {"unit", "net", "tax", "gross", "amount"} else value
            for key, value in row.items()
        }
        return {**read, "rate_text": f"{Decimal(row.get('rate', 0)).normalize():f}"}

    return Document(
        number=said["number"],
        order_number=said["order"],
        issued_on=dt.date.fromisoformat(said["issued_on"]),
        due_on=dt.date.fromisoformat(said["due_on"]),
        seller=said["seller"],
        customer=said["customer"],
        email=said["email"],
        customer_vat_id=said.get("customer_vat_id", ""),
        tax_note=said.get("tax_note", ""),
        lines=[amounts(line) for line in said["lines"]],
        delivery_label=said["delivery"]["label"],
        delivery=Money(Decimal(said["delivery"]["gross"]), currency),
        taxes=[amounts(row) for row in said["taxes"]],
        total=Money(Decimal(said["total"]), currency),
        tax=Money(Decimal(said["tax"]), currency),
        gift_cards=Money(Decimal(said.get("gift_cards", 0)), currency),
        payments=[amounts(row) for row in said.get("payments", ())],
        to_pay=Money(Decimal(said.get("to_pay", said["total"])), currency),
    )


def pdf(invoice: Invoice) -> bytes:
    """The invoice as a tagged PDF (PDF/UA-1).

    Raises:
        PDFUnavailable: the system libraries of WeasyPrint are missing.
    """
    fetcher = _fetcher()
    from weasyprint import HTML  # takes two seconds and 60 MB, which a shop without invoices need not spend

    html = render_to_string("commerce/invoice_pdf.html", {"document": document(invoice)})
    return bytes(HTML(string=html, base_url=STATIC, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1"))


@cache
def _fetcher() -> URLFetcher:
    """Gives WeasyPrint the project's own style sheets, fonts and drawings, and nothing from the network or the disk."""
    try:
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except OSError as error:  # Pango or HarfBuzz is not installed
        raise PDFUnavailable from error

    types = {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2"}

    class StaticFetcher(URLFetcher):
        """Fetches `static:///…` by the static files finders; refuses every other address."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            name = url.removeprefix(STATIC)
            kind = types.get(PurePosixPath(name).suffix)
            found = finders.find(name) if name != url and kind else None
            if found is None:
                raise ValueError(f"Not one of the project's own files: {url}")
            with open(found, "rb") as file:
                return URLFetcherResponse(url, body=file.read(), headers={"Content-Type": kind})

    return StaticFetcher(allowed_protocols=(), allow_redirects=False)


def _snapshot(order: Order, number: str, issued_at: dt.datetime) -> dict[str, Any]:
    seller = SellerSettings.load()
    issued_on = timezone.localdate(issued_at)
    zero = Money.zero(order.currency)
    return {
        "number": number,
        "order": order.number,
        "issued_on": issued_on.isoformat(),
        "due_on": (issued_on + dt.timedelta(days=seller.payment_days)).isoformat(),
        "currency": order.currency,
        "seller": {
            name: getattr(seller, name)
            for name in (
                "name", "address", "email", "company_number", "vat_number", "bank_account_name", "bank_name",
                "sort_code", "account_number", "iban", "bic",
            )
        },
        "customer": order.address_lines,
        "email": order.email,
        "customer_vat_id": order.vat_id,
        "tax_note": str(order.get_tax_free_reason_display()),
        "lines": _grouped(order.lines.all()),
        "delivery": {"label": order.delivery_name, "gross": str(order.delivery.amount)},
        "taxes": [
            {
                "rate": f"{row.rate:f}",
                **{name: str(Money(getattr(row, name), order.currency).amount) for name in ("net", "tax", "gross")},
            }
            for row in order.taxes.all()
        ],
        "tax": str(order.tax.amount),
        "total": str(order.total.amount),
        "gift_cards": str(sum((line.price for line in order.lines.filter(is_gift_card=True)), zero).amount),
        "payments": [{"label": paid["label"], "amount": str(paid["amount"].amount)} for paid in order.card_payments],
        "to_pay": str(order.to_pay.amount),
    }  # fmt: skip


def _grouped(lines: Iterable[OrderLine]) -> list[dict[str, Any]]:
    """Order lines are copies; an invoice says "3 ×"."""
    copies: Counter[tuple[Any, ...]] = Counter()
    for line in lines:
        copies[
            line.title, line.contributors, line.format_label, line.isbn, line.sku, line.unit_gross, line.unit_net,
            line.unit_tax, line.tax_rate, line.is_gift_card, line.order.currency,
        ] += 1  # fmt: skip
    grouped = []
    for (title, contributors, label, isbn, sku, gross, net, tax, rate, is_card, currency), quantity in copies.items():
        grouped.append(
            {
                "title": title,
                "contributors": contributors,
                "format": label,
                "isbn": isbn,
                "sku": sku,
                "quantity": quantity,
                "unit": str(Money(gross, currency).amount),
                "rate": f"{rate:f}",
                "is_gift_card": is_card,
                "net": str((Money(net, currency) * quantity).amount),
                "tax": str((Money(tax, currency) * quantity).amount),
                "gross": str((Money(gross, currency) * quantity).amount),
            }
        )
    return grouped
