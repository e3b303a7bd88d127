"""Buying a book, from the buy form to the invoice, as a browser does it."""

from __future__ import annotations

import io
import re

import pypdf
import pytest
from django.core import mail
from django.test import Client

from accounts.models import Address
from catalog.tests.factories import book
from commerce.forms import country_choices
from commerce.models import Basket, CheckoutDraft, DeliveryMethod, Order
from commerce.tests.factories import DETAILS, standard_delivery

pytestmark = pytest.mark.django_db


def add(client: Client, edition, quantity: object = 1, **kwargs):
    return client.post("/basket/add/", {"edition": edition.pk, "quantity": quantity}, **kwargs)


def shown(response) -> str:
    return re.search(r'name="shown" value="([^"]+)"', response.content.decode())[1]


def buy(client: Client, details: dict[str, str] | None = None) -> object:
    """The three screens; the answer is the confirmation page."""
    answer = client.post("/checkout/", details or DETAILS)
    assert answer.headers["Location"] == "/checkout/delivery/"
    answer = client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    assert answer.headers["Location"] == "/checkout/review/"
    review = client.get("/checkout/review/")
    return client.post("/checkout/review/", {"shown": shown(review), "payment": "invoice"}, follow=True)


def test_a_guest_buys_a_book(client, persuasion, django_capture_on_commit_callbacks):
    assert add(client, persuasion, 2).headers["Location"] == "/basket/"
    basket = client.get("/basket/")
    assert "Persuasion" in basket.content.decode()
    assert client.get("/basket/summary/").json() == {"count": 2, "name": ""}

    with django_capture_on_commit_callbacks(execute=True):
        done = buy(client)

    order = Order.objects.get()
    assert "Thank you" in done.content.decode()
    assert order.number in done.content.decode()
    assert done["Referrer-Policy"] == "no-referrer"
    assert done["Cache-Control"] == "no-store, private"
    assert str(order.total) == "£18.93"
    assert [line.is_allocated for line in order.lines.all()] == [True, True]
    persuasion.stock.refresh_from_db()
    assert (persuasion.stock.on_hand, persuasion.stock.allocated) == (5, 2)
    assert client.get("/basket/summary/").json()["count"] == 0
    assert not CheckoutDraft.objects.exists()
    assert "sessionid" not in client.cookies

    [message] = mail.outbox
    assert message.to == ["ada@example.org"]
    assert message.subject == f"Your order {order.number} at BookTime"
    assert "2 x Persuasion" in message.body
    assert "£18.93" in message.body
    assert order.get_absolute_url() in message.body

    invoice = client.get(f"/orders/{order.token}/invoice/").content.decode()
    assert order.invoice.number in invoice
    assert "£18.93" in invoice
    pdf = client.get(f"/orders/{order.token}/invoice.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    text = pypdf.PdfReader(io.BytesIO(b"".join(pdf.streaming_content))).pages[0].extract_text()
    assert {True} == {part in text for part in ("Persuasion", "£18.93", order.invoice.number, order.number)}


def test_a_signed_in_customer_buys_and_finds_the_order_in_the_account(ada_client, ada, persuasion):
    add(ada_client, persuasion)
    assert "ada@example.org" in ada_client.get("/checkout/").content.decode()

    buy(ada_client)

    order = Order.objects.get(user=ada)
    assert order.number in ada_client.get("/account/orders/").content.decode()
    assert "Persuasion" in ada_client.get(f"/account/orders/{order.number}/").content.decode()
    assert Address.objects.get(user=ada).line_1 == "12 St James's Square"
    add(ada_client, persuasion)
    assert "12 St James&#x27;s Square" in ada_client.get("/checkout/").content.decode()
    buy(ada_client)
    assert Address.objects.filter(user=ada).count() == 1


def test_downloads_need_neither_street_nor_delivery(client, books_page):
    ebook = book("Persuasion", format="ebook", in_stock=0).editions.get()
    add(client, ebook)
    page = client.get("/checkout/").content.decode()
    assert "Address line 1" not in page
    assert "Continue to payment" in page

    answer = client.post("/checkout/", {"email": "ada@example.org", "full_name": "Ada", "country": "FR"})

    assert answer.headers["Location"] == "/checkout/review/"
    assert client.get("/checkout/delivery/").headers["Location"] == "/checkout/review/"
    review = client.get("/checkout/review/")
    client.post("/checkout/review/", {"shown": shown(review), "payment": "invoice"})
    order = Order.objects.get()
    assert (order.line_1, str(order.delivery), order.needs_delivery) == ("", "£0.00", False)


@pytest.mark.parametrize("path", ["/checkout/", "/checkout/delivery/", "/checkout/review/"])
def test_without_a_basket_every_step_leads_to_the_basket(client, db, path):
    assert client.get(path).headers["Location"] == "/basket/"


def test_a_skipped_step_leads_back_to_the_one_that_is_missing(client, persuasion):
    add(client, persuasion)
    assert client.get("/checkout/delivery/").headers["Location"] == "/checkout/"
    assert client.get("/checkout/review/").headers["Location"] == "/checkout/"
    client.post("/checkout/", DETAILS)
    assert client.get("/checkout/review/").headers["Location"] == "/checkout/delivery/"
    answer = client.post("/checkout/review/", {"payment": "invoice", "shown": "made up"})
    assert answer.headers["Location"] == "/checkout/review/"
    assert not Order.objects.exists()


def test_the_same_form_sent_again_leads_to_the_same_order(client, persuasion):
    add(client, persuasion)
    client.post("/checkout/", DETAILS)
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    form = {"shown": shown(client.get("/checkout/review/")), "payment": "invoice"}

    first = client.post("/checkout/review/", form)
    second = client.post("/checkout/review/", form)
    add(client, persuasion)
    third = client.post("/checkout/review/", form)

    order = Order.objects.get()
    assert {answer.headers["Location"] for answer in (first, second, third)} == {order.get_absolute_url()}
    assert Basket.objects.open().count() == 1


def test_somebody_elses_review_form_orders_nothing(client, persuasion):
    add(client, persuasion)
    client.post("/checkout/", DETAILS)
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    form = {"shown": shown(client.get("/checkout/review/")), "payment": "invoice"}

    answer = Client().post("/checkout/review/", form)

    assert answer.headers["Location"] == "/checkout/review/"
    assert not Order.objects.exists()


def test_a_price_that_changed_before_the_last_click_is_shown_and_confirmed_anew(client, persuasion):
    add(client, persuasion)
    client.post("/checkout/", DETAILS)
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    form = {"shown": shown(client.get("/checkout/review/")), "payment": "invoice"}
    persuasion.prices.update(amount="8.99")

    answer = client.post("/checkout/review/", form)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert not Order.objects.exists()
    assert "The price of Persuasion changed from £7.99 to £8.99." in page
    assert "£11.94" in page
    client.post("/checkout/review/", {"shown": shown(answer), "payment": "invoice"})
    assert str(Order.objects.get().total) == "£11.94"


def test_a_line_added_in_another_tab_must_be_confirmed_too(client, persuasion):
    other = book("Emma").editions.get()
    add(client, persuasion)
    client.post("/checkout/", DETAILS)
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    form = {"shown": shown(client.get("/checkout/review/")), "payment": "invoice"}
    add(client, other)

    answer = client.post("/checkout/review/", form)

    assert answer.status_code == 409
    assert "Emma" in answer.content.decode()
    assert not Order.objects.exists()


def test_a_book_sold_out_meanwhile_is_told_in_the_basket(client, persuasion):
    add(client, persuasion, 2)
    client.post("/checkout/", DETAILS)
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    form = {"shown": shown(client.get("/checkout/review/")), "payment": "invoice"}
    persuasion.stock.on_hand = 1
    persuasion.stock.save()

    answer = client.post("/checkout/review/", form, follow=True)

    assert answer.redirect_chain[-1][0] == "/basket/"
    assert "Only 1 copy of Persuasion is left." in answer.content.decode()
    assert not Order.objects.exists()


def test_figures_sent_with_the_forms_are_ignored(client, persuasion):
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1, "price": "0.01", "currency": "XAF"})
    client.post("/checkout/", DETAILS)
    client.post("/checkout/delivery/", {"method": standard_delivery().pk, "price": "0"})
    form = {"shown": shown(client.get("/checkout/review/")), "payment": "invoice", "total": "0.01", "discount": "9"}
    client.post("/checkout/review/", form)

    assert str(Order.objects.get().total) == "£10.94"


