"""Several workers at one mail, and the real worker and clock: sent once, even where a task is lost."""

from __future__ import annotations

import datetime as dt
import time
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from commerce.tests.test_races import at_once
from core.mail import outbox
from core.mail.kinds import Contents, Kind, kinds
from core.mail.models import OutgoingMail

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

WORKERS = 8


def _slow() -> Contents:
    time.sleep(0.2)
    return Contents()


@pytest.fixture(autouse=True)
def _a_kind(monkeypatch, settings):
    """Mail waits in the table of tasks."""
    monkeypatch.setitem(kinds, "note", Kind("note", "Note", "", "A note", "Dear reader", _slow))
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "slow"]}}


def work() -> None:
    """What the worker does until there is nothing left."""
    call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)


def test_several_workers_send_a_mail_once(db):
    posted = outbox.post("note", "ada@example.org")

    outcomes = at_once(*[lambda: outbox.attempt(posted.pk)] * WORKERS)

    assert sorted(outcome.value for outcome in outcomes) == ["not tried"] * (WORKERS - 1) + ["sent"]
    assert len(mail.outbox) == 1


def test_control_without_the_claim_they_send_it_several_times(db):
    posted = outbox.post("note", "ada@example.org")

    with patch.object(outbox, "_claim", lambda mail_id: OutgoingMail.objects.filter(pk=mail_id, sent_at=None).first()):
        at_once(*[lambda: outbox.attempt(posted.pk)] * WORKERS)

    assert len(mail.outbox) > 1


def test_what_is_posted_at_the_same_moment_under_one_key_is_one_mail(db):
    posted = at_once(*[lambda: outbox.post("note", "ada@example.org", key="note:1")] * WORKERS)

    assert {one.pk for one in posted} == {OutgoingMail.objects.get().pk}
    assert DBTaskResult.objects.count() == 1


def test_the_worker_sends_what_was_committed(db):
    outbox.post("note", "ada@example.org")
    assert mail.outbox == []

    work()

    assert [message.to for message in mail.outbox] == [["ada@example.org"]]
    [task] = DBTaskResult.objects.all()
    assert task.args_kwargs == {"args": [], "kwargs": {"mail_id": OutgoingMail.objects.get().pk}}, "no words in tasks"


def test_a_mail_whose_task_is_lost_is_sent_by_clock_and_worker_within_five_minutes(db):
    outbox.post("note", "ada@example.org")
    DBTaskResult.objects.all().delete()
    OutgoingMail.objects.update(next_try_at=timezone.now() - dt.timedelta(minutes=1))

    call_command("sweep_mail")
    work()

    assert len(mail.outbox) == 1
    call_command("sweep_mail")
    assert DBTaskResult.objects.count() == 1, "there is nothing left to sweep"


def test_a_worker_that_was_killed_while_it_sent_is_followed_by_another(db):
    posted = outbox.post("note", "ada@example.org")
    OutgoingMail.objects.update(claimed_until=timezone.now() - dt.timedelta(seconds=1))

    outbox.deliver_due.func()

    posted.refresh_from_db()
    assert (posted.interruptions, bool(posted.sent_at), len(mail.outbox)) == (1, True, 1)
    assert connection.in_atomic_block is False
