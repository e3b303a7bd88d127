"""The box of outgoing mail: what is written in the transaction leaves once, whatever the mail server does."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core.mail import outbox
from core.mail.kinds import Contents, Kept, Kind, Placeholder, kinds
from core.mail.models import MailText, OutgoingMail

pytestmark = pytest.mark.django_db

TO = "ada@example.org"


@pytest.fixture
def greeting(monkeypatch) -> Kind:
    """A kind that greets whom it is told to."""
    kind = Kind(
        name="greeting",
        title="Greeting",
        purpose="",
        subject="Hello {name}",
        opening="Dear {name},\n\nwelcome to {shop}.",
        closing="Yours",
        placeholders={"name": Placeholder("Name", "Ada")},
        compose=lambda name="Ada": Contents({"name": name}) if name else None,
    )
    monkeypatch.setitem(kinds, kind.name, kind)
    return kind


def test_a_mail_has_text_first_then_html_and_says_that_a_machine_wrote_it(greeting):
    outbox.post("greeting", TO, name="Ada")

    [sent] = mail.outbox
    assert (sent.to, sent.subject, sent.reply_to) == ([TO], "Hello Ada", ["service@booktime.example"])
    assert sent.body.startswith("Dear Ada,\n\nwelcome to BookTime.\n\nYours\n\n-- \nBookTime\n")
    parts = [part.get_content_type() for part in sent.message().get_payload()]
    assert parts == ["text/plain", "text/html"]
    assert sent.message()["Auto-Submitted"] == "auto-generated"
    assert sent.message()["Message-ID"] == OutgoingMail.objects.get().headers["Message-ID"]


def test_of_the_same_key_one_mail_is_sent(greeting):
    first = outbox.post("greeting", TO, key="greeting:1")
    again = outbox.post("greeting", TO, key="greeting:1")
    outbox.deliver.func(first.pk)
    outbox.deliver_due.func()

    assert again == first
    assert len(mail.outbox) == 1


def test_what_is_rolled_back_is_not_sent(greeting, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    with transaction.atomic():
        outbox.post("greeting", TO)
        transaction.set_rollback(True)

    assert not OutgoingMail.objects.exists()
    assert mail.outbox == []


def test_to_nobody_nothing_is_sent(greeting):
    assert outbox.post("greeting", "", name="Ada") is None
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("to", ["ada", "ada@example.org\r\nBcc: x@evil.example", "a@b.example, c@d.example"])
def test_what_is_no_address_is_refused_and_leaves_nothing(greeting, to):
    with pytest.raises(ValidationError):
        outbox.post("greeting", to)
    assert not OutgoingMail.objects.exists()


def test_a_value_cannot_write_headers_nor_markup_nor_placeholders(greeting):
    outbox.post("greeting", TO, name='a\r\nBcc: x@evil.example <b>{shop}</b> {{7*7}} https://evil.example/"')

    [sent] = mail.outbox
    assert sent.message()["Bcc"] is None
    assert sent.subject == 'Hello a Bcc: x@evil.example <b>{shop}</b> {{7*7}} https://evil.example/"'
    [html] = [part.content for part in sent.alternatives]
    assert "<b>" not in html
    assert "&lt;b&gt;{shop}&lt;/b&gt; {{7*7}}" in html
    assert 'href="https://evil.example' not in html, "a name is no link"


def test_staff_choose_the_words(greeting):
    MailText.objects.update_or_create(
        kind="greeting", language="en-gb", defaults={"opening": "Hi {name}! {{7*7}}{% debug %}{{settings.SECRET_KEY}}"}
    )
    outbox.post("greeting", TO)

    [sent] = mail.outbox
    assert sent.subject == "Hello Ada", "what they left empty is said as the code has it"
    assert sent.body.startswith("Hi Ada! {{7*7}}{% debug %}{{settings.SECRET_KEY}}\n\nYours")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{nmae}", "{nmae}"),
        ("{ name }", "{ name }"),
        ("{Name} {shop} {order}", "{Name}, {order}"),
        ("{name} {service} { 3 } {} {{name}} {{7*7}} {%x%}", None),
    ],
)
def test_a_placeholder_that_there_is_not_is_named(greeting, text, wrong):
    words = MailText(kind="greeting", language="en-gb", opening=text)
    if wrong is None:
        words.clean()
        return
    with pytest.raises(ValidationError) as refusal:
        words.clean()
    assert refusal.value.message_dict == {
        "opening": [f"This kind of mail has no placeholder {wrong}. It has: {{name}}, {{shop}}, {{service}}."]
    }


def test_where_there_is_nothing_to_say_any_more_nothing_is_sent(greeting):
    outbox.post("greeting", TO, name="")
    assert not OutgoingMail.objects.exists()
    assert mail.outbox == []


@pytest.mark.parametrize("kept", Kept)
def test_what_stays_of_a_sent_mail_depends_on_its_kind(greeting, monkeypatch, kept):
    monkeypatch.setitem(kinds, "greeting", Kind(**{**vars(greeting), "kept": kept}))
    outbox.post("greeting", TO)

    rows = [(bool(row.text), bool(row.html), row.about, row.can_go_again) for row in OutgoingMail.objects.all()]
    assert (
        rows
        == {
            Kept.ALL: [(True, True, {}, True)],
            Kept.ENVELOPE: [(False, False, {}, False)],
            Kept.NOTHING: [],
        }[kept]
    )


def test_old_mail_is_forgotten(greeting):
    with time_machine.travel(timezone.now() - dt.timedelta(days=31), tick=False):
        outbox.post("greeting", TO)
    outbox.post("greeting", "bob@example.org")
    outbox.post("greeting", "old@example.org")
    OutgoingMail.objects.filter(to="old@example.org").update(
        sent_at=None, parked_at=timezone.now() - dt.timedelta(days=181)
    )

    assert outbox.purge() == 2
    assert list(OutgoingMail.objects.values_list("to", flat=True)) == ["bob@example.org"]
