"""Back in stock: who asks is told once, may end it with a click, and is forgotten."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import member
from catalog import stock
from catalog.tests.factories import book
from commerce.models import WaitingReader
from commerce.services import waiting
from core.mail.models import OutgoingMail

EMAIL = "ada@example.org"


@pytest.fixture
def sold_out(books_page):
    """A paperback of which none is left."""
    return book("Emma", in_stock=0).editions.get()


def ask(client, edition, email=EMAIL, **headers):
    return client.post("/back-in-stock/", {"edition": edition.pk, "email": email}, headers=headers)


def a_waiting_reader(edition, email=EMAIL, **fields) -> WaitingReader:
    fields = {"confirmed_at": timezone.now(), **fields}
    return WaitingReader.objects.create(edition=edition, email=email, language="en-gb", **fields)


def link_in(message, what: str) -> str:
    return re.search(rf"https?://[^/]+(/back-in-stock/{what}/\S+)", message.body)[1]


def test_only_the_page_of_a_sold_out_edition_has_the_form(client, sold_out, persuasion):
    page = client.get("/books/emma/").content.decode()

    assert 'action="/back-in-stock/"' in page
    assert "Tell me when it is back" in page
    assert "csrf" not in page
    assert 'action="/back-in-stock/"' not in client.get("/books/persuasion/").content.decode()


def test_a_guest_confirms_by_a_mailed_link_and_a_machine_that_follows_it_confirms_nothing(client, sold_out):
    answer = ask(client, sold_out, " ADA@Example.org ")

    assert answer.headers["Location"] == "/back-in-stock/asked/"
    assert "We have sent you a mail" in client.get("/back-in-stock/asked/").content.decode()
    [message] = mail.outbox
    assert (message.to, message.subject) == ([EMAIL], "Shall we tell you when Emma is back?")
    path = link_in(message, "confirm")
    page = client.get(path)
    assert page["Cache-Control"] == "no-store, private"
    assert page["Referrer-Policy"] == "no-referrer"
    assert WaitingReader.objects.get().confirmed_at is None

    assert client.post(path).headers["Location"] == "/back-in-stock/noted/"
    assert WaitingReader.objects.get().confirmed_at is not None


def test_who_is_signed_in_with_the_address_need_not_confirm_it(client, sold_out):
    client.force_login(member(EMAIL))

    assert ask(client, sold_out).headers["Location"] == "/back-in-stock/noted/"
    assert WaitingReader.objects.get().confirmed_at is not None
    assert mail.outbox == []

    assert ask(client, sold_out, "bob@example.org").headers["Location"] == "/back-in-stock/asked/"
    assert WaitingReader.objects.get(email="bob@example.org").confirmed_at is None


def test_asking_again_writes_no_second_row_nor_mail_and_answers_the_same(client, sold_out):
    first, again = ask(client, sold_out), ask(client, sold_out, "Ada@example.org")

    assert first.headers["Location"] == again.headers["Location"]
    assert WaitingReader.objects.count() == 1
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("email", ["", "ada", "ada@example.org\r\nBcc: x@evil.example", "a@b.example,c@d.example"])
def test_what_is_no_address_is_refused(client, sold_out, email):
    answer = ask(client, sold_out, email)

    assert answer.status_code == 422
    assert not WaitingReader.objects.exists()
    assert mail.outbox == []


@pytest.mark.parametrize("edition", [0, -1, 2**63, "x", 999_999])
def test_what_is_not_sold_out_is_not_waited_for(client, persuasion, edition):
    for asked in (edition, persuasion.pk):
        answer = client.post("/back-in-stock/", {"edition": asked, "email": EMAIL})
        assert answer.status_code in {409, 422}
    assert not WaitingReader.objects.exists()


def test_nobody_fills_a_strangers_box(books_page):
    for number in range(9):
        edition = book(f"Volume {number}", in_stock=0).editions.get()
        Client(REMOTE_ADDR=f"192.0.2.{number}").post("/back-in-stock/", {"edition": edition.pk, "email": EMAIL})

    assert len(mail.outbox) == waiting.MOST_ASKED_AN_HOUR == 5


def test_one_household_asks_ten_times_an_hour(client, sold_out):
    answers = [ask(client, sold_out, f"reader{number}@example.org").status_code for number in range(12)]

    assert answers == [302] * 10 + [429] * 2


def test_nothing_is_told_while_it_is_sold_out(sold_out):
    a_waiting_reader(sold_out)

    call_command("tell_waiting")

    assert mail.outbox == []


def test_when_it_is_back_it_is_told_once_with_the_headers_that_end_it(sold_out):
    a_waiting_reader(sold_out)
    a_waiting_reader(sold_out, "unconfirmed@example.org", confirmed_at=None)
    stock.adjust(sold_out.pk, 2)

    call_command("tell_waiting")
    call_command("tell_waiting")

    [message] = mail.outbox
    assert (message.to, message.subject) == ([EMAIL], "Emma is back")
    assert "/books/emma/?edition=" in message.body
    path = link_in(message, "stop")
    assert message.extra_headers["List-Unsubscribe"].endswith(f"{path}>")
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_it_is_told_too_where_the_supplier_has_it_again(sold_out):
    a_waiting_reader(sold_out)
    sold_out.availability = "available"
    sold_out.save()

    assert waiting.tell() == 1


def test_for_one_copy_the_first_three_are_told(sold_out):
    for number in range(5):
        a_waiting_reader(sold_out, f"reader{number}@example.org")
    stock.adjust(sold_out.pk, 1)

    assert (waiting.tell(), waiting.tell()) == (3, 0)
    assert [message.to[0] for message in mail.outbox] == [f"reader{number}@example.org" for number in range(3)]

    with time_machine.travel(timezone.now() + dt.timedelta(days=1, minutes=1)):
        assert waiting.tell() == 2


def test_where_it_has_gone_again_before_the_mail_leaves_the_reader_goes_on_waiting(sold_out, settings):
    reader = a_waiting_reader(sold_out)
    stock.adjust(sold_out.pk, 1)
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": ["default"]}}
    assert waiting.tell() == 1
    stock.adjust(sold_out.pk, -1)

    call_deliver()

    reader.refresh_from_db()
    assert reader.told_at is None
    assert mail.outbox == []
    assert not OutgoingMail.objects.exists()


def call_deliver() -> None:
    """What the worker does."""
    from core.mail import outbox

    outbox.deliver.func(OutgoingMail.objects.get().pk)


def test_a_link_asks_and_a_click_of_a_mail_programme_ends_it_at_once(client, sold_out):
    path = f"/back-in-stock/stop/{a_waiting_reader(sold_out).stop_key}/"

    assert "No more mail?" in client.get(path).content.decode()
    assert WaitingReader.objects.exists(), "machines follow links"
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not WaitingReader.objects.exists()
    assert "It is forgotten" in client.get(path).content.decode()


def test_a_link_to_stop_does_not_confirm_nor_the_other_way_round(client, sold_out):
    reader = a_waiting_reader(sold_out, confirmed_at=None)

    client.post(f"/back-in-stock/confirm/{reader.stop_key}/")
    client.post(f"/back-in-stock/stop/{reader.confirm_key}/")

    reader.refresh_from_db()
    assert reader.confirmed_at is None


def test_who_was_told_may_ask_again(client, sold_out):
    a_waiting_reader(sold_out, told_at=timezone.now())

    ask(client, sold_out)

    [reader] = WaitingReader.objects.all()
    assert (reader.confirmed_at, reader.told_at) == (None, None)
    assert len(mail.outbox) == 1


def test_they_are_forgotten(sold_out):
    now = timezone.now()
    a_waiting_reader(sold_out, "unconfirmed@example.org", confirmed_at=None, asked_at=now - dt.timedelta(days=8))
    a_waiting_reader(sold_out, "told@example.org", told_at=now - dt.timedelta(days=31))
    a_waiting_reader(sold_out, "long@example.org", asked_at=now - dt.timedelta(days=181))
    a_waiting_reader(sold_out, asked_at=now - dt.timedelta(days=179))

    call_command("tell_waiting", "--purge")

    assert list(WaitingReader.objects.values_list("email", flat=True)) == [EMAIL]
