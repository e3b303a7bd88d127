"""A document for machines: Cross Industry Invoice (CII) as EN 16931, the data inside of Factur-X and ZUGFeRD.

Amounts are those of the snapshot, to the cent. The library `factur-x` writes the XML and checks it against the
schema; what it calls BT-1 or BG-4 are the terms of EN 16931.
"""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from commerce.documents import Document
from commerce.models.order import PaymentMethod
from core.money import Money

PROFILE = "en16931"
INVOICE, CREDIT_NOTE = "380", "381"
EXEMPTIONS = {"G": "VATEX-EU-G", "K": "VATEX-EU-IC", "AE": "VATEX-EU-AE"}
"""Why a category bears no tax, by the code list of the CEN."""

CREDIT_TRANSFER, CASH, CARD, NOT_SAID = "30", "10", "48", "1"
MEANS = {PaymentMethod.CASH: CASH, PaymentMethod.STRIPE: CARD}


def xml_of(document: Document) -> bytes:
    """The XML of a document."""
    from facturx import generate_cii_xml  # brings pypdf, lxml and requests along, which a page view does not need

    terms = {
        "BT-1": document.number,
        "BT-2": document.issued_on,
        "BT-3": CREDIT_NOTE if document.is_credit_note else INVOICE,
        "BT-5": document.currency,
        "BT-14": document.order_number,
        "BG-1": [{"BT-22": note} for note in _notes(document)],
        "BG-4": _seller(document),
        "BG-7": _buyer(document),
        **_delivery(document),
        "BG-21": [_charge(document, row) for row in document.delivery_shares],
        "BG-23": [_tax(document, row) for row in document.taxes],
        "BG-25": [_line(number, line) for number, line in enumerate(document.lines, 1)],
        **_payment(document),
        **_sums(document),
    }
    if document.is_credit_note:
        terms["BG-3"] = [{"BT-25": document.invoice_number, "BT-26": document.invoice_issued_on}]
    return generate_cii_xml(terms, level=PROFILE, check_schematron=None)


def _notes(document: Document) -> list[str]:
    said = (
        document.reason,
        document.tax_note,
        document.seller.get("small_business_note", ""),
        document.seller.get("special_mentions", ""),
        *(f"{row['label']}: {row['amount']}" for row in document.discounts if row["amount"]),
    )
    return [text for text in map(_clean, said) if text]


def _seller(document: Document) -> dict[str, Any]:
    seller = document.seller
    legal = ", ".join(
        filter(None, (seller.get("legal_form"), seller.get("capital"), seller.get("register"), seller.get("directors")))
    )
    lines = [line for line in seller["address"].splitlines() if line.strip()]
    return {
        "name": _clean(seller["name"]),
        "legal_identifier": seller.get("company_number", ""),
        "legal_info": _clean(legal),
        "vat_identifier": _bare(seller.get("vat_number", "")),
        "tax_identifier": seller.get("tax_number", ""),
        "contacts": [{"name": _clean(seller["name"]), "email": seller["email"]}] if seller.get("email") else [],
        **_address(lines, seller["country"]),
    }


def _buyer(document: Document) -> dict[str, Any]:
    return _party(document.buyer) | {"vat_identifier": _bare(document.buyer["vat_id"])}


def _party(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": _clean(said["full_name"]),
        **_address([said.get("line_1", ""), said.get("line_2", "")], said["country"]),
        "city": _clean(said.get("town", "")),
        "postcode": _clean(said.get("postcode", "")),
    }


def _address(lines: list[str], country: str) -> dict[str, str]:
    """Lines of an address; there are three places for them, so the last takes the rest."""
    kept = [_clean(line) for line in lines if line]
    places = [*kept[:2], ", ".join(kept[2:])]
    return {f"addr_l{number}": text for number, text in enumerate(places, 1)} | {"country_code": country}


