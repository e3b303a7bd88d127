"""Invoices and credit notes as they are printed: read back from their snapshots, whatever version wrote them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import gettext as _
from django.utils.translation import to_locale

from commerce.models import CreditNote, Invoice, Order
from core.money import Money

NAMES_SUPPLY = frozenset({"FR"})
"""Where the law wants to read whether goods or services are supplied (CGI, annexe II, art. 242 nonies A)."""

AMOUNTS = frozenset({"before", "unit", "unit_net", "net", "tax", "gross", "amount"})


@dataclass(frozen=True)
class Document:
    """A document as it is printed. Amounts of a credit note are what the customer does not owe, so positive too."""

    kind: str
    number: str
    language: str
    order_number: str
    ordered_on: dt.date | None
    issued_on: dt.date
    issued_at: dt.datetime
    supplied_on: dt.date | None
    is_supplied: bool
    supply: str
    """Goods, services, or both, in words; empty where the law does not ask."""
    currency: str
    seller: dict[str, str]
    customer: list[str]
    """The address, line by line."""
    buyer: dict[str, str]
    """The same in its parts, with e-mail address and VAT number."""
    delivered_to: dict[str, Any]
    """Where the goods go, as `lines` and in its parts, where the invoice is made out to another address; else empty."""
    tax_note: str
    lines: list[dict[str, Any]]
    delivery_label: str
    delivery: Money
    delivery_shares: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    net: Money
    tax: Money
    total: Money
    discounts: list[dict[str, Any]] = field(default_factory=list)
    payment_method: str = ""
    paid: list[dict[str, Any]] = field(default_factory=list)
    due: Money | None = None
    """What was to be paid when the invoice was issued; None for a credit note."""
    due_on: dt.date | None = None
    tax_at_home: Money | None = None
    """The tax in the shop's currency, where the document is in another one."""
    exchange: str = ""
    """The rate that says so, as it is printed."""
    invoice_number: str = ""
    """Of the invoice that a credit note is for."""
    invoice_issued_on: dt.date | None = None
    reason: str = ""

    @property
    def is_credit_note(self) -> bool:
        """True for a credit note."""
        return self.kind == "credit-note"

    @property
    def title(self) -> str:
        """What stands above it."""
        name = _("Credit note") if self.is_credit_note else _("Invoice")
        return f"{name} {self.number}"

    @property
    def is_export(self) -> bool:
        """True where something is free of VAT because it leaves the country."""
        return any(row["category"] == "G" for row in self.taxes)


def read(issued: Invoice | CreditNote) -> Document:
    """What a document says, with amounts and dates as such."""
    said = issued.snapshot
    return _READERS[said.get("version", 1)](said, issued)


def _read_2(said: dict[str, Any], issued: Invoice | CreditNote) -> Document:
    currency = said["currency"]
    customer = said["customer"]
    return Document(
        kind=said["kind"],
        number=said["number"],
        language=said["language"],
        order_number=said["order"],
        ordered_on=_date(said["ordered_on"]),
        issued_on=dt.date.fromisoformat(said["issued_on"]),
        issued_at=dt.datetime.fromisoformat(said["issued_at"]),
        supplied_on=_date(said["supplied_on"]),
        is_supplied=said["is_supplied"],
        supply=_supply(said["has_goods"], said["has_services"]) if said["seller"]["country"] in NAMES_SUPPLY else "",
        currency=currency,
        seller=said["seller"],
        customer=customer["lines"],
        buyer={name: value for name, value in customer.items() if name != "lines"},
        delivered_to=said.get("delivered_to", {}),
        tax_note=said["tax_note"],
        lines=_rows(said["lines"], currency),
        delivery_label=said["delivery"]["label"],
        delivery=Money(Decimal(said["delivery"]["gross"]), currency),
        delivery_shares=_rows(said["delivery"]["shares"], currency),
        taxes=_rows(said["taxes"], currency),
        net=Money(Decimal(said["net"]), currency),
        tax=Money(Decimal(said["tax"]), currency),
        total=Money(Decimal(said["total"]), currency),
        discounts=_rows(said.get("discounts", ()), currency),
        payment_method=said.get("payment_method", ""),
        paid=_rows(said.get("paid", ()), currency),
        due=Money(Decimal(said["due"]), currency) if "due" in said else None,
        due_on=_date(said.get("due_on", "")),
        **_at_home(said),
        invoice_number=said.get("invoice", ""),
        invoice_issued_on=_date(said.get("invoice_issued_on", "")),
        reason=said.get("reason", ""),
    )


