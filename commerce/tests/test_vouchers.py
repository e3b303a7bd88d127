"""Vouchers and promotions from the basket to the order, and what staff see of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.utils import timezone

from catalog.tests.factories import book, shelf
from commerce import pricing
from commerce.exceptions import OrderChanged
from commerce.models import Basket, BasketCode, Order, OrderDiscount, Promotion, Redemption, Voucher, VoucherCode
from commerce.models.promotions import PromotionTag, VoucherBook
from commerce.office.promotions import with_figures
from commerce.services import baskets, checkout, orders, vouchers
from commerce.tests.factories import UserFactory, filled_basket, place
from commerce.tests.test_races import at_once
from core.money import Money

pytestmark = pytest.mark.django_db


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def a_voucher(code: str = "SUMMER", *, books=(), **fields) -> Voucher:
    voucher = Voucher(name="Summer", **{"kind": "percent", "value": Decimal(10), "uses_per_customer": None, **fields})
    voucher.books = [VoucherBook(page=page) for page in books]
    voucher.save()
    VoucherCode.objects.create(voucher=voucher, code=code)
    return voucher


def with_code(basket: Basket, code: str = "SUMMER") -> Basket:
    vouchers.enter(basket.pk, code)
    return basket


def note(basket: Basket) -> str:
    [code] = pricing.price_basket(basket).codes
    return code.note


# --- The basket ----------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["SUMMER", "summer", " Sum-Mer ", "SUM MER"])
def test_a_code_is_understood_however_it_is_written(client, persuasion, typed):
    a_voucher()
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 2})

    answer = client.post("/basket/code/", {"code": typed}, follow=True)

    assert answer.redirect_chain == [("/basket/", 302)]
    assert "Summer (SUMMER)" in answer.content.decode()
    assert answer.context["basket"].total == gbp("14.38")


def test_an_unknown_code_is_said_so_and_stays_in_the_field(client, persuasion):
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})

    answer = client.post("/basket/code/", {"code": "SUMER"})

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "We do not know the code “SUMER”." in page
    assert 'value="SUMER"' in page
    assert not BasketCode.objects.exists()


@pytest.mark.parametrize("code", ["", "   ", "-", "\x00", "9" * 5000, "<script>alert(1)</script>", "'; --"])
def test_a_senseless_code_is_harmless(client, persuasion, code):
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})

    answer = client.post("/basket/code/", {"code": code})

    assert answer.status_code == 422
    assert "<script>alert" not in answer.content.decode()


def test_who_tries_many_codes_must_wait_even_with_a_right_one(client, persuasion):
    cache.clear()
    a_voucher()
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    for number in range(20):
        assert client.post("/basket/code/", {"code": f"GUESS{number}"}).status_code == 422

    answer = client.post("/basket/code/", {"code": "SUMMER"})

    assert answer.status_code == 429
    assert not BasketCode.objects.exists()


def test_a_code_is_taken_out_again(client, persuasion):
    a_voucher()
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    client.post("/basket/code/", {"code": "SUMMER"})

    answer = client.post("/basket/code/remove/", {"code": "SUMMER"}, follow=True)

    assert answer.context["basket"].total == gbp("7.99")
    assert not BasketCode.objects.exists()


def test_a_promotion_works_by_itself_and_says_what_is_missing(client, books_page):
    crime = book("Emma", tags=["Crime"], price="9.00")
    promotion = Promotion(name="3 for 2 on crime")
    promotion.tags = [PromotionTag(tag=crime.book_tags.get().tag)]
    promotion.save()

    client.post("/basket/add/", {"edition": crime.editions.get().pk, "quantity": 2})
    assert "1 more book and you have “3 for 2 on crime”." in client.get("/basket/").content.decode()
    client.post("/basket/add/", {"edition": crime.editions.get().pk, "quantity": 1})

    priced = client.get("/basket/").context["basket"]
    assert (priced.goods_before, priced.total) == (gbp("27.00"), gbp("18.00"))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"is_active": False}, "This voucher is no longer in use."),
        ({"starts_at": dt.datetime(2099, 5, 1, 12, tzinfo=dt.UTC)}, "This voucher is valid from 1 May 2099."),
        ({"ends_at": dt.datetime(2001, 5, 1, 12, tzinfo=dt.UTC)}, "This voucher was valid until 1 May 2001."),
        ({"uses_in_all": 0}, "This voucher has been used up."),
        ({"minimum": Decimal(50)}, "It needs books it is for worth £50.00."),
        ({"customers": "other@example.org"}, "This voucher was made out to somebody else."),
        ({"currency": "EUR", "kind": "amount"}, "This voucher is for orders in EUR."),
    ],
)
def test_a_voucher_that_cannot_be_used_says_why(persuasion, fields, reason):
    a_voucher(**fields)

    assert note(with_code(filled_basket({persuasion: 1}))) == reason


def test_a_voucher_for_certain_books_reduces_only_those(books_page, persuasion):
    emma = book("Emma", price="10.00")
    a_voucher(books=[emma])
    basket = with_code(filled_basket({persuasion: 1, emma.editions.get(): 1}))

    assert {line.title: line.total for line in pricing.price_basket(basket).lines} == {
        "Persuasion": gbp("7.99"),
        "Emma": gbp("9.00"),
    }


def test_a_first_order_is_first_for_a_mailbox_however_it_is_spelled(persuasion):
    place(filled_basket({persuasion: 1}, email="Ada+books@example.org"))
    a_voucher(first_order_only=True)

    assert note(with_code(filled_basket({persuasion: 1}))) == "This voucher is for a first order."
    assert note(with_code(filled_basket({persuasion: 1}, email="adam@example.org"))) == ""


def test_of_two_first_orders_at_once_one_has_the_voucher(persuasion):
    """The other was priced before the one was there; what is asked again is asked under the voucher's lock."""
    a_voucher(first_order_only=True)
    one, other = (with_code(filled_basket({persuasion: 1})) for _tab in range(2))
    applied = pricing.price_basket(other).discounts.applied
    place(one)

    with pytest.raises(OrderChanged):
        vouchers.redeem(place(filled_basket({persuasion: 1})), list(applied))


