"""Mail against a real server that refuses, hangs up, is silent or is away: none lost, none in the way of others."""

from __future__ import annotations

import datetime as dt
import logging
import time

import pytest
import time_machine
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from core.mail import outbox
from core.mail.kinds import Contents, Kind, kinds
from core.mail.models import MailStatus, OutgoingMail
from core.tests.mail_server import Server, free_port, silent_server

pytestmark = pytest.mark.django_db

ADA, BOB = "ada@example.org", "bob@example.org"
MINUTE = dt.timedelta(minutes=1)
NOW = dt.datetime(2026, 11, 27, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _a_kind(monkeypatch, settings):
    """Mail waits until it is delivered by hand; each server has half a second."""
    kind = Kind("note", "Note", "", "A note", "Dear reader,\n\nthe pass word is swordfish.", lambda: Contents())
    monkeypatch.setitem(kinds, "note", kind)
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": ["default"]}}
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", free_port(), 0.5


@pytest.fixture
def clock():
    """Time that passes when it is told to."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def server(settings):
    """A server that works until it is told otherwise."""
    server = Server(settings.EMAIL_PORT).start()
    yield server
    server.stop()


def a_note(to: str = ADA) -> OutgoingMail:
    return outbox.post("note", to)


def deliver(mail: OutgoingMail) -> OutgoingMail:
    """What the worker does with the task of a new mail."""
    outbox.deliver.func(mail.pk)
    mail.refresh_from_db()
    return mail


def a_minute_of(clock, minutes: float = 1) -> None:
    """Time passes; the clock of the shop sweeps and the worker does what it enqueued."""
    clock.shift(MINUTE * minutes)
    if outbox.sweep():
        outbox.deliver_due.func()


def test_a_mail_arrives_with_text_first_and_says_what_it_is(server):
    mail = deliver(a_note())

    [received] = server.received
    assert (received["To"], received["Subject"]) == (ADA, "A note")
    assert received["Message-ID"] == mail.headers["Message-ID"]
    assert [part.get_content_type() for part in received.iter_parts()] == ["text/plain", "text/html"]
    assert "swordfish" in received.get_body(("plain",)).get_content()
    assert (mail.status, mail.tries, mail.claimed_until) == (MailStatus.SENT, 0, None)


def test_while_nobody_listens_one_mail_a_minute_asks_and_all_leave_within_two_after_it_is_back(clock, settings):
    mails = [a_note(f"reader{number}@example.org") for number in range(5)]
    for mail in mails:
        deliver(mail)
    for _minute in range(60):
        a_minute_of(clock)
    assert set(OutgoingMail.objects.values_list("tries", "parked_at", "sent_at")) == {(0, None, None)}
    assert OutgoingMail.objects.exclude(held_at=None).count() == 5, "another one asks each time"

    server = Server(settings.EMAIL_PORT).start()
    try:
        a_minute_of(clock, 2)
    finally:
        server.stop()

    assert sorted(server.addresses) == [f"reader{number}@example.org" for number in range(5)]
    assert OutgoingMail.objects.unsent().count() == 0


def test_a_server_that_is_silent_costs_one_mail_its_patience_and_no_other(settings):
    with silent_server() as [settings.EMAIL_PORT]:
        posting = time.monotonic()
        mails = [a_note(f"reader{number}@example.org") for number in range(20)]
        assert time.monotonic() - posting < 2, "who posts does not wait"
        trying = time.monotonic()
        statuses = [deliver(mail).status for mail in mails]
        assert time.monotonic() - trying < 3

    assert statuses == [MailStatus.HELD] + [MailStatus.WAITING] * 19


def test_a_mail_that_is_refused_for_now_is_tried_after_one_two_four_and_eight_minutes_and_then_parked(clock, server):
    server.says = lambda command, _address: "451 Try later" if command == "RCPT" else "250 OK"
    mail = deliver(a_note())
    tried_at, seen = [0.0], 1
    for half_minute in range(1, 60):
        clock.shift(MINUTE / 2)
        outbox.deliver_due.func()
        if len(server.asked) > seen:
            tried_at.append(half_minute / 2)
            seen = len(server.asked)

    mail.refresh_from_db()
    assert tried_at == [0, 1, 3, 7, 15]
    assert (mail.status, mail.tries, mail.last_error) == (MailStatus.PARKED, 5, "451 Try later")


def test_a_mail_that_is_parked_goes_when_it_is_sent_again(clock, server):
    server.says = lambda _command, _address: "550 No such reader"
    mail = deliver(a_note())
    assert outbox.send_again(mail.pk) is True
    server.says = lambda _command, _address: "250 OK"

    assert deliver(mail).status == MailStatus.SENT
    assert server.addresses == [ADA]
    assert outbox.send_again(mail.pk) is True, "it may have been lost on the way"
    assert outbox.send_again(mail.pk) is False, "it is on its way already"


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_what_will_never_be_taken_is_parked_at_once_and_the_others_go(server, command):
    server.says = lambda said, address: "550 5.1.1 No such reader" if (said, address) == (command, ADA) else "250 OK"

    refused, taken = deliver(a_note()), deliver(a_note(BOB))

    assert (refused.status, refused.tries, refused.last_error) == (
        MailStatus.PARKED, 1, "550 5.1.1 No such reader",
    )  # fmt: skip
    assert taken.status == MailStatus.SENT
    assert server.addresses == [BOB]


def test_a_server_that_is_about_to_close_is_away(server):
    server.says = lambda _command, _address: "421 Closing"
    mail = deliver(a_note())
    assert (mail.status, mail.tries) == (MailStatus.HELD, 0)


def test_a_mail_on_which_the_server_hangs_up_is_parked_at_the_fifth_time_while_others_go(clock, server):
    server.says = lambda command, address: None if (command, address) == ("DATA", ADA) else "250 OK"
    poison = deliver(a_note())
    for _minute in range(30):
        a_note(BOB)
        a_minute_of(clock)

    poison.refresh_from_db()
    assert (poison.status, poison.tries) == (MailStatus.PARKED, 5)
    assert len(server.received) >= 29


def test_where_the_server_hangs_up_on_everybody_nothing_is_parked(clock, server):
    server.says = lambda _command, _address: None
    mails = [a_note(), a_note(BOB)]
    for mail in mails:
        deliver(mail)
    for _minute in range(120):
        a_minute_of(clock)
    assert OutgoingMail.objects.parked().count() == 0
    OutgoingMail.objects.update(tries=3000)  # a very long weekend
    for _minute in range(10):
        a_minute_of(clock)
    assert OutgoingMail.objects.parked().count() == 0

    server.says = lambda _command, _address: "250 OK"
    for _minute in range(10):
        a_minute_of(clock)

    assert sorted(server.addresses) == [ADA, BOB]


def test_a_mail_whose_task_was_lost_is_sent_by_the_sweep(clock, server):
    a_note()
    assert outbox.sweep() is False, "its task may be at work"

    a_minute_of(clock)

    assert server.addresses == [ADA]
    assert outbox.sweep() is False


def test_a_worker_that_dies_while_it_sends_sends_twice_at_most(clock, server, monkeypatch):
    mail = a_note()
    for sent in (1, 2):
        with monkeypatch.context() as dying:
            dying.setattr(outbox, "_sent", lambda _mail: (_ for _ in ()).throw(SystemExit))
            with pytest.raises(SystemExit):
                outbox.attempt(mail.pk)
        assert len(server.received) == sent
        assert outbox.attempt(mail.pk) is outbox.Outcome.NOT_TRIED, "for three minutes it is the dead worker's"
        clock.shift(outbox.LEASE + MINUTE)

    a_minute_of(clock)

    mail.refresh_from_db()
    assert len(server.received) == 2
    assert len({message["Message-ID"] for message in server.received}) == 1
    assert mail.status == MailStatus.PARKED
    assert "it may have arrived" in mail.last_error


class _Answered(OSError):
    """What a backend raises that speaks HTTP, as requests and Anymail do: with the response, where there was one."""

    response: object = object()


class _OddBackend(EmailBackend):
    error: Exception

    def send_messages(self, messages):
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "tries"),
    [
        (ConnectionResetError("reset"), MailStatus.HELD, 0),
        (_Answered("429 Too many requests"), MailStatus.WAITING, 1),
        (RuntimeError("what nobody foresaw"), MailStatus.WAITING, 1),
    ],
)
def test_other_backends_fail_in_their_own_ways(settings, error, status, tries):
    settings.EMAIL_BACKEND = f"{__name__}._OddBackend"
    _OddBackend.error = error

    mail = deliver(a_note())

    assert (mail.status, mail.tries) == (status, tries)
    assert str(error) in mail.last_error


def test_logs_name_no_address_and_no_word(server, caplog):
    server.says = lambda _command, address: f"550 {address} swordfish" if address == ADA else "250 OK"
    with caplog.at_level(logging.DEBUG):
        for mail in (a_note(), a_note(BOB)):
            deliver(mail)
        server.says = lambda _command, _address: "421 swordfish"
        deliver(a_note())

    told = [record.getMessage() for record in caplog.records if record.name.startswith("core")]
    assert [message.partition(" (note) ")[2] for message in told] == ["is parked", "waits: no mail server answers"]
    assert not any(word in message for message in told for word in (ADA, BOB, "swordfish"))


def test_a_template_that_fails_parks_its_mail_and_no_other(clock, server, monkeypatch):
    monkeypatch.setitem(kinds, "broken", Kind("broken", "", "", "", "", lambda: 1 / 0))
    broken = deliver(outbox.post("broken", ADA))
    assert deliver(a_note(BOB)).status == MailStatus.SENT
    for _minute in range(20):
        a_minute_of(clock)

    broken.refresh_from_db()
    assert (broken.status, broken.tries, broken.last_error) == (
        MailStatus.PARKED, 5, "ZeroDivisionError: division by zero",
    )  # fmt: skip


class _WatchingBackend(EmailBackend):
    in_transaction: bool | None = None

    def send_messages(self, messages):
        type(self).in_transaction = connection.in_atomic_block
        return super().send_messages(messages)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_no_transaction_is_open_while_a_server_is_talked_to(settings):
    settings.EMAIL_BACKEND = f"{__name__}._WatchingBackend"

    deliver(a_note())

    assert _WatchingBackend.in_transaction is False
    assert OutgoingMail.objects.get().sent_at <= timezone.now()
