"""Saved for later: out of the basket, kept below it, and back; by guests too, through sign-in and orders."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.tests.factories import PASSWORD, member
from catalog.tests.factories import book, shelf
from commerce.exceptions import BasketFull
from commerce.models import Basket, BasketLine, SavedLine
from commerce.models.basket import MAX_QUANTITY, new_token
from commerce.models.wishes import MAX_SAVED
from commerce.services import baskets, saved
from commerce.services.baskets import Owner
from commerce.tests.factories import filled_basket, place

pytestmark = pytest.mark.django_db


def put_in(client: Client, edition, quantity: int = 1) -> None:
    client.post("/basket/add/", {"edition": edition.pk, "quantity": quantity})


def save(client: Client, edition) -> None:
    line = BasketLine.objects.get(edition=edition, basket__status="open")
    assert client.post("/basket/later/", {"line": line.pk}).status_code == 302


def lines() -> dict[str, int]:
    rows = BasketLine.objects.filter(basket__status="open").select_related("edition__product")
    return {row.edition.product.title: row.quantity for row in rows}


def kept() -> dict[str, int]:
    return {row.title: row.quantity for row in SavedLine.objects.all()}


def test_a_line_is_saved_and_comes_back_whole(client, persuasion):
    put_in(client, persuasion, 2)
    save(client, persuasion)
    page = client.get("/basket/").content.decode()
    assert (lines(), kept()) == ({}, {"Persuasion": 2})
    assert "Saved for later" in page
    assert "Your basket is empty" in page
    assert client.get("/basket/summary/").json()["count"] == 0

    line = SavedLine.objects.get()
    for _click in range(2):
        client.post("/basket/saved/", {"line": line.pk, "do": "back"})

    assert (lines(), kept()) == ({"Persuasion": 2}, {})


def test_copies_of_one_book_add_up_and_nothing_is_doubled(client, persuasion):
    put_in(client, persuasion, 1)
    save(client, persuasion)
    put_in(client, persuasion, 2)
    save(client, persuasion)
    assert (lines(), kept()) == ({}, {"Persuasion": 3})
    put_in(client, persuasion, 1)
    client.post("/basket/saved/", {"line": SavedLine.objects.get().pk, "do": "back"})
    assert (lines(), kept()) == ({"Persuasion": 4}, {})


def test_a_saved_line_is_dropped(client, persuasion):
    put_in(client, persuasion)
    save(client, persuasion)
    answer = client.post("/basket/saved/", {"line": SavedLine.objects.get().pk, "do": "remove"}, follow=True)
    assert "Persuasion was removed." in answer.content.decode()
    assert (lines(), kept()) == ({}, {})


def test_a_saved_line_tells_how_the_price_moved(client, persuasion):
    put_in(client, persuasion)
    save(client, persuasion)
    persuasion.prices.update(amount="5.99")
    assert "£2.00 less than when it was added" in client.get("/basket/").content.decode()


def test_what_cannot_be_bought_stays_saved_and_what_is_gone_keeps_its_title(client, persuasion):
    put_in(client, persuasion)
    save(client, persuasion)
    persuasion.product.unpublish()
    line = SavedLine.objects.get()
    page = client.post("/basket/saved/", {"line": line.pk, "do": "back"}, follow=True).content.decode()
    assert "This cannot be bought at the moment." in page
    persuasion.product.delete()
    page = client.post("/basket/saved/", {"line": line.pk, "do": "back"}, follow=True).content.decode()
    assert "No longer available" in page
    assert kept() == {"Persuasion": 1}


@pytest.mark.parametrize("line", ["", "abc", "0", "-1", "9" * 30, "\x00"])
@pytest.mark.parametrize("path", ["/basket/later/", "/basket/saved/"])
def test_a_line_that_does_not_exist_is_no_error(client, persuasion, path, line):
    put_in(client, persuasion)
    assert client.post(path, {"line": line, "do": "back"}).status_code == 302
    assert (lines(), kept()) == ({"Persuasion": 1}, {})


def test_at_sign_in_what_was_saved_joins_what_was_saved(client, books_page):
    ada = member("ada@example.org")
    emma, sanditon = (book(title, availability="available").editions.get() for title in ("Emma", "Sanditon"))
    for edition, quantity in ((emma, 40), (sanditon, 1)):
        basket, _notices = baskets.add(Owner(user_id=ada.pk), edition.pk, quantity)
    saved.save_for_later(basket.pk, basket.lines.get(edition=emma).pk)
    persuasion = book("Persuasion").editions.get()
    for edition, quantity in ((emma, 20), (sanditon, 2), (persuasion, 3)):
        put_in(client, edition, quantity)
    for edition in (emma, sanditon, persuasion):
        line = BasketLine.objects.get(edition=edition, basket__user=None)
        client.post("/basket/later/", {"line": line.pk})

    client.post("/account/login/", {"login": ada.email, "password": PASSWORD})

    assert kept() == {"Emma": MAX_QUANTITY, "Sanditon": 2, "Persuasion": 3}
    assert lines() == {"Sanditon": 1}
    assert set(SavedLine.objects.values_list("basket__user", flat=True)) == {ada.pk}
    assert Basket.objects.open().count() == 1


def test_joining_twice_adds_nothing(persuasion, ada):
    token = new_token()
    basket, _notices = baskets.add(Owner(token=token), persuasion.pk, 2)
    saved.save_for_later(basket.pk, basket.lines.get().pk)
    baskets.merge(token, ada)
    baskets.merge(token, ada)
    assert kept() == {"Persuasion": 2}


@pytest.mark.parametrize("is_guest", [True, False])
def test_an_order_leaves_what_was_saved_to_the_next_basket(books_page, ada, is_guest):
    emma, persuasion = (book(title).editions.get() for title in ("Emma", "Persuasion"))
    basket = filled_basket({emma: 1, persuasion: 2}, user=None if is_guest else ada)
    saved.save_for_later(basket.pk, basket.lines.get(edition=persuasion).pk)

    order = place(basket, user=None if is_guest else ada)

    basket.refresh_from_db()
    [following] = Basket.objects.open()
    assert (basket.status, order.lines.count()) == ("submitted", 1)
    assert (following.user_id, following.token) == (basket.user_id, basket.token)
    assert list(following.saved_lines.values_list("title", "quantity")) == [("Persuasion", 2)]


def test_an_order_with_nothing_saved_makes_no_basket(persuasion):
    place(filled_basket({persuasion: 1}))
    assert not Basket.objects.open().exists()


def test_so_many_books_are_saved_and_no_more(persuasion, ada):
    basket, _notices = baskets.add(Owner(user_id=ada.pk), persuasion.pk, 1)
    SavedLine.objects.bulk_create(
        SavedLine(basket=basket, title=str(number), quantity=1) for number in range(MAX_SAVED)
    )
    with pytest.raises(BasketFull):
        saved.save_for_later(basket.pk, basket.lines.get().pk)
    assert (lines(), SavedLine.objects.count()) == ({"Persuasion": 1}, MAX_SAVED)


def test_the_basket_costs_as_many_queries_with_twenty_saved_as_with_one(
    client, books_page, django_assert_max_num_queries
):
    put_in(client, book("Emma").editions.get())
    for edition in shelf(f"Book {number}" for number in range(20)):
        put_in(client, edition)
        save(client, edition)
    client.get("/basket/")  # what was told of it is read
    with django_assert_max_num_queries(18):
        client.get("/basket/")