def test_a_voucher_for_a_first_order_is_refused_for_a_second(persuasion):
    a_voucher(first_order_only=True)
    place(with_code(filled_basket({persuasion: 1})))

    assert note(with_code(filled_basket({persuasion: 1}))) == "This voucher is for a first order."


def test_once_per_customer_counts_the_guest_and_the_account_of_one_address(persuasion, ada):
    a_voucher(uses_per_customer=1)
    place(with_code(filled_basket({persuasion: 1}, email="Ada+books@example.org")))

    assert note(with_code(filled_basket({persuasion: 1}, user=ada))) == "You have used this voucher already."


def test_free_delivery_takes_the_charge_away(persuasion):
    a_voucher(kind="free-delivery", value=Decimal(0))
    basket = with_code(filled_basket({persuasion: 1}))

    priced = pricing.price_basket(basket)

    assert (priced.delivery, priced.total) == (gbp("0"), gbp("7.99"))


def test_codes_come_along_at_sign_in(client, persuasion, ada):
    a_voucher()
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    client.post("/basket/code/", {"code": "SUMMER"})
    token = Basket.objects.get().token

    baskets.merge(token, ada)

    assert BasketCode.objects.get().basket.user == ada


def test_the_basket_costs_no_more_queries_for_fifty_lines_than_for_one(
    client, books_page, django_assert_max_num_queries
):
    a_voucher()
    Promotion.objects.create(name="3 for 2")
    editions = shelf(f"Emma {number}" for number in range(50))
    client.post("/basket/add/", {"edition": editions[0].pk, "quantity": 1})
    client.post("/basket/code/", {"code": "SUMMER"})
    client.get("/basket/")
    with django_assert_max_num_queries(11):
        client.get("/basket/")
    for edition in editions[1:]:
        client.post("/basket/add/", {"edition": edition.pk, "quantity": 1})
    with django_assert_max_num_queries(11):
        assert len(client.get("/basket/").context["basket"].lines) == 50


# --- The order -----------------------------------------------------------------------------------


def test_the_order_keeps_what_was_taken_off_and_what_each_copy_cost(persuasion):
    a_voucher()
    order = place(with_code(filled_basket({persuasion: 2})))

    [discount] = order.discounts.all()
    assert (discount.name, discount.code, discount.amount) == ("Summer", "SUMMER", Decimal("1.60"))
    assert (order.goods_before, order.goods) == (gbp("15.98"), gbp("14.38"))
    assert [(line.list_gross, line.unit_gross) for line in order.lines.all()] == [
        (Decimal("7.99"), Decimal("7.19"))
    ] * 2
    assert order.invoice.snapshot["lines"][0]["unit"] == "7.19"
    assert Redemption.objects.get().customer == "ada@example.org"
    assert Voucher.objects.get().used == VoucherCode.objects.get().used == 1


def test_a_refused_voucher_is_kept_on_the_order_with_its_reason(persuasion):
    a_voucher(minimum=Decimal(50))
    order = place(with_code(filled_basket({persuasion: 1})))

    [discount] = order.discounts.all()
    assert discount.refusal == "It needs books it is for worth £50.00."
    assert not Redemption.objects.exists()
    assert order.reductions == []


def test_an_order_of_nothing_to_pay_is_placed(persuasion):
    a_voucher(value=Decimal(100))
    a_voucher("POST", kind="free-delivery", value=Decimal(0), is_combinable=True)
    Voucher.objects.update(is_combinable=True)
    basket = with_code(with_code(filled_basket({persuasion: 1})), "POST")

    assert place(basket).total == gbp("0")


