"""Copies on the shelf are kept for who began the checkout: for fifteen minutes, and never against themselves."""

from __future__ import annotations

import datetime as dt
import re
import time
from unittest.mock import patch

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from catalog.models import StockRecord
from catalog.tests.factories import book
from commerce import pricing
from commerce.exceptions import OutOfStock
from commerce.models import Basket, Order, StockHold
from commerce.promises import time_of_day
from commerce.services import baskets, checkout, holds
from commerce.tests.factories import DETAILS, filled_basket, place, standard_delivery
from commerce.tests.test_races import at_once
from commerce.tests.test_story import shown
from commerce.views.checkout import MOST_COPIES_HELD

pytestmark = pytest.mark.django_db


@pytest.fixture
def last_copy(books_page):
    """One on the shelf, and no more to be had."""
    return book("Emma", in_stock=1).editions.get()


def begin(client: Client, edition, quantity: int = 1) -> None:
    """Fill the basket and submit the first screen."""
    client.post("/basket/add/", {"edition": edition.pk, "quantity": quantity})
    client.post("/checkout/", DETAILS)


def finish(client: Client):
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    review = client.get("/checkout/review/")
    if review.status_code != 200:
        return review
    return client.post("/checkout/review/", {"shown": shown(review), "payment": "invoice"})


def pass_the_time() -> None:
    """The holds that there are have run out."""
    StockHold.objects.update(until=timezone.now() - dt.timedelta(seconds=1))


class TestAgainstOthers:
    def test_the_last_copy_is_kept_for_who_began_and_the_other_one_is_told_until_when(self, client, last_copy):
        other = Client()
        other.post("/basket/add/", {"edition": last_copy.pk, "quantity": 1})
        begin(client, last_copy)
        held = StockHold.objects.get()
        until = time_of_day(held.until)

        page = other.get("/basket/").content.decode()
        refused = other.get("/checkout/", follow=True)

        assert re.fullmatch(r"\d\d:\d\d", until)
        assert dt.timedelta(minutes=14) < held.until - timezone.now() <= dt.timedelta(minutes=15)
        assert f"Emma is held by another shopper until {until}." in page
        assert refused.redirect_chain == [("/basket/", 302)]
        assert f"until {until}" in refused.content.decode()
        assert finish(client).headers["Location"].startswith("/checkout/done/")
        assert not StockHold.objects.exists()

    def test_somebody_who_stood_at_the_last_button_is_refused_and_nothing_is_written(self, client, last_copy):
        late = filled_basket({last_copy: 1})
        seen = pricing.price_basket(late).fingerprint
        begin(client, last_copy)

        with pytest.raises(OutOfStock, match="Emma"):
            checkout.place_order(late.pk, seen=seen)

        assert not Order.objects.exists()
        assert StockRecord.objects.get(edition=last_copy).allocated == 0
        assert StockHold.objects.get().basket != late

    def test_after_the_time_the_copy_is_anybodys_without_any_job(self, client, last_copy):
        begin(client, last_copy)
        pass_the_time()
        other = Client()
        begin(other, last_copy)

        assert finish(other).headers["Location"].startswith("/checkout/done/")
        assert "Emma has just been sold out." in client.get("/basket/").content.decode()

    def test_some_copies_are_free_and_the_others_are_held(self, client, books_page):
        edition = book("Emma", in_stock=3).editions.get()
        begin(client, edition, 2)
        other = Client()
        other.post("/basket/add/", {"edition": edition.pk, "quantity": 3})

        assert (
            "Only 1 copy of Emma is free; another shopper holds more of them" in other.get("/basket/").content.decode()
        )
        begin_with_one = Client()
        begin(begin_with_one, edition, 1)
        assert finish(begin_with_one).headers["Location"].startswith("/checkout/done/")

    def test_what_the_supplier_delivers_is_held_as_far_as_the_shelf_goes(self, client, books_page):
        edition = book("Emma", in_stock=1, availability="available").editions.get()
        begin(client, edition, 3)
        other = filled_basket({edition: 1})

        order = place(other)

        assert StockHold.objects.get().quantity == 1
        assert [line.is_allocated for line in order.lines.all()] == [False]
        finish(client)
        mine = Order.objects.exclude(pk=order.pk).get()
        assert sorted(line.is_allocated for line in mine.lines.all()) == [False, False, True]

    def test_pages_of_books_show_the_shelf_and_no_holds(self, client, last_copy):
        begin(client, last_copy)
        page = Client().get(last_copy.product.url).content.decode()
        assert re.search(r"data-availability[^>]*>(?s:.){0,200}Only 1 left", page)


