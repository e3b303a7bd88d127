"""Filling, changing, keeping and joining baskets, through the addresses that browsers use."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.db.utils import IntegrityError
from django.test import Client

from catalog.models import StockRecord
from catalog.tests.factories import book, shelf
from commerce.models import Basket, BasketLine
from commerce.models.basket import MAX_QUANTITY, new_token
from commerce.services import baskets
from commerce.services.baskets import Owner
from commerce.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def add(client: Client, edition, quantity: object = 1):
    return client.post("/basket/add/", {"edition": edition.pk, "quantity": quantity})


def lines(basket: Basket | None = None) -> dict[str, int]:
    rows = BasketLine.objects.select_related("edition__product")
    if basket:
        rows = rows.filter(basket=basket)
    return {row.edition.product.title: row.quantity for row in rows}


@pytest.mark.parametrize("quantity", ["0", "-1", "1000000000", "2.5", "", "9" * 22, "9" * 5000, "two", "\x00", "51"])
def test_a_quantity_that_makes_no_sense_is_refused_with_a_sentence(client, persuasion, quantity):
    answer = add(client, persuasion, quantity)

    assert answer.status_code == 400
    assert 'class="message message--error"' in answer.content.decode()
    assert not BasketLine.objects.exists()


@pytest.mark.parametrize("quantity", ["-1", "1000000000", "2.5", "", "9" * 22, "9" * 5000, "two", "\x00", "51"])
def test_a_senseless_quantity_in_the_basket_leaves_the_line_as_it_was(client, persuasion, quantity):
    add(client, persuasion, 2)
    line = BasketLine.objects.get()

    answer = client.post("/basket/update/", {f"quantity-{line.pk}": quantity, "checkout": "1"}, follow=True)

    assert answer.redirect_chain == [("/basket/", 302)]
    assert 'class="message message--error"' in answer.content.decode()
    assert lines() == {"Persuasion": 2}


@pytest.mark.parametrize("door", ["add", "update", "remove", "later", "saved", "code", "code/remove", "currency"])
def test_who_reloads_what_a_form_was_sent_to_is_shown_the_basket(client, shop, door):
    answer = client.get(f"/basket/{door}/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/basket/")


def test_full_width_figures_are_understood(client, persuasion):
    assert add(client, persuasion, "２").status_code == 302
    assert lines() == {"Persuasion": 2}


@pytest.mark.parametrize("edition", ["", "0", "-1", "abc", "9" * 30, "999999", "\x00"])
def test_an_edition_that_does_not_exist_is_refused(client, shop, edition):
    assert client.post("/basket/add/", {"edition": edition, "quantity": 1}).status_code in {400, 409}


def test_nothing_that_is_not_for_sale_gets_into_a_basket(client, books_page):
    sold_out = book("Emma", in_stock=0).editions.get()
    unpriced = book("Sanditon").editions.get()
    unpriced.prices.all().delete()
    withdrawn = book("Lady Susan")
    withdrawn.unpublish()

    answers = [add(client, edition) for edition in (sold_out, unpriced, withdrawn.editions.get())]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert "This cannot be bought at the moment." in answers[0].content.decode()
    assert not BasketLine.objects.exists()


def test_more_than_there_is_becomes_what_there_is(client, persuasion):
    answer = client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 9}, follow=True)

    assert "Only 5 copies of Persuasion are left, so that is what your basket holds." in answer.content.decode()
    assert lines() == {"Persuasion": 5}


def test_what_the_supplier_has_is_capped_at_fifty(client, books_page):
    edition = book("Emma", in_stock=1, availability="available").editions.get()
    add(client, edition, 30)
    answer = client.post("/basket/add/", {"edition": edition.pk, "quantity": 30}, follow=True)

    assert lines() == {"Emma": MAX_QUANTITY}
    assert "the most we sell this way" in answer.content.decode()


def test_lines_are_changed_and_removed(client, persuasion):
    emma = book("Emma").editions.get()
    add(client, persuasion)
    add(client, emma)
    one, two = BasketLine.objects.all()

    client.post("/basket/update/", {f"quantity-{one.pk}": "3", f"quantity-{two.pk}": "1"})
    assert lines() == {"Persuasion": 3, "Emma": 1}
    client.post("/basket/remove/", {"line": two.pk})
    assert lines() == {"Persuasion": 3}
    client.post("/basket/update/", {f"quantity-{one.pk}": "0"})
    assert lines() == {}
    assert "Your basket is empty" in client.get("/basket/").content.decode()


def test_checkout_keeps_the_quantities_and_goes_on(client, persuasion):
    add(client, persuasion)
    line = BasketLine.objects.get()

    answer = client.post("/basket/update/", {f"quantity-{line.pk}": "4", "checkout": "1"})

    assert answer.headers["Location"] == "/checkout/"
    assert lines() == {"Persuasion": 4}


@pytest.mark.parametrize("line", ["", "abc", "0", "9" * 30, "\x00"])
def test_a_line_that_does_not_exist_is_no_error(client, persuasion, line):
    add(client, persuasion)
    assert client.post("/basket/remove/", {"line": line}).status_code == 302
    assert lines() == {"Persuasion": 1}


def test_nobody_changes_the_lines_of_somebody_else(client, persuasion):
    add(client, persuasion, 2)
    line = BasketLine.objects.get()
    stranger = Client()
    add(stranger, persuasion)

    stranger.post("/basket/update/", {f"quantity-{line.pk}": "0"})
    stranger.post("/basket/remove/", {"line": line.pk})

    line.refresh_from_db()
    assert line.quantity == 2


def test_an_anonymous_basket_lives_in_a_signed_cookie_for_sixty_days_without_a_session(client, persuasion):
    cookie = add(client, persuasion).cookies["basket"]

    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (60 * 60 * 24 * 60, True, "Lax")
    assert "sessionid" not in client.cookies
    later = Client()
    later.cookies["basket"] = cookie.value
    assert later.get("/basket/summary/").json()["count"] == 1
    forged = Client()
    forged.cookies["basket"] = Basket.objects.get().token
    assert forged.get("/basket/summary/").json()["count"] == 0


def test_a_page_view_makes_no_basket_and_sets_no_cookie(client, shop):
    client.get("/basket/")
    summary = client.get("/basket/summary/")

    assert summary["Cache-Control"] == "no-store, private"
    assert client.cookies == {}
    assert not Basket.objects.exists()


def test_a_changed_price_is_told_until_the_shopper_goes_on(client, persuasion):
    add(client, persuasion)
    persuasion.prices.update(amount="8.99")
    sentence = "The price of Persuasion changed from £7.99 to £8.99."

    assert sentence in client.get("/basket/").content.decode()
    assert "£8.99" in client.get("/basket/").content.decode()
    line = BasketLine.objects.get()
    client.post("/basket/update/", {f"quantity-{line.pk}": "1"})
    assert sentence not in client.get("/basket/").content.decode()


def test_a_book_taken_off_sale_is_told_and_stops_the_checkout(client, persuasion):
    add(client, persuasion)
    persuasion.is_active = False
    persuasion.save()

    assert "Persuasion cannot be bought any more." in client.get("/basket/").content.decode()
    assert client.get("/checkout/").headers["Location"] == "/basket/"


def test_at_sign_in_the_baskets_become_one(client, persuasion, ada):
    emma = book("Emma", availability="available").editions.get()
    baskets.add(Owner(user_id=ada.pk), persuasion.pk, 2)
    baskets.add(Owner(user_id=ada.pk), emma.pk, 40)
    add(client, persuasion, 1)
    add(client, emma, 20)
    add(client, book("Sanditon").editions.get(), 1)
    ada.set_password(PASSWORD)
    ada.save()
    EmailAddress.objects.create(user=ada, email=ada.email, verified=True, primary=True)

    answer = client.post("/account/login/", {"login": ada.email, "password": PASSWORD})

    assert answer.status_code == 302
    basket = Basket.objects.get(status="open")
    assert basket.user == ada
    assert lines() == {"Persuasion": 3, "Emma": 50, "Sanditon": 1}
    assert client.get("/basket/summary/").json() == {"count": 54, "name": "Ada"}
    client.post("/account/logout/")
    assert client.get("/basket/summary/").json() == {"count": 0, "name": ""}


def test_merging_twice_adds_nothing(persuasion, ada):
    token = new_token()
    baskets.add(Owner(token=token), persuasion.pk, 2)

    baskets.merge(token, ada)
    baskets.merge(token, ada)

    assert lines() == {"Persuasion": 2}


def test_the_database_keeps_one_open_basket_per_shopper_and_quantities_in_range(persuasion, ada, django_db_blocker):
    from django.db import transaction

    basket = Basket.objects.create(user=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Basket.objects.create(user=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        BasketLine.objects.create(basket=basket, edition=persuasion, quantity=51)


def test_the_basket_costs_the_same_queries_for_one_book_and_twenty(client, books_page, django_assert_max_num_queries):
    for edition in shelf(f"Book {number}" for number in range(20)):
        add(client, edition)
    client.get("/basket/")  # the site is remembered from now on
    with django_assert_max_num_queries(16):
        client.get("/basket/")


def test_the_summary_is_cheap(client, persuasion, django_assert_max_num_queries):
    client.get("/basket/summary/")  # the site is remembered from now on
    with django_assert_max_num_queries(0):
        client.get("/basket/summary/")
    add(client, persuasion)
    client.get("/basket/")
    with django_assert_max_num_queries(2):
        client.get("/basket/summary/")


def test_a_download_may_be_bought_without_stock(client, books_page):
    edition = book("Persuasion", format="ebook", in_stock=0).editions.get()
    StockRecord.objects.all().delete()

    add(client, edition, 2)

    assert lines() == {"Persuasion": 2}


def test_cross_site_forms_are_refused(persuasion):
    browser = Client(enforce_csrf_checks=True)
    data = {"edition": persuasion.pk, "quantity": 1}

    other_site = browser.post("/basket/add/", data, headers={"Sec-Fetch-Site": "cross-site"})
    sibling = browser.post("/basket/add/", data, headers={"Sec-Fetch-Site": "same-site"})
    old_browser = browser.post("/basket/add/", data, headers={"Origin": "https://evil.example"})
    own = browser.post("/basket/add/", data, headers={"Sec-Fetch-Site": "same-origin"})

    assert [answer.status_code for answer in (other_site, sibling, old_browser, own)] == [403, 403, 403, 302]


def test_another_customers_basket_is_not_counted(client, persuasion):
    baskets.add(Owner(user_id=UserFactory().pk), persuasion.pk, 2)
    client.force_login(UserFactory())
    assert client.get("/basket/summary/").json()["count"] == 0


def test_a_shopper_is_told_that_some_copies_come_from_the_supplier(client, books_page):
    edition = book("Emma", in_stock=2, availability="available").editions.get()
    sentence = "2 copies are here; the others come from our supplier."

    add(client, edition, 2)
    assert sentence not in client.get("/basket/").content.decode()
    add(client, edition, 1)
    assert sentence in client.get("/basket/").content.decode()


def test_the_summary_says_what_the_basket_costs_where_it_is_asked_for(client, shop):
    assert client.get("/basket/summary/").json() == {"count": 0, "name": ""}
    assert client.get("/basket/summary/?total=1").json()["total"] == {"amount": "0.00", "currency": "GBP"}
