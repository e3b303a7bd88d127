"""Mail about orders: what it says, to whom, once."""

from __future__ import annotations

import re

import pytest
from django.core import mail

from catalog.tests.factories import book
from commerce.models import Order
from commerce.services import orders, payments
from commerce.tests.factories import an_order
from core.mail import outbox
from core.mail.kinds import kinds
from core.mail.models import MailText, OutgoingMail
from core.mail.rendering import example


@pytest.fixture
def emma(books_page):
    """Another paperback, five on the shelf."""
    return book("Emma").editions.get()


def html_of(message) -> str:
    return next(part.content for part in message.alternatives if part.mimetype == "text/html")


def test_the_confirmation_says_what_was_ordered_and_how_it_is_paid(persuasion):
    order = an_order({persuasion: 2})

    [message] = mail.outbox
    assert (message.to, message.subject) == (["ada@example.org"], f"Your order {order.number} at BookTime")
    for body in (message.body, html_of(message)):
        assert "Persuasion" in body
        assert "£15.98" in body
        assert f"within 14 days and give {order.invoice.number} as reference" in body
        assert order.get_absolute_url() in body
        assert "12 St James" in body


def test_the_confirmation_is_sent_once(persuasion):
    order = an_order({persuasion: 1})

    outbox.post("order", order.email, key=f"order:{order.pk}", order_id=order.pk)
    outbox.deliver.func(OutgoingMail.objects.get().pk)

    assert len(mail.outbox) == 1


def test_a_name_cannot_write_headers_nor_markup(persuasion):
    an_order({persuasion: 1}, full_name="a\r\nBcc: x@evil.example <script>{{7*7}}{order}</script>")

    [sent] = mail.outbox
    assert sent.message()["Bcc"] is None
    assert sent.message()["To"] == "ada@example.org"
    assert "<script>" not in html_of(sent)
    assert "&lt;script&gt;{{7*7}}{order}&lt;/script&gt;" in html_of(sent)


def test_a_dispatch_says_what_has_left_and_what_follows_and_each_is_one_mail(persuasion, emma, ada):
    order = an_order({persuasion: 2, emma: 1})
    [first, second] = order.lines.filter(title="Persuasion")
    mail.outbox.clear()

    orders.mark_lines_sent(order.pk, [first.pk], ada)
    orders.mark_lines_sent(order.pk, [first.pk], ada)

    [message] = mail.outbox
    assert message.subject == f"Your order {order.number} is on its way"
    left, follows = message.body.split("What follows:")
    assert "1 x Persuasion" in left
    assert "Emma" not in left
    assert "Persuasion, Emma: Leaves us on" in follows

    orders.mark_lines_sent(order.pk, [second.pk, order.lines.get(title="Emma").pk], ada)
    assert len(mail.outbox) == 2
    assert "What follows" not in mail.outbox[1].body


def test_confirmation_and_dispatch_lead_a_guest_to_the_withdrawal(client, persuasion, ada):
    """Directive 2011/83/EU, article 11a: the function is at hand during the whole period."""
    order = an_order({persuasion: 1})
    orders.mark_lines_sent(order.pk, [order.lines.get().pk], ada)

    for message in mail.outbox:
        [link] = re.findall(r"^Withdraw from contract here: http://[^/]+(/withdraw/\S+/)$", message.body, re.MULTILINE)
        page = client.get(link)
        assert page.status_code == 200
        assert "Persuasion" in page.content.decode()
        assert "/withdraw/" in html_of(message)
    assert len(mail.outbox) == 2


def test_what_is_collected_is_not_said_to_be_on_its_way(persuasion, ada):
    order = an_order({persuasion: 1})
    Order.objects.update(pickup_place="BookTime\nLondon")
    mail.outbox.clear()

    orders.mark_lines_sent(order.pk, [order.lines.get().pk], ada)

    assert mail.outbox == []
    assert not OutgoingMail.objects.filter(kind="dispatch").exists()


def test_a_cancellation_says_what_does_not_come_and_that_nothing_is_to_pay(persuasion, ada):
    order = an_order({persuasion: 1})
    mail.outbox.clear()

    orders.cancel(order.pk, ada, "the supplier is on strike")
    orders.cancel(order.pk, ada)

    [message] = mail.outbox
    assert message.subject == f"Your order {order.number}: cancelled"
    assert "1 x Persuasion" in message.body
    assert "There is nothing to pay any more." in message.body
    assert "strike" not in message.body, "the note is for colleagues"


def test_a_cancellation_of_a_paid_order_does_not_speak_of_paying(persuasion, ada):
    order = an_order({persuasion: 1})
    payments.mark_paid(order.pk, ada)
    mail.outbox.clear()

    orders.cancel(order.pk, ada)

    assert "nothing to pay" not in mail.outbox[0].body


def test_the_language_is_the_orders_and_not_the_colleagues(persuasion, ada):
    order = an_order({persuasion: 1})
    assert order.language == "en-gb"
    Order.objects.update(language="fr")

    orders.cancel(order.pk, ada)

    assert OutgoingMail.objects.get(kind="cancel").language == "fr"


@pytest.mark.parametrize("name", sorted(kinds))
def test_every_kind_can_be_shown_with_made_up_data_and_its_words_know_their_placeholders(db, name):
    kind = kinds[name]
    letter = example(kind, "en-gb", MailText(kind=name, language="en-gb"))

    assert "{" not in letter.subject + letter.text
    assert kind.is_fixed or letter.subject
    assert kind.is_fixed or letter.text.count("\n") > 6
    assert not Order.objects.exists(), "no row was needed"