class TestForOneself:
    def test_who_starts_again_and_again_renews_one_hold_and_can_finish(self, client, last_copy):
        begin(client, last_copy)
        first = StockHold.objects.get().until
        for _time in range(2):
            client.get("/basket/")
            client.post("/checkout/", DETAILS)

        held = StockHold.objects.get()
        assert (held.quantity, held.until > first) == (1, True)
        assert f"until {time_of_day(held.until)}" in client.get("/checkout/delivery/").content.decode()
        assert finish(client).headers["Location"].startswith("/checkout/done/")

    def test_who_renews_it_on_and_on_lets_others_have_their_turn_after_an_hour(self, client, settings, last_copy):
        begin(client, last_copy)
        longest = StockHold.objects.get().begun_at + holds.LONGEST * settings.CHECKOUT_HOLD
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for _time in range(8):
                clock.shift(settings.CHECKOUT_HOLD - dt.timedelta(minutes=5))
                if timezone.now() < longest:
                    client.post("/checkout/", DETAILS)
                    assert timezone.now() < StockHold.objects.get().until <= longest

            clock.move_to(longest + dt.timedelta(seconds=1))
            other = Client()
            begin(other, last_copy)
            assert finish(other).headers["Location"].startswith("/checkout/done/")

    def test_in_another_browser_after_signing_in(self, ada, last_copy):
        one, two = Client(), Client()
        one.force_login(ada)
        two.force_login(ada)
        begin(one, last_copy)

        assert two.get("/checkout/delivery/").status_code == 200
        assert finish(two).headers["Location"].startswith("/checkout/done/")

    def test_what_a_guest_held_is_theirs_after_signing_in(self, client, ada, last_copy):
        begin(client, last_copy)
        baskets.merge(Basket.objects.get().token, ada)

        mine = Basket.objects.get()
        assert (mine.user, mine.holds.get().quantity) == (ada, 1)
        client.force_login(ada)
        assert finish(client).headers["Location"].startswith("/checkout/done/")

    def test_two_holds_of_one_customer_become_one_that_is_no_more_than_wanted(self, ada, books_page):
        edition = book("Emma", in_stock=5).editions.get()
        mine, guest = filled_basket({edition: 2}, user=ada), filled_basket({edition: 2})
        holds.hold(mine.pk)
        holds.hold(guest.pk)
        StockHold.objects.filter(basket=mine).update(until=timezone.now() - dt.timedelta(seconds=1))

        baskets.merge(guest.token, ada)

        assert StockHold.objects.get().quantity == 2, "what had run out does not come back"
        assert baskets.find(baskets.Owner(user_id=ada.pk)).lines.get().quantity == 4

    def test_a_hold_that_ran_out_is_no_hindrance_while_the_copy_is_there(self, client, last_copy):
        begin(client, last_copy)
        pass_the_time()
        assert finish(client).headers["Location"].startswith("/checkout/done/")

    def test_a_smaller_basket_holds_less_and_an_empty_one_nothing(self, client, books_page):
        edition, other = (book(title, in_stock=5).editions.get() for title in ("Emma", "Sanditon"))
        begin(client, edition, 4)
        begin(client, other, 1)
        one, two = Basket.objects.get().lines.all()

        client.post("/basket/update/", {f"quantity-{one.pk}": "2", f"quantity-{two.pk}": "1"})
        assert dict(StockHold.objects.values_list("edition", "quantity")) == {edition.pk: 2, other.pk: 1}
        client.post("/basket/remove/", {"line": two.pk})
        client.post("/basket/update/", {f"quantity-{one.pk}": "0"})
        assert not StockHold.objects.exists()