def _delivery(document: Document) -> dict[str, Any]:
    """Where it went and when; to another country of the Union the law wants both named."""
    crosses_border = any(row["category"] == "K" for row in document.taxes)
    terms: dict[str, Any] = {"BG-13": _party(document.delivered_to or document.buyer)}
    if document.supplied_on and (document.is_supplied or crosses_border):
        terms["BT-72"] = document.supplied_on
    elif crosses_border:
        terms["BT-72"] = document.issued_on
    return terms


def _line(number: int, line: dict[str, Any]) -> dict[str, Any]:
    """A line, without tax as EN 16931 counts."""
    terms: dict[str, Any] = {
        "BT-126": str(number),
        "BT-129": str(line["quantity"]),
        "BT-130": "C62",
        "BT-131": _text(line["net"]),
        "BT-146": _text(line["unit_net"]),
        "BT-151": line["category"],
        "BT-152": line["rate_text"],
        "BT-153": _clean(line["title"]) or line["sku"],
        "BT-154": _clean(", ".join(filter(None, (line["contributors"], line["format"])))),
        "BT-155": line["sku"],
    }
    if line["isbn"]:
        terms |= {"BT-157": line["isbn"], "BT-157-1": "0160"}  # an ISBN of 13 digits is a GTIN
    return terms


def _charge(document: Document, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "amount": _text(row["net"]),
        "reason": _clean(document.delivery_label) or _("Delivery"),
        "reason_code": "DL",
        "vat_category_code": row["category"],
        "vat_rate": row["rate_text"],
    }


def _tax(document: Document, row: dict[str, Any]) -> dict[str, Any]:
    terms = {
        "BT-116": _text(row["net"]),
        "BT-117": _text(row["tax"]),
        "BT-118": row["category"],
        "BT-119": row["rate_text"],
    }
    if row["category"] == "E":
        terms["BT-120"] = _clean(document.seller["small_business_note"] or document.tax_note)
    elif row["category"] in EXEMPTIONS:
        terms |= {"BT-120": document.tax_note, "BT-121": EXEMPTIONS[row["category"]]}
    return terms


def _payment(document: Document) -> dict[str, Any]:
    seller = document.seller
    if document.is_credit_note or not document.due:
        return {"BT-81": MEANS.get(PaymentMethod(document.payment_method), NOT_SAID) if document.paid else NOT_SAID}
    account = _bare(seller.get("iban", "")) or _bare(seller.get("account_number", ""))
    transfer = {
        "BT-81": CREDIT_TRANSFER,
        "BT-84": account,
        "BT-85": _clean(seller.get("bank_account_name", "")),
        "BT-86": _bare(seller.get("bic", "")),
    }
    return {
        **(transfer if account else {"BT-81": NOT_SAID}),
        "BT-83": document.number,
        "BT-9": document.due_on,
        "BT-20": _clean(seller.get("late_payment_terms", "")),
    }


def _sums(document: Document) -> dict[str, str]:
    nothing = Money.zero(document.currency)
    lines = sum((line["net"] for line in document.lines), nothing)
    charges = sum((row["net"] for row in document.delivery_shares), nothing)
    paid = sum((row["amount"] for row in document.paid), nothing)
    sums = {
        "BT-106": _text(lines),
        "BT-109": _text(document.net),
        "BT-110": _text(document.tax),
        "BT-112": _text(document.total),
        "BT-115": _text(document.total - paid),
    }
    if document.tax_at_home is not None:
        sums |= {"BT-6": document.tax_at_home.currency, "BT-111": _text(document.tax_at_home)}
    if charges:
        sums["BT-108"] = _text(charges)
    if paid:
        sums["BT-113"] = _text(paid)
    return sums


def _text(amount: Money) -> str:
    return f"{amount.amount:f}"


def _bare(text: str) -> str:
    """A number as machines read it: without blanks and points."""
    return re.sub(r"[^A-Za-z0-9]", "", text).upper()


def _clean(text: str) -> str:
    """Text that XML can hold: no control characters, no blanks around."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text).strip()
