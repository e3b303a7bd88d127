"""Invoices: numbered without gaps, never changed, complete by law, and readable for ever."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from catalog.tests.factories import book
from commerce import documents, invoice_law
from commerce.bookkeeping import Drift
from commerce.bookkeeping import documents as audit
from commerce.models import Invoice, InvoiceCounter, Order, SellerSettings
from commerce.models.invoice import digest_of
from commerce.models.order import PaymentMethod, PaymentStatus
from commerce.services import checkout, credit_notes, invoicing, numbering, orders, payments
from commerce.tests.factories import UserFactory, an_order, filled_basket, place
from core.money import Money

pytestmark = pytest.mark.django_db


def pounds(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def set_seller(**fields) -> None:
    seller = SellerSettings.load()
    for name, value in fields.items():
        setattr(seller, name, value)
    seller.save()


def paid_online(editions, method=PaymentMethod.STRIPE, **kwargs) -> Order:
    """An order that waits for the provider, as checkout leaves it."""
    write = checkout._write

    def write_online(*args, **how):
        order = write(*args, **how)
        order.payment_method = method
        order.save()
        return order

    with patch.object(checkout, "_write", write_online):
        return an_order(editions, **kwargs)


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
    set_seller(name="Somebody Else Ltd")
    persuasion.product.title = "Changed"
    persuasion.product.save()

    page = client.get(f"/orders/{order.token}/invoice/").content.decode()

    assert "Somebody Else" not in page
    assert "Changed" not in page
    assert "Persuasion" in page


def test_an_unpaid_online_order_uses_no_number_and_its_pages_say_so(client, persuasion):
    order = paid_online({persuasion: 1})

    page = client.get(order.get_absolute_url()).content.decode()
    assert not Invoice.objects.exists()
    assert not InvoiceCounter.objects.exists()
    assert "The invoice follows with the payment." in page
    assert "View invoice" not in page
    assert client.get(f"/orders/{order.token}/invoice/").status_code == 404
    assert client.get(f"/orders/{order.token}/invoice.pdf").status_code == 404


@pytest.mark.parametrize("method", [PaymentMethod.INVOICE, PaymentMethod.CASH, PaymentMethod.GIFT_CARD])
def test_other_orders_are_invoiced_when_they_are_placed(persuasion, method):
    assert paid_online({persuasion: 1}, method).invoice.number


def test_what_costs_nothing_is_invoiced_when_it_is_placed_however_it_would_be_paid(books_page):
    leaflet = book("Leaflet", format="ebook", price="0.00").editions.get()
    order = paid_online({leaflet: 1})
    assert order.total_amount == 0
    assert order.invoice.snapshot["due"] == "0.00"


def test_an_invoice_that_follows_the_money_says_by_what_it_was_paid(client, persuasion):
    order = paid_online({persuasion: 2})
    payments.capture(order.pk, PaymentMethod.GIFT_CARD, pounds("5.00"))
    payments.capture(order.pk, PaymentMethod.STRIPE, pounds("13.93"))

    invoice = invoicing.issue(order)

    said = documents.read(invoice)
    assert [(row["label"], row["amount"]) for row in said.paid] == [
        ("Gift card", pounds("5.00")), ("Card", pounds("13.93")),
    ]  # fmt: skip
    assert (said.total, said.due) == (pounds("18.93"), pounds("0.00"))
    page = client.get(f"/orders/{order.token}/invoice/").content.decode()
    assert "Paid by Gift card" in page
    assert "This invoice is paid." in page
    assert "Please transfer" not in page


def test_a_gift_card_leaves_the_rest_to_be_transferred(client, persuasion):
    order = paid_online({persuasion: 2})
    payments.capture(order.pk, PaymentMethod.GIFT_CARD, pounds("5.00"))
    invoicing.issue(order)

    page = client.get(f"/orders/{order.token}/invoice/").content.decode()
    assert "Please transfer £13.93" in page
    assert Order.objects.get(pk=order.pk).payment_status == PaymentStatus.PARTLY_PAID


def test_the_rows_of_an_invoice_add_up(books_page):
    paper = book("Persuasion", price="7.99").editions.get()
    audio = book("Emma", format="audiobook", price="9.99").editions.get()

    said = documents.read(an_order({paper: 2, audio: 1}).invoice)

    assert [(row["category"], row["rate_text"], str(row["gross"]), str(row["tax"])) for row in said.taxes] == [
        ("Z", "0", "£18.93", "£0.00"),
        ("S", "20", "£9.99", "£1.67"),
    ]
    assert [(line["quantity"], str(line["unit_net"]), str(line["gross"])) for line in said.lines] == [
        (2, "£7.99", "£15.98"),
        (1, "£8.32", "£9.99"),
    ]
    assert [(row["rate_text"], str(row["gross"])) for row in said.delivery_shares] == [("0", "£2.95")]
    assert (str(said.net), str(said.tax), str(said.total)) == ("£27.25", "£1.67", "£28.92")


def test_an_invoice_of_the_first_format_is_still_read(client, persuasion):
    order = paid_online({persuasion: 2})
    old = {
        "number": "INV-2025-000001", "order": order.number, "issued_on": "2025-11-02", "due_on": "2025-11-16",
        "currency": "GBP", "seller": {"name": "Old Shop", "address": "1 Old Road", "vat_number": "GB123456789"},
        "customer": ["Ada Lovelace", "London"], "email": "ada@example.org", "tax": "1.00", "total": "15.00",
        "lines": [{"title": "Emma", "contributors": "", "format": "Audiobook", "isbn": "", "sku": "E", "quantity": 2,
                   "unit": "3.00", "rate": "20.00", "net": "5.00", "tax": "1.00", "gross": "6.00"}],
        "delivery": {"label": "Post", "gross": "9.00"},
        "taxes": [{"rate": "0.00", "net": "9.00", "tax": "0.00", "gross": "9.00"},
                  {"rate": "20.00", "net": "5.00", "tax": "1.00", "gross": "6.00"}],
    }  # fmt: skip
    invoice = Invoice.objects.create(
        order=order, number="INV-2025-000001", series="INV", year=2025, sequence=1,
        issued_at=timezone.now(), snapshot=old,
    )  # fmt: skip

    said = documents.read(invoice)

    assert (said.net, said.total, said.due) == (pounds("14.00"), pounds("15.00"), pounds("15.00"))
    assert [(row["rate_text"], row["gross"]) for row in said.delivery_shares] == [("0", pounds("9.00"))]
    page = client.get(f"/orders/{order.token}/invoice/").content.decode()
    assert "Old Shop" in page
    assert "2 Nov 2025" in page
    assert "Please transfer £15.00" in page


def test_an_invoice_is_in_the_language_of_its_order(client, persuasion, settings):
    settings.LANGUAGES = [("en-gb", "English"), ("fr", "Français")]
    with time_machine.travel("2026-11-02T10:00:00+00:00", tick=False):
        order = paid_online({persuasion: 1})
        order.language = "fr"
        order.save()
        invoicing.issue(order)

        page = client.get(f"/orders/{order.token}/invoice/").content.decode()

    assert '<article class="invoice" lang="fr">' in page
    assert "2 novembre 2026" in page
    assert "10,94\xa0£GB" in page or "10,94\xa0£" in page


def test_an_order_remembers_the_language_in_which_it_was_placed(persuasion, settings):
    from django.utils.translation import override

    basket = filled_basket({persuasion: 1})
    with override("fr"):
        order = place(basket)
    assert Order.objects.get(pk=order.pk).language == "fr"


def test_an_invoice_says_when_goods_are_supplied(persuasion):
    with time_machine.travel("2026-11-02T10:00:00+00:00", tick=False):
        waiting = documents.read(an_order({persuasion: 1}).invoice)
    assert (waiting.is_supplied, waiting.supplied_on) == (False, dt.date(2026, 11, 6))

    order = an_order({persuasion: 1})
    orders.mark_lines_sent(order.pk, [line.pk for line in order.lines.all()], UserFactory(is_staff=True))
    sent = documents.read(credit_notes.issue_amount(order.pk, Money(Decimal(1), "GBP"), reason="torn", actor=None))
    assert (sent.is_supplied, sent.supplied_on) == (True, timezone.localdate())


FACTS = {
    "name": "Livres SARL", "legal_form": "SARL", "capital": "10 000 €", "address": "1 rue des Livres\n75001 Paris",
    "register": "RCS Paris", "company_number": "732 829 320", "vat_number": "FR44732829320", "tax_number": "12/345/678",
    "directors": "Ada Byron", "late_payment_terms": "Indemnité forfaitaire de 40 €", "bank_account_name": "Livres SARL",
    "iban": "FR7630006000011234567890189", "special_mentions": "Membre d'une association agréée",
}  # fmt: skip


@pytest.mark.parametrize(
    ("country", "fields"),
    [
        ("GB", {"name", "registered address", "register", "company number", "VAT number", "account name", "IBAN"}),
        ("FR", {"name", "legal form", "share capital", "registered address", "register", "company number",
                "VAT number", "late payment", "account name", "IBAN"}),
        ("DE", {"name", "legal form", "registered address", "register", "company number", "directors", "VAT number",
                "account name", "IBAN"}),
        ("CH", {"name", "registered address", "VAT number", "account name", "IBAN"}),
    ],
)  # fmt: skip
def test_what_the_law_of_the_country_wants_is_named_while_it_is_missing(country, fields):
    assert set(invoice_law.missing(SellerSettings.load(), country)) == fields
    set_seller(**FACTS)
    assert invoice_law.missing(SellerSettings.load(), country) == []


def test_a_shop_that_charges_no_vat_needs_no_number_but_the_reason(persuasion):
    set_seller(**FACTS | {"vat_number": "", "tax_number": "", "small_business_note": "TVA non applicable"})
    assert invoice_law.missing(SellerSettings.load(), "FR") == []
    said = documents.read(an_order({persuasion: 1}).invoice)
    assert {row["category"] for row in said.taxes} == {"E"}


def test_every_fact_of_the_seller_is_printed(client, persuasion, settings):
    settings.SHOP_COUNTRY = "FR"
    set_seller(**FACTS)
    order = an_order({persuasion: 1})
    page = client.get(f"/orders/{order.token}/invoice/").content.decode()
    for fact in FACTS.values():
        assert str(fact).split("\n")[0].replace("'", "&#x27;") in page
    assert "Supply of" in page


def test_staff_read_on_the_first_page_of_the_admin_what_invoices_lack(client):
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    assert "Invoices are not complete yet." in client.get("/admin/").content.decode()
    set_seller(**FACTS)
    assert "Invoices are not complete yet." not in client.get("/admin/").content.decode()


def test_a_clock_that_was_set_back_does_not_undo_the_order_of_numbers(persuasion):
    with time_machine.travel("2026-06-01T12:00:00+00:00", tick=False):
        first = an_order({persuasion: 1}).invoice
    with time_machine.travel("2026-06-01T11:00:00+00:00", tick=False):
        second = an_order({persuasion: 1}).invoice
    assert (second.sequence, second.issued_at) == (2, first.issued_at)


def test_who_waited_past_midnight_for_the_counter_gets_a_number_of_the_new_year(db):
    eve, new_year = (
        dt.datetime.fromisoformat(at) for at in ("2026-12-31T23:59:59.9+00:00", "2027-01-01T00:00:01+00:00")
    )
    with patch.object(numbering.timezone, "now", side_effect=[eve, new_year, new_year]):
        number = numbering.take("INV")
    assert (str(number), number.at) == ("INV-2027-000001", new_year)


def test_the_audit_finds_nothing_where_nothing_is_wrong(persuasion):
    an_order({persuasion: 1})
    an_order({persuasion: 1})
    assert [list(check()) for check in audit.CHECKS] == [[], [], []]


def test_the_audit_finds_a_gap_a_changed_text_and_a_counter_that_went_on(persuasion):
    for _order in range(3):
        an_order({persuasion: 1})
    number = Invoice.objects.get(sequence=3).number
    with connection.cursor() as cursor:
        cursor.execute("UPDATE commerce_invoice SET sequence = 7 WHERE sequence = 3")
    snapshot = Invoice.objects.get(sequence=2).snapshot | {"total": "0.01"}
    models_update = super(type(Invoice.objects.all()), Invoice.objects.filter(sequence=2)).update
    models_update(snapshot=snapshot)
    InvoiceCounter.objects.create(series="CN", year=2020, last=1)

    assert list(audit.numbers()) == [
        Drift(f"expected number 3 of INV-{number[4:8]}: a gap", number),
        Drift("the counter is not at the last number", f"INV-{number[4:8]}"),
        Drift("the counter is at 1, and there is no document", "CN-2020"),
    ]
    assert [found.where for found in audit.digests()] == [Invoice.objects.get(sequence=2).number]
    assert digest_of(snapshot) != Invoice.objects.get(sequence=2).digest