def test_a_voucher_that_ends_between_the_page_and_the_click_is_confirmed_anew(persuasion):
    voucher = a_voucher()
    basket = with_code(filled_basket({persuasion: 1}))
    seen = pricing.price_basket(basket).fingerprint
    Voucher.objects.filter(pk=voucher.pk).update(ends_at=timezone.now())

    with pytest.raises(OrderChanged):
        checkout.place_order(basket.pk, seen=seen)


def test_a_cancelled_order_gives_its_voucher_back(persuasion):
    a_voucher(uses_in_all=1)
    order = place(with_code(filled_basket({persuasion: 1})))

    orders.cancel(order.pk, None)

    assert (Voucher.objects.get().used, VoucherCode.objects.get().used) == (0, 0)
    assert note(with_code(filled_basket({persuasion: 1}))) == ""


# --- Many at once --------------------------------------------------------------------------------


def ready(edition, number: int) -> Basket:
    return with_code(filled_basket({edition: 1}, email=f"reader{number}@example.org"))


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(("limit", "buyers"), [(1, 20), (7, 20)])
def test_a_voucher_is_used_as_often_as_it_may_be_and_no_more(books_page, limit, buyers):
    edition = book("Emma", availability="available").editions.get()
    voucher = a_voucher(uses_in_all=limit)
    filled = [ready(edition, number) for number in range(buyers)]

    answers = at_once(*[lambda basket=basket: place(basket) for basket in filled])

    reduced = Order.objects.filter(discount_amount__gt=0).count()
    voucher.refresh_from_db()
    assert reduced == voucher.used == Redemption.objects.count() == limit
    assert all(isinstance(answer, Order | OrderChanged) for answer in answers)


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_customer_in_many_tabs_uses_it_once(books_page):
    edition = book("Emma", availability="available").editions.get()
    a_voucher(uses_per_customer=1)
    filled = [with_code(filled_basket({edition: 1}, email=f"Ada+{n}@example.org")) for n in range(10)]

    at_once(*[lambda basket=basket: place(basket) for basket in filled])

    assert Order.objects.filter(discount_amount__gt=0).count() == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_control_without_the_guard_a_voucher_is_used_too_often(books_page):
    edition = book("Emma", availability="available").editions.get()
    a_voucher(uses_in_all=1)
    filled = [ready(edition, number) for number in range(8)]
    seen = [pricing.price_basket(basket).fingerprint for basket in filled]
    assert len(set(seen)) == 8

    with patch.object(vouchers, "redeem"):
        at_once(*[lambda basket=basket: place(basket) for basket in filled])

    assert Order.objects.filter(discount_amount__gt=0).count() > 1


# --- Staff ---------------------------------------------------------------------------------------


@pytest.fixture
def staff(client, db):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def test_a_marketer_makes_a_batch_of_codes_and_takes_them_away_as_csv(staff):
    voucher = a_voucher(uses_per_code=1)

    staff.post(f"/admin/vouchers/{voucher.pk}/codes/", {"batch": "1", "count": "50"})
    file = staff.get(f"/admin/vouchers/{voucher.pk}/codes.csv").content.decode().splitlines()

    assert (len(file), len(set(file))) == (52, 52)
    assert voucher.codes.count() == 51


def test_a_word_that_is_taken_is_refused(staff):
    voucher = a_voucher()

    answer = staff.post(f"/admin/vouchers/{voucher.pk}/codes/", {"word": "1", "code": "sum mer"})

    assert answer.status_code == 422
    assert "The code “sum mer” is taken." in answer.content.decode()


def test_the_lists_show_what_was_given_away(staff, persuasion):
    a_voucher()
    Promotion.objects.create(name="Everything at half price", kind="percent", percent=Decimal(50))
    place(with_code(filled_basket({persuasion: 2})))

    promotions = staff.get("/admin/snippets/commerce/promotion/").content.decode()
    listed = staff.get("/admin/snippets/commerce/voucher/").content.decode()

    assert "£8.00" in promotions
    assert "£0.80" in listed


def test_a_voucher_that_works_on_a_part_of_an_order_is_counted(staff, persuasion):
    a_voucher()
    mug = book("A mug", format="gift", price="10.00").editions.get()
    place(with_code(filled_basket({persuasion: 1, mug: 1}, country="FR", postcode="75001")))

    assert OrderDiscount.objects.get().refusal
    [voucher] = with_figures(Voucher.objects.all(), "voucher")
    assert (voucher.orders, voucher.given) == (1, Decimal("0.83"))


def test_who_may_not_change_vouchers_sees_no_codes(client, ada):
    voucher = a_voucher()
    client.force_login(ada)

    assert client.get(f"/admin/vouchers/{voucher.pk}/codes/").status_code in {302, 403}
