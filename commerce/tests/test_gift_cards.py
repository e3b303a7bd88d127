"""Gift cards pay: typed, taken from, given back to, and never for more than they hold."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from functools import partial
from unittest.mock import patch

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from catalog.tests.factories import book
from commerce import gift_codes, pricing
from commerce.bookkeeping.gift_cards import drifts
from commerce.exceptions import CardRefused, OrderChanged
from commerce.models import Basket, BasketCode, GiftCard, GiftCardEntry, Order, Payment
from commerce.models.order import PaymentStatus
from commerce.services import baskets, checkout, gift_cards, refunds
from commerce.tests.factories import filled_basket, gift_card, place
from commerce.tests.test_races import at_once, last_click
from commerce.tests.test_vouchers import a_voucher, with_code
from core.money import Money

pytestmark = pytest.mark.django_db


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def balance(card: GiftCard) -> Money:
    return GiftCard.objects.get(pk=card.pk).balance


def ledger(card: GiftCard) -> list[tuple[str, str, str]]:
    """Kind, amount and balance of each entry."""
    return [(entry.kind, str(entry.money), str(entry.balance)) for entry in card.entries.select_related("card")]


# --- The code ------------------------------------------------------------------------------------


def test_a_code_is_stored_as_a_digest_and_a_sealed_copy_and_staff_see_its_last_four():
    card, code = gift_card()

    assert len(code.replace("-", "")) * 5 >= 60, "bits of chance"
    stored = " ".join(str(value) for value in GiftCard.objects.values_list().get(pk=card.pk))
    assert code not in stored
    assert code.replace("-", "") not in stored
    assert str(card) == f"Gift card …{code[-4:]}"


def test_a_card_is_good_after_the_key_of_the_shop_has_changed_but_its_code_is_told_no_more():
    card, code = gift_card()

    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]):
        assert gift_cards.find(code) == card
        assert card.code == ""


def test_a_code_is_read_with_the_former_key_while_that_is_kept(settings):
    former = settings.SECRET_KEY
    card, code = gift_card()

    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[former]):
        assert card.code == code


def test_codes_are_never_the_same():
    assert len({gift_codes.new_code() for _number in range(1000)}) == 1000


# --- The basket ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write", [str, str.lower, lambda code: code.replace("-", ""), lambda code: f"  {code} ".replace("-", " - ")]
)
def test_a_code_is_understood_however_it_is_written(client, persuasion, write):
    _card, code = gift_card("20.00")
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})

    answer = client.post("/basket/code/", {"code": write(code)}, follow=True)

    page = answer.content.decode()
    assert f"Gift card …{code[-4:]}" in page
    assert "£7.99 of £20.00 used, £12.01 left after this order" in page
    assert code not in page
    priced = answer.context["basket"]
    assert (priced.total, priced.to_pay) == (gbp("7.99"), gbp("0"))


def test_a_card_changes_no_price_no_tax_and_no_total(persuasion):
    _card, code = gift_card("5.00")
    basket = filled_basket({persuasion: 2})
    before = pricing.price_basket(basket)

    after = pricing.price_basket(with_code(basket, code))

    assert (after.goods, after.tax, after.total, after.taxes) == (before.goods, before.tax, before.total, before.taxes)
    assert after.to_pay == before.total - gbp("5.00")


def test_two_cards_pay_one_after_the_other_and_a_third_is_left_alone(persuasion):
    basket = filled_basket({persuasion: 1})  # £7.99 and £2.95 of delivery
    for amount in ("4.00", "20.00", "10.00"):
        with_code(basket, gift_card(amount)[1])

    found = pricing.price_basket(basket).gift_cards

    assert [(card.used, card.left) for card in found] == [
        (gbp("4.00"), gbp("0")), (gbp("6.94"), gbp("13.06")), (gbp("0"), gbp("10.00")),
    ]  # fmt: skip
    assert found[2].note == "There is nothing left for it to pay."


def test_a_voucher_comes_first_and_the_card_pays_what_is_left(persuasion):
    a_voucher()
    card, code = gift_card("3.00")
    basket = with_code(with_code(filled_basket({persuasion: 2}), code))

    priced = pricing.price_basket(basket)

    assert priced.goods == gbp("14.38")
    assert priced.to_pay == priced.total - gbp("3.00")


@pytest.mark.parametrize("state", ["unknown", "blocked", "over"])
def test_what_is_unknown_and_what_cannot_pay_get_the_same_answer(client, persuasion, ada, state):
    card, code = gift_card()
    if state == "unknown":
        code = gift_codes.new_code()
    elif state == "blocked":
        gift_cards.block(card.pk, ada, "stolen")
    else:
        GiftCard.objects.update(valid_until=timezone.localdate() - dt.timedelta(days=1))
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})

    answer = client.post("/basket/code/", {"code": code})

    assert answer.status_code == 422
    assert f"We do not know the code “{code}”." in answer.content.decode()
    assert not BasketCode.objects.exists()


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"status": "blocked"}, "This gift card cannot be used."),
        ({"valid_until": dt.date(2001, 5, 1)}, "This gift card was good until 1 May 2001."),
        ({"currency": "EUR"}, "This gift card is for orders in EUR."),
        ({"balance_amount": Decimal(0)}, "Nothing is left on this card."),
    ],
)
def test_a_card_that_ceases_to_be_good_in_the_basket_says_why(persuasion, change, note):
    _card, code = gift_card()
    basket = with_code(filled_basket({persuasion: 1}), code)
    GiftCard.objects.update(**change)

    [found] = pricing.price_basket(basket).gift_cards

    assert (found.note, found.used.amount) == (note, 0)
    assert pricing.price_basket(basket).to_pay == pricing.price_basket(basket).total


def test_tries_of_gift_cards_and_vouchers_are_counted_together(client, persuasion):
    _card, code = gift_card()
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    for number in range(10):
        assert client.post("/basket/code/", {"code": f"GUESS{number}"}).status_code == 422
        assert client.post("/gift-cards/balance/", {"code": f"GUESS{number}"}).status_code == 422

    assert client.post("/basket/code/", {"code": code}).status_code == 429
    assert client.post("/gift-cards/balance/", {"code": code}).status_code == 429
    assert not BasketCode.objects.exists()


def test_a_card_is_taken_out_of_the_basket_again(client, persuasion):
    card, code = gift_card()
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    client.post("/basket/code/", {"code": code})

    answer = client.post("/basket/code/remove/", {"card": card.pk}, follow=True)

    assert answer.context["basket"].gift_cards == ()


def test_cards_come_along_at_sign_in_once(client, persuasion, ada):
    _card, code = gift_card()
    with_code(filled_basket({persuasion: 1}, user=ada), code)
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    client.post("/basket/code/", {"code": code})
    client.post("/basket/code/", {"code": gift_card()[1]})

    baskets.merge(Basket.objects.get(user=None).token, ada)

    assert BasketCode.objects.filter(basket__user=ada).count() == 2


def test_the_basket_costs_no_query_more_with_a_gift_card(client, persuasion, django_assert_max_num_queries):
    a_voucher()
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    client.post("/basket/code/", {"code": "SUMMER"})
    client.post("/basket/code/", {"code": gift_card()[1]})
    client.get("/basket/")

    with django_assert_max_num_queries(11):
        assert len(client.get("/basket/").context["basket"].gift_cards) == 1


# --- The order -----------------------------------------------------------------------------------


def test_an_order_that_a_card_pays_in_part_is_partly_paid_and_says_what_is_left(client, persuasion):
    card, code = gift_card("5.00")

    order = place(with_code(filled_basket({persuasion: 1}), code))

    assert (order.total, order.to_pay) == (gbp("10.94"), gbp("5.94"))
    assert order.payment_status == PaymentStatus.PARTLY_PAID
    payment = Payment.objects.get()
    assert (payment.method, payment.captured, payment.reference) == (
        "gift-card", gbp("5.00"), card.entries.get(kind="redeemed").reference,
    )  # fmt: skip
    assert ledger(card) == [("issued", "£5.00", "£5.00"), ("redeemed", "-£5.00", "£0.00")]
    for path in (f"/checkout/done/{order.token}/", f"/orders/{order.token}/invoice/"):
        page = client.get(path).content.decode()
        assert f"Gift card …{code[-4:]}" in page
        assert "£5.94" in page
        assert code not in page
    assert list(drifts()) == []


def test_an_order_that_a_card_pays_whole_is_paid_at_once(client, persuasion, mailoutbox):
    card, code = gift_card("50.00")

    order = place(with_code(filled_basket({persuasion: 1}), code))

    assert (order.payment_status, order.payment_method, order.to_pay) == ("paid", "gift-card", gbp("0"))
    assert balance(card) == gbp("39.06")
    assert "Please transfer" not in client.get(f"/checkout/done/{order.token}/").content.decode()
    invoice = client.get(f"/orders/{order.token}/invoice/").content.decode()
    assert "How to pay" not in invoice
    [confirmation] = [mail for mail in mailoutbox if order.number in mail.subject]
    assert f"Gift card …{code[-4:]}: -£10.94" in confirmation.body
    assert "Please transfer" not in confirmation.body


def test_the_review_page_asks_for_no_payment_where_cards_pay_everything(client, persuasion):
    _card, code = gift_card("50.00")
    basket = with_code(filled_basket({persuasion: 1}), code)
    answer = last_click(basket)()

    assert Order.objects.get().get_absolute_url() == answer.headers["Location"]


def test_a_card_spent_elsewhere_between_the_page_and_the_click_is_confirmed_anew(persuasion):
    card, code = gift_card("5.00")
    one, other = (with_code(filled_basket({persuasion: 1}), code) for _tab in range(2))
    seen = pricing.price_basket(other).fingerprint
    place(one)

    with pytest.raises(OrderChanged):
        checkout.place_order(other.pk, seen=seen)

    assert Order.objects.count() == 1
    assert balance(card) == gbp("0")


def test_many_small_orders_empty_a_card_to_the_penny(persuasion):
    card, code = gift_card("32.81")
    for _order in range(2):
        place(with_code(filled_basket({persuasion: 1}), code))  # £10.94 each

    order = place(with_code(filled_basket({persuasion: 1}), code))

    assert (order.to_pay, balance(card)) == (gbp("0.01"), gbp("0"))
    assert list(drifts()) == []


# --- Money back ----------------------------------------------------------------------------------


def test_a_cancelled_order_gives_the_card_its_money_back_once(persuasion):
    card, code = gift_card("20.00")
    order = place(with_code(filled_basket({persuasion: 1}), code))

    refunds.cancel(order.pk, None, "")
    refunds.cancel(order.pk, None, "")

    assert ledger(card)[1:] == [("redeemed", "-£10.94", "£9.06"), ("refunded", "£10.94", "£20.00")]


def test_part_of_a_payment_goes_back_once_for_each_key_and_no_more_than_was_paid(persuasion):
    card, code = gift_card("20.00")
    place(with_code(filled_basket({persuasion: 1}), code))
    reference = Payment.objects.get().reference

    for _twice in range(2):
        gift_cards.put_back(reference, gbp("4.00"), key="refund-1")
    with pytest.raises(CardRefused):
        gift_cards.put_back(reference, gbp("7.00"), key="refund-2")
    assert balance(card) == gbp("13.06")

    gift_cards.put_back(reference, gbp("6.94"), key="refund-3")
    assert balance(card) == gbp("20.00")


def test_what_comes_back_onto_a_card_whose_time_is_over_may_be_spent_for_another_year(persuasion):
    card, code = gift_card("20.00")
    order = place(with_code(filled_basket({persuasion: 1}), code))
    GiftCard.objects.update(valid_until=timezone.localdate() - dt.timedelta(days=1))
    gift_cards.expire(timezone.localdate())

    refunds.cancel(order.pk, None, "")
    gift_cards.expire(timezone.localdate())

    assert balance(card) == gbp("10.94")
    assert gift_cards.find(code) == card


def test_a_card_whose_last_day_has_passed_holds_nothing_any_more():
    over, _code = gift_card(valid_until=timezone.localdate() - dt.timedelta(days=1))
    today, _code = gift_card(valid_until=timezone.localdate())

    assert gift_cards.expire(timezone.localdate()) == 1
    assert gift_cards.expire(timezone.localdate()) == 0

    assert (balance(over), balance(today)) == (gbp("0"), gbp("20.00"))
    assert ledger(over)[1:] == [("expired", "-£20.00", "£0.00")]


# --- What the database holds, whoever writes -------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"balance_amount": Decimal("-0.01")},
        {"balance_amount": Decimal("20.01")},
        {"status": "withdrawn"},
        {"digest": None},
    ],
)
def test_the_database_refuses_a_card_that_cannot_be(change):
    card, _code = gift_card("20.00")
    with pytest.raises(IntegrityError), transaction.atomic():
        GiftCard.objects.filter(pk=card.pk).update(**change)


def test_an_audit_names_what_does_not_add_up(persuasion):
    card, code = gift_card("20.00")
    place(with_code(filled_basket({persuasion: 1}), code))
    assert list(drifts()) == []

    GiftCard.objects.filter(pk=card.pk).update(balance_amount=Decimal("9.05"))
    Payment.objects.update(captured_amount=Decimal("10.93"))

    found = " ".join(map(str, drifts()))
    assert "holds 9.05" in found
    assert "was not taken off a gift card" in found


# --- Many at once --------------------------------------------------------------------------------


def raced(amount: str, buyers: int) -> tuple[GiftCard, list[tuple[Basket, str]]]:
    """A card, and baskets at £7.99 that all mean to pay with it, each with what its shopper sees."""
    edition = book("Emma", availability="available", format="ebook", price="7.99").editions.get()
    card, code = gift_card(amount)
    filled = [
        with_code(filled_basket({edition: 1}, email=f"reader{number}@example.org"), code) for number in range(buyers)
    ]
    return card, [(basket, pricing.price_basket(basket).fingerprint) for basket in filled]


def place_at_once(seen: list[tuple[Basket, str]]) -> list[object]:
    return at_once(*[partial(checkout.place_order, basket.pk, seen=shown) for basket, shown in seen])


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_twenty_orders_at_once_never_spend_more_than_a_card_holds(books_page):
    card, seen = raced("20.00", 20)

    answers = place_at_once(seen)

    placed = [answer for answer in answers if isinstance(answer, Order)]
    assert len(placed) == 2, "£7.99 twice; the third shopper sees that £4.02 is left"
    assert {type(answer) for answer in answers} == {Order, OrderChanged}
    assert balance(card) == gbp("4.02")
    assert Payment.objects.count() == 2
    assert list(drifts()) == []


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time: there is no race")
def test_control_without_the_guard_a_card_is_spent_too_often(books_page):
    card, seen = raced("20.00", 8)

    def read_check_write(card_id, kind, amount, *, only=None, order=None):
        card = GiftCard.objects.get(pk=card_id)
        assert card.balance_amount >= -amount.amount
        time.sleep(0.05)
        GiftCard.objects.filter(pk=card_id).update(balance_amount=card.balance_amount + amount.amount)
        return GiftCardEntry.objects.create(
            card_id=card_id, kind=kind, amount=amount.amount, balance_amount=card.balance_amount, order=order
        )

    with patch.object(gift_cards, "_move", read_check_write):
        place_at_once(seen)

    assert Payment.objects.count() > 2
    assert list(drifts()) != []


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_cancelled_twice_at_once_the_money_comes_back_once(books_page):
    card, [(basket, shown)] = raced("20.00", 1)
    order = checkout.place_order(basket.pk, seen=shown)

    at_once(*[lambda: refunds.cancel(order.pk, None, "") for _click in range(8)])

    assert balance(card) == gbp("20.00")
    assert card.entries.filter(kind="refunded").count() == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_cards_in_opposite_order_do_not_block_each_other(books_page):
    edition = book("Emma", availability="available", format="ebook", price="7.99").editions.get()
    one, two = gift_card("80.00")[1], gift_card("80.00")[1]
    filled = []
    for number in range(12):
        basket = filled_basket({edition: 12}, email=f"reader{number}@example.org")
        filled.append(with_code(with_code(basket, one if number % 2 else two), two if number % 2 else one))
    seen = [(basket, pricing.price_basket(basket).fingerprint) for basket in filled]

    answers = place_at_once(seen)

    assert {type(answer) for answer in answers} <= {Order, OrderChanged}
    assert list(drifts()) == []