class TestLimits:
    def test_a_household_holds_so_many_copies_and_then_buys_without(self, books_page):
        edition = book("Emma", in_stock=500).editions.get()
        clients = [Client() for _browser in range(4)]
        for client in clients:
            begin(client, edition, 25)

        assert StockHold.objects.aggregate(held=Sum("quantity"))["held"] == 50 <= MOST_COPIES_HELD
        assert "data-held" not in clients[-1].get("/checkout/delivery/").content.decode()
        assert finish(clients[-1]).headers["Location"].startswith("/checkout/done/")

    def test_renewing_what_one_has_is_not_counted(self, client, books_page):
        edition = book("Emma", in_stock=500).editions.get()
        for _time in range(5):
            client.post("/basket/add/", {"edition": edition.pk, "quantity": 8})
            for _again in range(4):
                client.post("/checkout/", DETAILS)

        assert StockHold.objects.get().quantity == 40

    def test_the_job_deletes_what_has_run_out(self, client, last_copy, capsys):
        begin(client, last_copy)
        call_command("purge_holds")
        assert StockHold.objects.count() == 1
        pass_the_time()
        call_command("purge_holds")
        assert capsys.readouterr().out == "Holds deleted: 0\nHolds deleted: 1\n"


# --- Many at once --------------------------------------------------------------------------------


def taken(edition) -> int:
    """Copies that are promised or held."""
    held = StockHold.objects.active(timezone.now()).filter(edition=edition).aggregate(held=Sum("quantity"))["held"] or 0
    return held + StockRecord.objects.get(edition=edition).allocated


def hold_and_order(edition, rounds: int) -> list[int]:
    """Four who begin the checkout and four who press the last button, all at once; what was taken in each round."""
    counts = []
    for _round in range(rounds):
        StockHold.objects.all().delete()
        StockRecord.objects.filter(edition=edition).update(allocated=0)
        holders, buyers = ([filled_basket({edition: 1}) for _one in range(4)] for _kind in range(2))
        at_once(
            *[lambda basket=basket: holds.hold(basket.pk) for basket in holders],
            *[lambda basket=basket: place(basket) for basket in buyers],
        )
        counts.append(taken(edition))
    return counts


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_copy_is_held_or_ordered_once(books_page):
    edition = book("Emma", in_stock=2).editions.get()
    assert hold_and_order(edition, rounds=5) == [2] * 5


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_control_without_asking_what_others_hold_it_is_held_and_ordered_too(books_page):
    edition = book("Emma", in_stock=2).editions.get()
    with patch.object(holds.StockHold.objects, "active", return_value=StockHold.objects.none()):
        holders = [filled_basket({edition: 1}) for _one in range(2)]
        for basket in holders:
            holds.hold(basket.pk)
        place(filled_basket({edition: 1}))
    assert taken(edition) == 3


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time: there is no race")
@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_control_without_the_lock_of_the_records_too_many_are_held(books_page):
    edition = book("Emma", in_stock=2).editions.get()
    lock_free = holds.lock_free

    def then_wait(basket, edition_ids, at):
        free = lock_free(basket, edition_ids, at)
        time.sleep(0.1)
        return free

    filled = [filled_basket({edition: 1}) for _one in range(6)]
    without_lock = patch.object(StockRecord.objects, "select_for_update", StockRecord.objects.all)
    with without_lock, patch.object(holds, "lock_free", then_wait):
        at_once(*[lambda basket=basket: holds.hold(basket.pk) for basket in filled])
    assert taken(edition) > 2
