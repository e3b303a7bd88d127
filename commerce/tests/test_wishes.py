"""Wish lists: kept by their owner, read by whom the owner lets, and true of the moment."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.tests.factories import PASSWORD, member
from catalog.tests.factories import book, shelf
from commerce.exceptions import WishListFull
from commerce.models import BasketLine, Wish, WishList
from commerce.models.wishes import MAX_LISTS, MAX_WISHES
from commerce.services import wishes
from commerce.wish_forms import ChooseListForm

pytestmark = pytest.mark.django_db


@pytest.fixture
def winter(ada) -> WishList:
    return wishes.create(ada.pk, "For the winter")


def add(client: Client, edition, **more):
    return client.post("/account/wish-lists/add/", {"edition": edition.pk, **more})


def on(wish_list: WishList) -> list[str]:
    return [wish.title for wish in wish_list.wishes.all()]


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


# --- Putting a book on a list


def test_the_button_beside_a_book_is_the_same_for_everybody_and_there_for_what_is_sold_out_too(client, books_page):
    edition = book("Emma", in_stock=0).editions.get()
    page = client.get("/books/emma/").content.decode()
    assert f'name="edition" value="{edition.pk}">' in page
    assert "Add to wish list" in page
    assert client.cookies == {}


def test_a_first_book_makes_the_first_list(ada_client, ada, persuasion):
    answer = add(ada_client, persuasion)

    wish_list = WishList.objects.get(user=ada)
    assert answer.headers["Location"] == f"/account/wish-lists/{wish_list.pk}/"
    assert (wish_list.name, wish_list.visibility, on(wish_list)) == ("Wish list", "private", ["Persuasion"])
    assert "“Persuasion” is on the list now." in text_of(ada_client.get(answer.headers["Location"]))


def test_a_book_is_on_a_list_once(ada_client, winter, persuasion):
    add(ada_client, persuasion)
    answer = ada_client.post("/account/wish-lists/add/", {"edition": persuasion.pk}, follow=True)
    assert "“Persuasion” is on the list already." in text_of(answer)
    assert on(winter) == ["Persuasion"]


def test_who_has_several_lists_is_asked_which(ada_client, ada, winter, persuasion):
    summer = wishes.create(ada.pk, "For the summer")

    answer = add(ada_client, persuasion)
    assert answer.headers["Location"] == f"/account/wish-lists/add/?edition={persuasion.pk}"
    assert not Wish.objects.exists()
    assert "For the summer" in text_of(ada_client.get(answer.headers["Location"]))
    add(ada_client, persuasion, wish_list=summer.pk, note="  the blue one ")

    assert (on(summer), on(winter)) == (["Persuasion"], [])
    assert Wish.objects.get().note == "the blue one"


def test_a_new_list_can_be_begun_with_the_book(ada_client, ada, winter, persuasion):
    assert add(ada_client, persuasion, wish_list="new", name="").status_code == 422
    add(ada_client, persuasion, wish_list="new", name="For Mother")
    assert on(WishList.objects.get(name="For Mother")) == ["Persuasion"]


def test_a_guest_is_led_to_sign_in_and_comes_back_to_the_book(client, persuasion):
    member("ada@example.org")
    answer = add(client, persuasion)
    to = urlsplit(answer.headers["Location"])
    assert to.path == "/account/login/"

    back = client.post(
        "/account/login/", {"login": "ada@example.org", "password": PASSWORD, "next": parse_qs(to.query)["next"][0]}
    ).headers["Location"]
    page = client.get(back)

    assert "Persuasion" in text_of(page)
    assert not WishList.objects.exists(), "a link alone adds nothing"
    form: ChooseListForm = page.context["form"]
    add(client, persuasion, wish_list=form["wish_list"].value(), name=form["name"].value())
    assert on(WishList.objects.get()) == ["Persuasion"]


@pytest.mark.parametrize("edition", ["", "0", "-1", "abc", "9" * 30, "\x00"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_edition_that_makes_no_sense_is_harmless(ada_client, ada, edition, method):
    assert getattr(ada_client, method)("/account/wish-lists/add/", {"edition": edition}).status_code == 302
    assert not WishList.objects.exists()


def test_a_book_that_the_shop_does_not_show_gets_on_no_list(ada_client, winter, books_page):
    withdrawn = book("Emma")
    withdrawn.unpublish()
    edition = withdrawn.editions.get()
    assert "no longer in our shop" in text_of(
        ada_client.post("/account/wish-lists/add/", {"edition": edition.pk}, follow=True)
    )
    assert ada_client.get(f"/account/wish-lists/add/?edition={edition.pk}").status_code == 404
    assert on(winter) == []


def test_a_list_and_a_customer_have_an_end(ada, winter, persuasion):
    Wish.objects.bulk_create(Wish(wish_list=winter, title=str(number)) for number in range(MAX_WISHES))
    with pytest.raises(WishListFull):
        wishes.add(winter.pk, persuasion.pk)
    WishList.objects.bulk_create(WishList(user=ada, name=str(number)) for number in range(MAX_LISTS - 1))
    with pytest.raises(WishListFull):
        wishes.create(ada.pk, "One more")
    assert (winter.wishes.count(), WishList.objects.count()) == (MAX_WISHES, MAX_LISTS)


def test_too_many_lists_are_said_so_in_the_form(ada_client, ada):
    WishList.objects.bulk_create(WishList(user=ada, name=str(number)) for number in range(MAX_LISTS))
    answer = ada_client.post("/account/wish-lists/new/", {"name": "One more", "visibility": "private"})
    assert answer.status_code == 422
    assert "as many wish lists as we can keep" in text_of(answer)


# --- Keeping it


def test_a_list_is_begun_renamed_and_deleted(ada_client, ada):
    ada_client.post("/account/wish-lists/new/", {"name": "Jose\u0301 🦉", "visibility": "private"})
    wish_list = WishList.objects.get(user=ada)
    assert wish_list.name == "José 🦉"
    own = f"/account/wish-lists/{wish_list.pk}/"
    ada_client.post(f"{own}change/", {"name": "Later", "visibility": "private"})
    assert "Later" in text_of(ada_client.get("/account/wish-lists/"))
    ada_client.get(f"{own}delete/")
    assert WishList.objects.exists()
    ada_client.post(f"{own}delete/")
    assert not WishList.objects.exists()


@pytest.mark.parametrize("field", ["name", "owner_name"])
@pytest.mark.parametrize("text", ["x" * 1000, "a\x00b"])
def test_what_cannot_be_kept_is_refused(ada_client, ada, field, text):
    data = {"name": "Later", "visibility": "private", field: text}
    assert ada_client.post("/account/wish-lists/new/", data).status_code == 422
    assert not WishList.objects.exists()


def test_books_are_put_into_an_order_noted_and_taken_off(ada_client, winter, books_page):
    one, two, three = (
        wishes.add(winter.pk, book(title).editions.get().pk)[0] for title in ("Emma", "Sanditon", "Persuasion")
    )

    def do(wish: Wish, what: str, **more):
        return ada_client.post(f"/account/wishes/{wish.pk}/", {"do": what, **more})

    do(three, "up")
    do(one, "down")
    assert on(winter) == ["Persuasion", "Emma", "Sanditon"]
    do(three, "up")
    do(two, "down")
    assert on(winter) == ["Persuasion", "Emma", "Sanditon"], "the ends stay where they are"
    do(two, "note", note="in red, please")
    do(one, "remove")
    do(three, "nothing that we know")
    assert [(wish.title, wish.note) for wish in winter.wishes.all()] == [
        ("Persuasion", ""),
        ("Sanditon", "in red, please"),
    ]
    do(two, "note", note="x" * 201)
    do(two, "note", note="\x00")
    two.refresh_from_db()
    assert two.note == "in red, please"


def test_a_copy_moves_to_the_basket_once(ada_client, winter, persuasion):
    wish, _is_new = wishes.add(winter.pk, persuasion.pk)
    answers = [ada_client.post(f"/account/wishes/{wish.pk}/", {"do": "basket"}) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 404]
    assert [(line.edition, line.quantity) for line in BasketLine.objects.all()] == [(persuasion, 1)]
    assert on(winter) == []


def test_what_cannot_be_bought_stays_on_the_list(ada_client, winter, books_page):
    wish, _is_new = wishes.add(winter.pk, book("Emma", in_stock=0).editions.get().pk)
    answer = ada_client.post(f"/account/wishes/{wish.pk}/", {"do": "basket"}, follow=True)
    assert "This cannot be bought at the moment." in text_of(answer)
    assert on(winter) == ["Emma"]
    assert not BasketLine.objects.exists()


# --- As of now


@pytest.mark.parametrize(
    ("amount", "told"),
    [("5.99", "£2.00 less than when it was added"), ("8.49", "£0.50 more than when it was added"), ("7.99", "")],
)
def test_a_price_that_moved_since_is_told(ada_client, winter, persuasion, amount, told):
    wishes.add(winter.pk, persuasion.pk)
    persuasion.prices.update(amount=amount)
    page = text_of(ada_client.get(winter.get_absolute_url()))
    assert f"£{amount}" in page
    assert ("than when it was added" in page) == bool(told)
    assert told in page


def test_availability_is_that_of_now(ada_client, winter, persuasion):
    wishes.add(winter.pk, persuasion.pk)
    persuasion.stock.on_hand = 0
    persuasion.stock.save()
    page = text_of(ada_client.get(winter.get_absolute_url()))
    assert "Temporarily out of stock" in page
    assert "Move to basket" not in page


@pytest.mark.parametrize("act", ["delete", "unpublish", "take off sale"])
def test_a_book_that_is_gone_stays_with_its_title(ada_client, winter, persuasion, act):
    wishes.add(winter.pk, persuasion.pk)
    wishes.change(winter.pk, name="For the winter", visibility="public", owner_name="")
    winter.refresh_from_db()
    if act == "delete":
        persuasion.product.delete()
    elif act == "unpublish":
        persuasion.product.unpublish()
    else:
        persuasion.is_active = False
        persuasion.save()

    for path in (winter.get_absolute_url(), f"/wish-lists/{winter.token}/"):
        page = text_of(ada_client.get(path))
        assert "Persuasion" in page
        assert "No longer available" in page
        assert "/books/persuasion/" not in page
        assert "£" not in page


# --- Others


@pytest.fixture
def shown(winter, persuasion) -> WishList:
    """Shared, with a book and a note."""
    wishes.add(winter.pk, persuasion.pk, note="in red, please")
    return wishes.change(winter.pk, name="For the winter", visibility="shared", owner_name="A. L.")


def path_of(wish_list: WishList) -> str:
    wish_list.refresh_from_db()
    return f"/wish-lists/{wish_list.token}/"


def test_who_has_the_link_reads_the_list_and_buys_from_it(client, shown, persuasion):
    page = client.get(path_of(shown))
    assert "A wish list by A. L." in text_of(page)
    assert "in red, please" in text_of(page)
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    assert BasketLine.objects.get().edition == persuasion
    assert shown.wishes.count() == 1


def test_nothing_of_the_owner_is_told_but_the_name_that_they_chose(client, ada, shown):
    page = client.get(path_of(shown)).content.decode()
    for secret in ("Ada", "Lovelace", ada.email, f"/account/wish-lists/{shown.pk}/"):
        assert secret not in page
    wishes.change(shown.pk, name="For the winter", visibility="public", owner_name="")
    assert "A wish list <" in text_of(client.get(path_of(shown))).replace("</p>", " <")


@pytest.mark.parametrize(("visibility", "is_told"), [("shared", False), ("public", True)])
def test_search_engines_know_of_public_lists_only(client, shown, visibility, is_told):
    wishes.change(shown.pk, name="For the winter", visibility=visibility, owner_name="A. L.")
    page = client.get(path_of(shown))
    assert page.status_code == 200
    assert page.headers.get("X-Robots-Tag") == (None if is_told else "noindex")
    assert page.headers["Referrer-Policy"] == ("strict-origin-when-cross-origin" if is_told else "no-referrer")
    assert ('content="noindex"' in page.content.decode()) is not is_told
    assert page.headers["Cache-Control"] == "no-store, private"


def test_a_renewed_link_is_the_only_one(ada_client, client, shown):
    old = path_of(shown)
    ada_client.post(f"/account/wish-lists/{shown.pk}/renew/")
    assert Client().get(old).status_code == 404
    assert Client().get(path_of(shown)).status_code == 200
    assert path_of(shown) in ada_client.get(shown.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [("shared", "public", True), ("public", "shared", False), ("public", "private", False), ("shared", "shared", True)],
)
def test_with_fewer_readers_than_before_the_old_link_is_dead_for_good(client, shown, before, after, holds):
    def open_to(visibility: str) -> str:
        wishes.change(shown.pk, name="For the winter", visibility=visibility, owner_name="")
        return path_of(shown)

    old = open_to(before)
    open_to(after)
    open_to("public")
    assert client.get(old).status_code == (200 if holds else 404)


@pytest.mark.parametrize("token", ["x", "%00", "a%2Fb", "ф" * 9, "x" * 3000])
def test_an_address_that_nobody_was_given_is_not_there(client, shop, token):
    assert client.get(f"/wish-lists/{token}/").status_code == 404


# --- What it costs


@pytest.mark.parametrize("address", ["own", "read", "index", "add"])
def test_a_page_of_lists_costs_as_many_queries_for_one_book_as_for_twenty(
    ada_client, ada, shown, books_page, django_assert_max_num_queries, address
):
    path = {
        "own": shown.get_absolute_url(), "read": path_of(shown), "index": "/account/wish-lists/",
        "add": f"/account/wish-lists/add/?edition={shown.wishes.get().edition_id}",
    }[address]  # fmt: skip
    for edition in shelf(f"Book {number}" for number in range(20)):
        wishes.add(shown.pk, edition.pk)
    ada_client.get(path)  # the site is remembered from now on
    with django_assert_max_num_queries(10):
        assert ada_client.get(path).status_code == 200


def test_a_long_list_has_pages(ada_client, winter, books_page):
    Wish.objects.bulk_create(Wish(wish_list=winter, title=f"Book {number:03}", position=number) for number in range(31))
    first = text_of(ada_client.get(winter.get_absolute_url()))
    last = text_of(ada_client.get(f"{winter.get_absolute_url()}?page=2"))
    assert ("Book 029" in first, "Book 030" in first, "Next page" in first) == (True, False, True)
    assert ("Book 029" in last, "Book 030" in last, "Previous page" in last) == (False, True, True)
    for page in ("0", "-1", "abc", "9" * 30, "%00"):
        assert ada_client.get(f"{winter.get_absolute_url()}?page={page}").status_code == 200
