"""An invoice that goes elsewhere than the books: a present, or an employer who pays."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from lxml import etree, html

from accounts.models import Address
from catalog.tests.factories import book
from commerce import documents, einvoice, pricing
from commerce.models import CheckoutDraft, InvoiceAddress, Order
from commerce.services import checkout
from commerce.services.erasure import erase_from_orders
from commerce.tests.factories import ADDRESS, DETAILS, UserFactory, filled_basket, standard_delivery
from commerce.tests.test_einvoice import NAMES
from commerce.tests.test_story import add, buy, shown

pytestmark = pytest.mark.django_db

OFFICE = {
    "full_name": "Analytical Engines Ltd", "line_1": "1 Dorset Street", "line_2": "", "town": "London", "region": "",
    "postcode": "W1U 4EG", "country": "GB",
}  # fmt: skip
ELSEWHERE = {"invoice_elsewhere": "1", **{f"invoice-{name}": value for name, value in OFFICE.items()}}


def legends(answer) -> list[str]:
    return html.fromstring(answer.content.decode()).xpath("//fieldset/legend/text()")


def test_the_books_go_to_one_address_and_the_invoice_to_another(client, persuasion):
    add(client, persuasion)

    done = buy(client, {**DETAILS, **ELSEWHERE})

    order = Order.objects.get()
    assert (order.line_1, order.invoice_address.line_1) == ("12 St James's Square", "1 Dorset Street")
    assert "1 Dorset Street" in done.content.decode()
    document = documents.read(order.invoice)
    assert document.customer[0] == document.buyer["full_name"] == "Analytical Engines Ltd"
    assert document.delivered_to["lines"][:2] == ["Ada Lovelace", "12 St James's Square"]
    printed = client.get(f"/orders/{order.token}/invoice/").content.decode()
    assert printed.index("Analytical Engines Ltd") < printed.index("Delivered to") < printed.index("12 St James")
    assert (InvoiceAddress.objects.count(), CheckoutDraft.objects.count()) == (1, 0)


def test_the_file_for_machines_names_both(client, persuasion):
    add(client, persuasion)
    buy(client, {**DETAILS, **ELSEWHERE})

    xml = etree.fromstring(einvoice.xml_of(documents.read(Order.objects.get().invoice)))

    names = [xml.findtext(f".//ram:{who}TradeParty/ram:Name", namespaces=NAMES) for who in ("Buyer", "ShipTo")]
    assert names == ["Analytical Engines Ltd", "Ada Lovelace"]


def test_without_another_address_nothing_is_said_twice(client, persuasion):
    add(client, persuasion)
    buy(client)

    document = documents.read(Order.objects.get().invoice)

    assert (document.customer[0], document.delivered_to) == ("Ada Lovelace", {})
    assert not InvoiceAddress.objects.exists()


def test_it_is_asked_for_where_somebody_wants_it_and_what_was_typed_stays(client, persuasion):
    add(client, persuasion)
    assert legends(client.get("/checkout/")) == []

    opened = client.post("/checkout/", {**DETAILS, "show_invoice": "1"})
    assert (opened.status_code, legends(opened)) == (200, ["The invoice goes to"])
    assert "12 St James&#x27;s Square" in opened.content.decode()
    assert not CheckoutDraft.objects.exists(), "nothing is kept before it is sent off"
    closed = client.post("/checkout/", {**DETAILS, **ELSEWHERE, "invoice_here": "1"})
    assert (closed.status_code, legends(closed)) == (200, [])
    abroad = client.post("/checkout/", {**DETAILS, **ELSEWHERE, "invoice-country": "US", "other_country": "1"})
    assert "ZIP code" in abroad.content.decode()
    assert "1 Dorset Street" in abroad.content.decode()


def test_both_addresses_are_checked_at_once_as_their_countries_write_them(client, persuasion):
    add(client, persuasion)

    answer = client.post("/checkout/", {**DETAILS, "town": "", **ELSEWHERE, "invoice-postcode": "75001"})

    assert answer.status_code == 422
    assert "Please give the town or city." in answer.content.decode()
    assert "This postcode does not fit the country (United Kingdom)." in answer.content.decode()
    assert not CheckoutDraft.objects.exists()


def test_a_changed_mind_leaves_no_address_behind(client, persuasion):
    add(client, persuasion)
    client.post("/checkout/", {**DETAILS, **ELSEWHERE})
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    assert "1 Dorset Street" in client.get("/checkout/review/").content.decode()
    assert legends(client.get("/checkout/")) == ["The invoice goes to"]

    client.post("/checkout/", DETAILS)

    assert not InvoiceAddress.objects.exists()


def test_an_address_that_changed_in_another_tab_is_not_what_was_confirmed(persuasion):
    basket = filled_basket({persuasion: 1})
    seen = pricing.price_basket(basket).fingerprint
    checkout.save_address(basket.pk, "ada@example.org", ADDRESS, OFFICE)

    assert pricing.price_basket(basket).fingerprint != seen


def test_who_downloads_may_send_the_invoice_to_an_address_all_the_same(client, books_page):
    add(client, book("Persuasion", format="ebook", in_stock=0).editions.get())
    client.post("/checkout/", {"email": "ada@example.org", "full_name": "Ada", "country": "GB", **ELSEWHERE})
    client.post("/checkout/review/", {"shown": shown(client.get("/checkout/review/")), "payment": "invoice"})

    document = documents.read(Order.objects.get().invoice)
    assert (document.customer[1], document.delivered_to) == ("1 Dorset Street", {})


class TestCustomer:
    def test_the_address_for_invoices_in_the_book_is_there_already(self, ada_client, ada, persuasion):
        Address.objects.create(user=ada, **OFFICE, is_for_invoices=True)
        Address.objects.create(user=ada, **ADDRESS, is_default=True)
        add(ada_client, persuasion)

        page = ada_client.get("/checkout/")

        assert legends(page) == ["The invoice goes to"]
        assert page.content.decode().count("1 Dorset Street") == 2, (
            "in its form, and among the addresses to choose from"
        )

    def test_one_address_of_a_kind_is_the_default(self, ada_client, ada):
        first = Address.objects.create(user=ada, **OFFICE, is_for_invoices=True)
        ada_client.post("/account/addresses/add/", {**ADDRESS, "is_for_invoices": "on", "is_default": "on"})

        first.refresh_from_db()
        assert not first.is_for_invoices
        assert "Invoices go here" in ada_client.get("/account/addresses/").content.decode()
        with pytest.raises(IntegrityError), transaction.atomic():
            Address.objects.update(is_for_invoices=True)

    def test_both_are_remembered_and_the_one_of_the_books_is_proposed(self, ada_client, ada, persuasion):
        add(ada_client, persuasion)
        buy(ada_client, {**DETAILS, **ELSEWHERE})

        assert [address.line_1 for address in ada.addresses.all()] == ["12 St James's Square", "1 Dorset Street"]

    def test_any_address_of_the_book_can_be_taken_and_nobody_else_s(self, ada_client, ada, persuasion):
        for address in (ADDRESS, OFFICE):
            Address.objects.create(user=ada, **address)
        foreign = Address.objects.create(user=UserFactory(), **{**OFFICE, "line_1": "221B Baker Street"})
        add(ada_client, persuasion)
        own = ada.addresses.get(line_1="1 Dorset Street")

        assert 'value="1 Dorset Street"' in ada_client.get(f"/checkout/?to={own.pk}").content.decode()
        for asked in (foreign.pk, "x", "", 10**30):
            assert "221B" not in ada_client.get(f"/checkout/?to={asked}").content.decode()


def test_who_is_erased_is_erased_from_it_too_but_not_from_the_invoice(client, persuasion):
    add(client, persuasion)
    buy(client, {**DETAILS, **ELSEWHERE})
    order = Order.objects.get()

    erase_from_orders([order.pk])

    assert not InvoiceAddress.objects.exists()
    assert documents.read(order.invoice).customer[0] == "Analytical Engines Ltd"
