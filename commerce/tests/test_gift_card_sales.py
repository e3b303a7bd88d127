"""Gift cards are bought like books, made when they are paid, mailed on their day, taken back while nothing is spent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.utils import timezone

from commerce import pricing
from commerce.bookkeeping.gift_cards import drifts
from commerce.exceptions import BasketFull, CannotSend, IllegalTransition, NotForSale
from commerce.models import Basket, BasketGiftCard, GiftCard, GiftCardSettings, Order, Promotion
from commerce.models.order import LineStatus, OrderStatus
from commerce.services import baskets, gift_card_sales, gift_cards, orders, payments
from commerce.services.baskets import Owner
from commerce.tests.factories import card_order, filled_basket, gift_card, pay, place
from commerce.tests.test_vouchers import a_voucher, with_code
from core.money import Money

pytestmark = pytest.mark.django_db

FORM = {"amount": "25.00", "other": "", "recipient_name": "", "recipient_email": "", "message": "", "send_on": ""}
BOB = {"recipient_name": "Bob", "recipient_email": "bob@example.org", "message": "Read on!"}


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def day(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def to(address: str, mailoutbox) -> list:
    return [mail for mail in mailoutbox if mail.to == [address] and "gift card" in mail.subject]


# --- The page and the basket ---------------------------------------------------------------------


def test_a_card_goes_into_the_basket_beside_books_and_no_rule_knows_of_it(client, persuasion):
    a_voucher()
    Promotion.objects.create(name="Free delivery", kind="free-delivery", minimum=Decimal(20))
    client.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    client.post("/basket/code/", {"code": "SUMMER"})

    answer = client.post("/gift-cards/", {**FORM, **BOB}, follow=True)

    assert answer.redirect_chain == [("/basket/", 302)]
    page = answer.content.decode()
    assert "Gift card for Bob" in page
    assert "By e-mail to bob@example.org" in page
    assert "£12.01 more and delivery is free." in page
    priced = answer.context["basket"]
    assert (priced.goods_before, priced.goods, priced.count) == (gbp("32.99"), gbp("32.19"), 2)
    assert sum((row.gross for row in priced.taxes), gbp("0")) == gbp("7.19")
    assert client.get("/basket/summary/").json()["count"] == 2


def test_another_amount_is_typed_within_the_limits(client, db):
    client.post("/gift-cards/", {**FORM, "other": "33.50"})

    assert BasketGiftCard.objects.get().total == gbp("33.50")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": ""}, "How much is it to hold?"),
        ({"amount": "7.77"}, "Please choose an amount."),
        ({"other": "4.99"}, "A gift card holds from £5.00 to £500.00."),
        ({"other": "500.01"}, "A gift card holds from £5.00 to £500.00."),
        ({"other": "NaN"}, "Enter a number."),
        ({"other": "10.005"}, "no more than 2 decimal places"),
        ({"recipient_email": "not an address"}, "Enter a valid email address."),
        ({"recipient_email": "bob@example.org\r\nBcc: x@evil.example"}, "Enter a valid email address."),
        ({"send_on": "2001-01-01", "recipient_email": "bob@example.org"}, "Please choose a day of the coming year."),
        ({"send_on": "tomorrow"}, "Enter a valid date."),
        ({"message": "x" * 501}, "at most 500 characters"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_added(client, db, change, said):
    answer = client.post("/gift-cards/", {**FORM, **change})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Basket.objects.exists()


def test_a_day_needs_an_address(client, db):
    answer = client.post("/gift-cards/", {**FORM, "send_on": day(3).isoformat()})

    assert "To whom is it sent on that day?" in answer.content.decode()


def test_a_card_is_taken_out_of_the_basket_and_only_its_owner_takes_it(client, persuasion):
    client.post("/gift-cards/", FORM)
    stranger = type(client)()
    stranger.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    card = BasketGiftCard.objects.get()

    stranger.post("/basket/remove/", {"card": card.pk})
    assert BasketGiftCard.objects.exists()
    page = client.post("/basket/remove/", {"card": card.pk}, follow=True).content.decode()

    assert "Your basket is empty" in page
    assert not BasketGiftCard.objects.exists()


def test_cards_come_along_at_sign_in(client, ada):
    client.post("/gift-cards/", FORM)

    baskets.merge(Basket.objects.get().token, ada)

    assert BasketGiftCard.objects.get().basket.user == ada


def test_a_basket_holds_only_so_many_and_a_shop_may_sell_none(client, db):
    owner = Owner(token="t" * 43)
    for _card in range(20):
        baskets.add_gift_card(owner, gbp("10"))
    with pytest.raises(BasketFull):
        baskets.add_gift_card(owner, gbp("10"))

    GiftCardSettings.objects.update(is_sold=False)
    with pytest.raises(NotForSale):
        baskets.add_gift_card(owner, gbp("10"))
    assert "We do not sell gift cards at the moment." in client.get("/gift-cards/").content.decode()


def test_a_gift_card_cannot_be_paid_with_a_gift_card(persuasion):
    _card, code = gift_card("100.00")
    basket = filled_basket({persuasion: 1})
    baskets.add_gift_card(Owner(token=basket.token), gbp("50.00"))

    priced = pricing.price_basket(with_code(basket, code))

    assert (priced.total, priced.to_pay) == (gbp("60.94"), gbp("50.00"))


# --- The order -----------------------------------------------------------------------------------


def test_cards_alone_need_a_name_and_a_country_but_neither_street_nor_delivery(client, db):
    client.post("/gift-cards/", {**FORM, **BOB})
    page = client.get("/checkout/").content.decode()
    assert "Who buys the gift card?" in page
    assert "Address line 1" not in page

    answer = client.post("/checkout/", {"email": "ada@example.org", "full_name": "Ada", "country": "GB"})
    review = client.get(answer.headers["Location"])
    client.post("/checkout/review/", {"payment": "invoice", "shown": review.context["shown"]})

    order = Order.objects.get()
    [line] = order.lines.all()
    assert (line.is_gift_card, line.edition, line.price, line.unit_tax) == (True, None, gbp("25.00"), 0)
    assert order.taxes.count() == 0
    page = client.get(f"/checkout/done/{order.token}/").content.decode()
    assert "Made as soon as you have paid." in page
    invoice = client.get(f"/orders/{order.token}/invoice/").content.decode()
    assert "A gift card bears no VAT: that is due on what it buys." in invoice
    assert "Please transfer £25.00" in invoice


def test_a_card_is_made_and_mailed_when_its_order_is_paid_and_no_sooner(mailoutbox):
    order = card_order("25.00", **BOB)
    assert gift_card_sales.issue_for(order) == 0
    assert GiftCard.objects.get().code == ""

    pay(order)
    assert gift_card_sales.issue_for(order) == 0, "asked again, nothing happens"

    card = GiftCard.objects.get()
    assert (card.status, card.balance) == ("active", gbp("25.00"))
    [mail] = to("bob@example.org", mailoutbox)
    assert mail.subject == "A gift card of BookTime for you"
    for text in (mail.body, mail.alternatives[0].content):
        assert card.code in text
        assert "Ada Lovelace gives you a gift card" in text
        assert "Read on!" in text
    assert gift_cards.find(card.code) == card
    order.refresh_from_db()
    assert (order.lines.get().status, order.status) == (LineStatus.SENT, OrderStatus.DONE)
    assert list(drifts()) == []


def test_what_a_colleague_marks_as_paid_is_issued_by_the_clock(ada, mailoutbox):
    order = card_order("25.00", **BOB)
    payments.mark_paid(order.pk, ada)

    call_command("follow_gift_cards")
    call_command("follow_gift_cards")

    assert len(to("bob@example.org", mailoutbox)) == 1


def test_a_card_is_mailed_on_its_day(mailoutbox):
    order = pay(card_order("25.00", **BOB, send_on=day(5)))
    call_command("follow_gift_cards")
    assert to("bob@example.org", mailoutbox) == []
    assert order.lines.get().status == LineStatus.NEW

    with patch.object(timezone, "localdate", return_value=day(5)):
        call_command("follow_gift_cards")
        call_command("follow_gift_cards")

    assert len(to("bob@example.org", mailoutbox)) == 1
    assert order.lines.get().status == LineStatus.SENT


def test_a_card_without_an_address_comes_to_who_bought_it_to_print(client, mailoutbox):
    order = pay(card_order("25.00"))

    [mail] = to("ada@example.org", mailoutbox)
    card = GiftCard.objects.get()
    path = f"/orders/{order.token}/gift-cards/{card.pk}/"
    assert path in mail.body
    page = client.get(path)
    assert card.code in page.content.decode()
    assert (page["Cache-Control"], page["X-Robots-Tag"], page["Referrer-Policy"]) == (
        "no-store, private", "noindex", "no-referrer",
    )  # fmt: skip


def test_a_card_blocked_before_its_mail_is_mailed_once_it_is_good_again(ada, mailoutbox):
    pay(card_order("25.00", **BOB, send_on=day(1)))
    card = GiftCard.objects.get()
    gift_cards.block(card.pk, ada, "a doubt")
    GiftCard.objects.update(send_on=None)
    call_command("follow_gift_cards")
    assert to("bob@example.org", mailoutbox) == []

    gift_cards.unblock(card.pk, ada, "no doubt")
    call_command("follow_gift_cards")

    assert len(to("bob@example.org", mailoutbox)) == 1


def test_a_code_that_the_shop_cannot_read_any_more_is_replaced_when_it_is_mailed(settings, mailoutbox):
    pay(card_order("25.00", **BOB))
    card = GiftCard.objects.get()
    former = card.code
    GiftCard.objects.update(sealed="what another key sealed")

    gift_card_sales.send_again(GiftCard.objects.get())

    card.refresh_from_db()
    assert card.code in to("bob@example.org", mailoutbox)[-1].body
    assert (gift_cards.find(former), gift_cards.find(card.code)) == (None, card)


def test_the_years_that_a_card_is_good_for_end_with_a_year(db):
    GiftCardSettings.objects.create(valid_years=3)
    pay(card_order("25.00"))

    assert GiftCard.objects.get().valid_until == dt.date(timezone.localdate().year + 3, 12, 31)


def test_books_and_a_card_in_one_order_go_their_own_ways(persuasion, ada):
    basket = filled_basket({persuasion: 1})
    baskets.add_gift_card(Owner(token=basket.token), gbp("25.00"), **BOB)
    order = pay(place(basket))

    assert {line.title: line.status for line in order.lines.all()} == {"Persuasion": "new", "Gift card": "sent"}
    order.refresh_from_db()
    assert order.status == OrderStatus.PROCESSING


# --- Taken back ----------------------------------------------------------------------------------


def test_an_order_cancelled_before_it_is_paid_takes_its_cards_back(ada):
    order = card_order("25.00")

    orders.cancel(order.pk, ada)

    assert GiftCard.objects.get().status == "withdrawn"
    order.refresh_from_db()
    pay(order)
    assert GiftCard.objects.get().code == "", "a late payment makes no card of it"


def test_a_card_that_nobody_used_is_taken_back_with_its_order(ada):
    order = pay(card_order("25.00", **BOB, send_on=day(5)))

    orders.cancel(order.pk, ada, "a mistake")

    card = GiftCard.objects.get()
    assert (card.status, card.balance) == ("withdrawn", gbp("0"))
    assert gift_cards.find(card.code) is None
    assert list(drifts()) == []


def test_a_card_that_was_spent_in_part_is_not_taken_back(persuasion, ada):
    order = pay(card_order("25.00", **BOB, send_on=day(5)))
    card = GiftCard.objects.get()
    place(with_code(filled_basket({persuasion: 1}), card.code))

    with pytest.raises(IllegalTransition, match="has been spent in part"):
        orders.cancel(order.pk, ada)

    order.refresh_from_db()
    card.refresh_from_db()
    assert (order.status, card.status, card.balance) == ("placed", "active", gbp("14.06"))


def test_nobody_sends_a_card_that_is_not_paid(ada):
    order = card_order("25.00")

    with pytest.raises(CannotSend, match="goes out by itself"):
        orders.mark_lines_sent(order.pk, [order.lines.get().pk], ada)

    assert order.lines.get().status == LineStatus.NEW


# --- What is left --------------------------------------------------------------------------------


def test_whoever_has_the_code_reads_what_is_left(client, persuasion):
    card, code = gift_card("20.00")
    place(with_code(filled_basket({persuasion: 1}), code))

    answer = client.post("/gift-cards/balance/", {"code": code.lower()})

    page = answer.content.decode()
    assert "<strong>£9.06</strong> of £20.00 is left." in page
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store, private", "noindex")
    assert "£" not in client.get("/gift-cards/balance/", {"code": code}).content.decode().partition("<main")[2]


def test_an_unknown_code_and_a_blocked_one_are_told_alike(client, ada):
    card, code = gift_card()
    gift_cards.block(card.pk, ada, "stolen")

    pages = [client.post("/gift-cards/balance/", {"code": text}) for text in (code, "NOSUCH-CARD")]

    assert {page.status_code for page in pages} == {422}
    assert all("We do not know a gift card with this code." in page.content.decode() for page in pages)