def test_a_delivery_method_of_another_country_is_refused(client, persuasion):
    add(client, persuasion)
    client.post("/checkout/", {**DETAILS, "country": "FR", "postcode": "75011", "town": "Paris"})

    answer = client.post("/checkout/delivery/", {"method": standard_delivery().pk})

    assert answer.status_code == 422


def test_the_order_is_a_snapshot(client, persuasion):
    add(client, persuasion)
    buy(client)
    product = persuasion.product
    product.title = "Changed"
    product.save()
    persuasion.prices.update(amount="99.00")
    standard_delivery().delete()
    persuasion.product.delete()

    order = Order.objects.get()
    [line] = order.lines.all()
    assert (line.title, line.isbn, str(line.unit_gross), line.edition) == ("Persuasion", line.sku, "7.990", None)
    assert (order.delivery_name, str(order.total)) == ("Standard delivery", "£10.94")
    page = client.get(order.get_absolute_url()).content.decode()
    assert "Persuasion" in page
    assert "Changed" not in page
    assert "Persuasion" in client.get(f"/orders/{order.token}/invoice/").content.decode()


def test_the_buy_form_is_the_same_for_everybody(client, ada_client, persuasion, rf):
    from django.template import engines

    template = engines["django"].from_string("{% load basket_tags %}{% buy_form edition %}")
    edition = {"pk": persuasion.pk, "can_buy": True, "buy_label": "Add to basket"}

    form = template.render({"edition": edition})

    assert f'name="edition" value="{persuasion.pk}"' in form
    assert "Add to basket" in form
    assert "csrf" not in form