def _read_1(said: dict[str, Any], issued: Invoice | CreditNote) -> Document:
    """Invoices of the first months: they had no net prices, no parts of the address and no payments."""
    currency = said["currency"]
    order = Order.objects.get(number=said["order"])
    lines = _rows(said["lines"], currency)
    for line in lines:
        line["category"] = "S" if Decimal(line["rate"]) else "Z"
        line["unit_net"] = Money(line["net"].amount / line["quantity"], currency)
        line["is_digital"] = False
    taxes = _rows(said["taxes"], currency)
    shares = []
    for row in taxes:
        row["category"] = "S" if Decimal(row["rate"]) else "Z"
        gross, tax = row["gross"], row["tax"]
        for line in lines:
            if Decimal(line["rate"]) == Decimal(row["rate"]):
                gross, tax = gross - line["gross"], tax - line["tax"]
        if gross:
            shares.append({**row, "gross": gross, "tax": tax, "net": gross - tax})
    tax, total = Money(Decimal(said["tax"]), currency), Money(Decimal(said["total"]), currency)
    return Document(
        kind="invoice",
        number=said["number"],
        language=order.language,
        order_number=said["order"],
        ordered_on=None,
        issued_on=dt.date.fromisoformat(said["issued_on"]),
        issued_at=issued.issued_at,
        supplied_on=None,
        is_supplied=False,
        supply="",
        currency=currency,
        seller=said["seller"] | {"country": "GB"},
        customer=said["customer"],
        buyer={
            "full_name": said["customer"][0],
            "country": str(order.country),
            "email": said["email"],
            "vat_id": said.get("customer_vat_id", ""),
        },
        delivered_to={},
        tax_note=said.get("tax_note", ""),
        lines=lines,
        delivery_label=said["delivery"]["label"],
        delivery=Money(Decimal(said["delivery"]["gross"]), currency),
        delivery_shares=shares,
        taxes=taxes,
        net=total - tax,
        tax=tax,
        total=total,
        due=total,
        due_on=dt.date.fromisoformat(said["due_on"]),
    )


def _at_home(said: dict[str, Any]) -> dict[str, Any]:
    """What is said of the tax in the shop's currency."""
    if "tax_at_home" not in said:
        return {}
    ours = said["tax_at_home"]
    rate = format_decimal(Decimal(ours["rate"]), "#,##0.######", locale=to_locale(said["language"]))
    text = f"1 {said['currency']} = {rate} {ours['currency']}"
    return {
        "tax_at_home": Money(Decimal(ours["tax"]), ours["currency"]),
        "exchange": f"{text} ({ours['source']})" if ours["source"] else text,
    }


_READERS = {1: _read_1, 2: _read_2}


def _rows(rows: Any, currency: str) -> list[dict[str, Any]]:
    return [
        {name: Money(Decimal(value), currency) if name in AMOUNTS and value else value for name, value in row.items()}
        | ({"rate_text": f"{Decimal(row['rate']).normalize():f}"} if "rate" in row else {})
        for row in rows
    ]


def _date(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _supply(has_goods: bool, has_services: bool) -> str:
    if has_goods and has_services:
        return _("Goods and services")
    return _("Services") if has_services else _("Goods")
