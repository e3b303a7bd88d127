"""Books ordered before their publication: split from what is here, followed, cancelled in one click."""

from __future__ import annotations

import datetime as dt
import re
import time

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from catalog.tests.factories import book
from commerce.exceptions import CannotSend, IllegalTransition
from commerce.models.order import LineStatus, OrderStatus
from commerce.services import orders, preorders
from commerce.tests.factories import an_order

pytestmark = pytest.mark.django_db


def in_days(count: int) -> dt.date:
    return dt.date.today() + dt.timedelta(days=count)


@pytest.fixture
def coming(books_page):
    """A book that is published in a hundred days; none is here."""
    return book("Sanditon", availability="forthcoming", publication_date=in_days(100), in_stock=0).editions.get()


@pytest.fixture
def mixed(persuasion, coming):
    """An order of a book that is here and one that is not published."""
    return an_order({persuasion: 1, coming: 2})


def move_to(edition, date: dt.date | None) -> None:
    edition.publication_date = date
    edition.save()


def statuses(order) -> dict[str, str]:
    return {line.title: line.status for line in order.lines.all()}


def test_nothing_leaves_before_the_day_of_an_embargo(ada, coming):
    coming.embargo_date = in_days(100)
    coming.save()
    order = an_order({coming: 1})

    with pytest.raises(CannotSend):
        orders.mark_lines_sent(order.pk, [line.pk for line in order.lines.all()], ada)


class TestDates:
    def test_a_moved_date_is_told_once_with_a_link_to_cancel(
        self, client, mixed, coming, django_capture_on_commit_callbacks
    ):
        mail.outbox.clear()
        was = mixed.lines.get(title="Persuasion").leaves_on
        move_to(coming, in_days(200))

        with django_capture_on_commit_callbacks(execute=True):
            call_command("follow_pre_orders")
            assert preorders.follow_dates() == 0

        [message] = mail.outbox
        assert message.subject == f"Your pre-order {mixed.number} has another date"
        assert "Sanditon: Leaves us on" in message.body
        assert "Persuasion" not in message.body
        assert mixed.lines.get(title="Persuasion").leaves_on == was
        assert {line.leaves_on >= in_days(200) for line in mixed.lines.filter(title="Sanditon")} == {True}
        path = re.search(r"https?://[^/]+(/orders/cancel/\S+)", message.body)[1]
        assert "Sanditon" in client.get(path).content.decode()

    def test_a_date_that_is_not_known_any_more_is_told_too(self, mixed, coming, django_capture_on_commit_callbacks):
        move_to(coming, None)

        with django_capture_on_commit_callbacks(execute=True):
            assert preorders.follow_dates() == 1

        assert "Sanditon: As soon as we have it; we write to you." in mail.outbox[-1].body

    def test_a_book_that_is_out_and_orders_that_are_cancelled_are_left_alone(self, mixed, coming):
        move_to(coming, in_days(-1))
        assert preorders.follow_dates() == 0
        move_to(coming, in_days(200))
        orders.cancel(mixed.pk, None)
        assert preorders.follow_dates() == 0


class TestCancelling:
    def test_one_click_on_the_page_of_the_secret_link(self, client, mixed, persuasion):
        page = client.get(mixed.get_absolute_url()).content.decode()
        path = re.search(r'action="(/orders/cancel/[^"]+)"', page)[1]

        answer = client.post(path, follow=True).content.decode()

        mixed.refresh_from_db()
        assert "Your pre-order is cancelled." in answer
        assert statuses(mixed) == {"Persuasion": LineStatus.NEW, "Sanditon": LineStatus.CANCELLED}
        assert mixed.status == OrderStatus.PROCESSING
        persuasion.stock.refresh_from_db()
        assert persuasion.stock.allocated == 1
        assert "Cancel the pre-order" not in client.get(mixed.get_absolute_url()).content.decode()
        assert client.post(path).status_code == 302
        assert mixed.events.filter(kind="cancelled").count() == 1

    def test_one_click_in_the_account(self, ada_client, ada, coming):
        order = an_order({coming: 1}, user=ada)
        page = ada_client.get("/account/orders/").content.decode()

        ada_client.post(re.search(r'action="(/orders/cancel/[^"]+)"', page)[1])

        order.refresh_from_db()
        assert order.status == OrderStatus.CANCELLED
        assert order.events.get(kind="cancelled").actor == ada

    def test_looking_changes_nothing(self, client, mixed):
        client.get(f"/orders/cancel/{mixed.cancel_key}/")
        assert set(statuses(mixed).values()) == {LineStatus.NEW}

    def test_not_after_dispatch(self, mixed):
        mixed.lines.update(status=LineStatus.SENT)
        with pytest.raises(IllegalTransition):
            orders.cancel_pre_orders(mixed.pk, None)

    @pytest.mark.parametrize("key", ["1", "made-up", "MQ:1abcde:forged"])
    def test_a_made_up_link_opens_nothing(self, mixed, key):
        assert Client().post(f"/orders/cancel/{key}/").status_code == 404
        assert set(statuses(mixed).values()) == {LineStatus.NEW}

    def test_a_link_ends_after_thirty_days(self, client, mixed, monkeypatch):
        key = mixed.cancel_key
        now = time.time()
        monkeypatch.setattr("django.core.signing.time.time", lambda: now + 31 * 86400)
        assert client.get(f"/orders/cancel/{key}/").status_code == 404

    def test_an_order_without_pre_orders_shows_no_button(self, client, persuasion):
        order = an_order({persuasion: 1})
        assert "Cancel the pre-order" not in client.get(order.get_absolute_url()).content.decode()