HOSTILE = [
    "🦉 Ünïcødé",
    "שלום עולם",
    "O'Brien",
    "x" * 1000,
    "a\x00b",
    "<script>alert(1)</script>",
    "a\r\nBcc: x@evil.example",
]


@pytest.mark.parametrize("field", list(DETAILS))
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_in_an_address_breaks_the_checkout(client, persuasion, field, text):
    add(client, persuasion)

    answer = client.post("/checkout/", {**DETAILS, field: text})

    assert answer.status_code in {302, 422}
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    assert client.get("/checkout/review/").status_code in {200, 302}


def test_a_country_without_postcodes_needs_none(client, persuasion):
    add(client, persuasion)
    no_postcode = {**DETAILS, "postcode": "", "country": "HK", "region": "Kowloon", "town": "Hong Kong"}
    assert client.post("/checkout/", no_postcode).status_code == 302
    assert client.post("/checkout/", {**DETAILS, "postcode": ""}).status_code == 422
    assert client.post("/checkout/", {**DETAILS, "postcode": "12345"}).status_code == 422
    assert client.post("/checkout/", {**DETAILS, "postcode": "sw1y 4jh"}).status_code == 302


def test_delivery_methods_without_countries_serve_those_that_no_other_names(db):
    active = DeliveryMethod.objects.active("GBP")

    reached = {country: [method.name for method in active.to(country)] for country in ("GB", "FR", "JP")}

    assert reached == {"GB": ["Standard delivery"], "FR": ["Europe"], "JP": ["World"]}
    DeliveryMethod.objects.filter(name="World").update(is_active=False)
    assert "JP" not in dict(country_choices(True, "GBP"))
    assert "JP" in dict(country_choices(False, "GBP"))
