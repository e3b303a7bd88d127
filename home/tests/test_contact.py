"""The contact page: what it keeps, what it mails and what it refuses."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.cache import cache
from django_tasks import default_task_backend

from core.mail.models import OutgoingMail
from core.mail.outbox import deliver
from home.models import ContactMessage
from home.tests.factories import contact_page

WRITTEN = {"name": "Ada Lindley", "email": "ada@example.com", "message": "Have you a copy of Emma?", "website": ""}


@pytest.fixture
def page(shop):
    return contact_page(shop)


@pytest.fixture
def queue(settings):
    """The queue without a worker: tasks stay in it."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": ["default"]}}
    return default_task_backend


def test_the_form_has_the_labels_that_people_look_for(client, page):
    content = client.get("/contact-us/").content.decode()

    assert [label in content for label in (">Name<", ">Email<", ">Message<", ">Send message<")] == [True] * 4
    assert "csrf" not in content


def test_a_message_is_kept_and_mailed_to_customer_service_with_the_visitor_to_answer_to(client, page, settings):
    settings.CUSTOMER_SERVICE_EMAIL = "service@booktime.example"

    response = client.post("/contact-us/", WRITTEN)

    assert (response.status_code, response.url) == (302, "/contact-us/?sent=1")
    message = ContactMessage.objects.get()
    assert (message.name, message.email, message.message) == (
        "Ada Lindley",
        "ada@example.com",
        "Have you a copy of Emma?",
    )
    assert message.is_handled is False
    [sent] = mail.outbox
    assert (sent.to, sent.reply_to, sent.subject) == (
        ["service@booktime.example"],
        ["ada@example.com"],
        "Message from Ada Lindley",
    )
    assert "Have you a copy of Emma?" in sent.body
    assert f"/admin/contact-messages/edit/{message.pk}/" in sent.body


def test_mail_goes_to_the_queue_and_not_out_during_the_request(client, page, queue):
    client.post("/contact-us/", WRITTEN)

    [result] = queue.results
    assert result.task.func == deliver.func
    assert result.kwargs == {"mail_id": OutgoingMail.objects.get(to="service@booktime.example").pk}
    assert mail.outbox == []


def test_a_task_that_runs_twice_mails_once(client, page):
    client.post("/contact-us/", WRITTEN)

    deliver.enqueue(mail_id=OutgoingMail.objects.get().pk)

    assert len(mail.outbox) == 1


def test_thanks_are_shown_after_the_redirect_and_the_form_is_gone(client, page):
    content = client.get("/contact-us/?sent=1").content.decode()

    assert "It has reached the counter." in content
    assert 'name="message"' not in content


def test_a_refused_message_keeps_what_was_typed(client, page):
    response = client.post("/contact-us/", {**WRITTEN, "email": "ada at example"})

    content = response.content.decode()
    assert response.status_code == 422
    assert 'value="Ada Lindley"' in content
    assert 'value="ada at example"' in content
    assert "Have you a copy of Emma?" in content
    assert not ContactMessage.objects.exists()
    assert mail.outbox == []


@pytest.mark.parametrize("field", ["name", "email", "message"])
def test_every_field_is_needed(client, page, field):
    response = client.post("/contact-us/", {**WRITTEN, field: "  "})

    assert (response.status_code, ContactMessage.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Ada\r\nBcc: x@evil.example"),
        ("name", "Ada\nBcc: x@evil.example"),
        ("name", "Ada\u2028Bcc: x@evil.example"),
        ("name", "A" * 121),
        ("email", "ada@example.com\r\nBcc: x@evil.example"),
        ("message", "x" * 5001),
    ],
)
def test_headers_cannot_be_smuggled_in_and_texts_have_an_end(client, page, field, value):
    response = client.post("/contact-us/", {**WRITTEN, field: value})

    assert (response.status_code, ContactMessage.objects.count(), mail.outbox) == (422, 0, [])


def test_a_machine_that_fills_in_the_hidden_field_is_thanked_and_forgotten(client, page):
    response = client.post("/contact-us/", {**WRITTEN, "website": "https://evil.example"})

    assert response.url == "/contact-us/?sent=1"
    assert (ContactMessage.objects.count(), mail.outbox) == (0, [])


def test_the_trap_is_not_shown_to_people(client, page):
    content = client.get("/contact-us/").content.decode()

    assert '<input type="text" name="website" hidden tabindex="-1" autocomplete="off" id="id_website">' in content


def test_the_sixth_message_of_an_hour_waits(client, page):
    statuses = [client.post("/contact-us/", WRITTEN).status_code for _ in range(6)]

    assert statuses == [302] * 5 + [429]
    assert ContactMessage.objects.count() == 5
    assert client.post("/contact-us/", WRITTEN, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_addresses_of_one_ipv6_household_count_together(client, page):
    statuses = [
        client.post("/contact-us/", WRITTEN, REMOTE_ADDR=f"2001:db8:0:1::{number}").status_code for number in range(6)
    ]

    assert statuses == [302] * 5 + [429]
    assert client.post("/contact-us/", WRITTEN, REMOTE_ADDR="2001:db8:0:2::1").status_code == 302


def test_mistakes_do_not_count_as_messages(client, page):
    for _ in range(6):
        client.post("/contact-us/", {**WRITTEN, "email": "?"})

    assert client.post("/contact-us/", WRITTEN).status_code == 302


def test_messages_come_through_while_the_cache_is_away(client, page, monkeypatch):
    monkeypatch.setattr(cache, "add", lambda *args: False)

    def away(key, delta=1):
        raise ValueError(key)

    monkeypatch.setattr(cache, "incr", away)

    assert [client.post("/contact-us/", WRITTEN).status_code for _ in range(7)] == [302] * 7


def test_staff_read_messages_and_mark_them_but_write_none(admin_client, client, page):
    client.post("/contact-us/", WRITTEN)
    message = ContactMessage.objects.get()

    assert "Ada Lindley" in admin_client.get("/admin/contact-messages/").content.decode()
    assert admin_client.get("/admin/contact-messages/new/").status_code == 302
    admin_client.post(f"/admin/contact-messages/edit/{message.pk}/", {"is_handled": "on", "message": "changed"})

    message.refresh_from_db()
    assert (message.is_handled, message.message) == (True, "Have you a copy of Emma?")
