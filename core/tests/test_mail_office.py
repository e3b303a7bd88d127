"""Mail in the admin: who may read, write and send again; what is not shown to anybody."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import roles
from accounts.tests.factories import member
from core.mail import outbox
from core.mail.kinds import editable
from core.mail.models import MailText, OutgoingMail
from core.signals import list_mail_texts

pytestmark = pytest.mark.django_db

LIST = "/admin/mail/"


@pytest.fixture
def texts(shop) -> None:
    """As after a migration."""
    from django.apps import apps

    list_mail_texts(apps)
    roles.apply()


def colleague(role: str) -> Client:
    """A browser in which somebody of this role is signed in."""
    user = member(f"{role.split()[0].lower()}@booktime.example")
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def office(texts) -> Client:
    """A browser of the central office."""
    return colleague(roles.OFFICE)


def a_mail(to="ada@example.org", **fields) -> OutgoingMail:
    fields = {"kind": "welcome", "language": "en-gb", "subject": "Hello", "text": "Dear Ada", "html": "<p>", **fields}
    return OutgoingMail.objects.create(to=to, key=to + fields["kind"], **fields)


def words_of(kind: str) -> MailText:
    return MailText.objects.get(kind=kind, language="en-gb")


def test_after_a_migration_every_kind_whose_words_staff_may_write_is_in_the_list(office):
    page = office.get("/admin/mail-texts/").content.decode()

    assert [str(kind.title) in page for kind in editable()] == [True] * len(editable())
    assert "Safety of an account" not in page


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (roles.OWNER, True), (roles.OFFICE, True), (roles.EDITOR, False), (roles.MARKETER, False),
        (roles.DISPATCH, False), (roles.INTEGRATOR, False),
    ],
)  # fmt: skip
def test_owners_and_the_central_office_do_this_and_nobody_else(texts, role, may):
    parked, text = a_mail(parked_at=timezone.now()), words_of("welcome")
    client = colleague(role)

    opened = {
        path: client.get(path).status_code == 200
        for path in (
            LIST,
            f"{LIST}inspect/{parked.pk}/",
            f"{LIST}{parked.pk}/again/",
            f"/admin/mail-texts/edit/{text.pk}/",
            f"/admin/mail-texts/test/{text.pk}/",
        )
    }
    client.post(f"{LIST}{parked.pk}/again/")

    assert set(opened.values()) == {may}, opened
    assert len(mail.outbox) == may
    assert ("is parked" in client.get("/admin/").content.decode()) is False, "it went, or is none of their business"


def test_nobody_adds_deletes_or_types_into_a_mail(texts):
    client = colleague(roles.OWNER)
    one = a_mail()

    for path in (f"{LIST}new/", f"{LIST}edit/{one.pk}/", f"{LIST}delete/{one.pk}/"):
        assert client.get(path).status_code == 404, path
    assert client.get("/admin/mail-texts/add/").status_code in {302, 403}
    assert client.post(f"/admin/mail-texts/delete/{words_of('welcome').pk}/").status_code in {302, 403}
    assert MailText.objects.filter(kind="welcome").exists()


def test_the_first_page_says_that_something_is_parked(office):
    assert "is parked" not in office.get("/admin/").content.decode()
    a_mail(parked_at=timezone.now())
    assert "1 mail is parked" in office.get("/admin/").content.decode()


def test_the_first_page_says_that_no_mail_server_answers(office):
    a_mail(held_at=timezone.now())
    a_mail("bob@example.org")
    assert "The mail server does not answer. 2 mails wait" in office.get("/admin/").content.decode()


def test_a_mail_that_holds_a_secret_is_not_read_by_staff(office):
    secret = outbox.post("account", "ada@example.org", subject="Choose a new password", message="https://s/3cr3t")
    OutgoingMail.objects.filter(pk=secret.pk).update(
        sent_at=None, parked_at=timezone.now(), text="https://s/3cr3t", html="https://s/3cr3t"
    )

    page = office.get(f"{LIST}inspect/{secret.pk}/").content.decode()

    assert "Choose a new password" in page
    assert "3cr3t" not in page
    assert "3cr3t" not in office.get(f"{LIST}?q=3cr3t").content.decode().replace("q=3cr3t", "").replace(
        'value="3cr3t"', ""
    )


@pytest.mark.parametrize("status", ["waiting", "held", "parked", "sent"])
def test_the_list_is_narrowed_down_by_status(office, status):
    now = timezone.now()
    a_mail("waiting@example.org")
    a_mail("held@example.org", held_at=now)
    a_mail("parked@example.org", parked_at=now)
    a_mail("sent@example.org", sent_at=now)

    page = office.get(f"{LIST}?status={status}").content.decode()

    shown = {name for name in ("waiting", "held", "parked", "sent") if f"{name}@example.org" in page}
    assert shown == {status}


def test_many_parked_mails_go_again_at_once(office):
    parked = [a_mail(f"reader{number}@example.org", parked_at=timezone.now(), tries=5) for number in range(3)]
    sending = a_mail("other@example.org")
    ids = "&".join(f"id={one.pk}" for one in [*parked, sending])
    address = f"/admin/bulk/core/outgoingmail/send-again/?{ids}&next={LIST}"

    page = office.get(address).content.decode()
    assert "reader0@example.org" in page
    answer = office.post(address)

    assert answer.headers["Location"] == LIST
    assert sorted(message.to[0] for message in mail.outbox) == [f"reader{number}@example.org" for number in range(3)]
    assert OutgoingMail.objects.parked().count() == 0


def test_ticking_everything_means_what_is_parked(office):
    a_mail(parked_at=timezone.now())
    a_mail("sent@example.org", sent_at=timezone.now())

    office.post(f"/admin/bulk/core/outgoingmail/send-again/?id=all&next={LIST}")

    assert [message.to for message in mail.outbox] == [["ada@example.org"]]


def test_marketers_send_nothing_again_in_bulk(texts):
    parked = a_mail(parked_at=timezone.now())

    colleague(roles.MARKETER).post(f"/admin/bulk/core/outgoingmail/send-again/?id={parked.pk}&next={LIST}")

    assert mail.outbox == []


def test_a_placeholder_that_there_is_not_is_named_and_nothing_is_saved(office):
    text = words_of("order")
    page = office.post(
        f"/admin/mail-texts/edit/{text.pk}/", {"subject": "Order {number}", "opening": "", "closing": ""}
    ).content.decode()

    assert "This kind of mail has no placeholder {number}" in page
    assert words_of("order").subject == ""


def test_words_of_staff_are_saved_shown_in_the_preview_and_printed_as_they_are(office):
    text, evil = words_of("order"), "{{7*7}}{% debug %}{{settings.SECRET_KEY}} <script>alert(1)</script> {name}"
    form = {"subject": "{order}: {{7*7}}", "opening": evil, "closing": ""}
    address = f"/admin/mail-texts/edit/{text.pk}/"
    preview = f"/admin/mail-texts/preview/{text.pk}/"

    assert office.post(preview, form).json()["is_valid"]
    answer = office.get(f"{preview}?mode=html&in_preview_panel=true")
    shown = answer.content.decode()
    assert answer["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "{{7*7}}{% debug %}{{settings.SECRET_KEY}} &lt;script&gt;alert(1)&lt;/script&gt; Ada Lovelace" in shown
    assert "Persuasion" in shown
    assert "Ada Lovelace" in office.get(f"{preview}?mode=text").content.decode()
    assert words_of("order").opening == "", "a preview saves nothing"

    assert office.post(address, form).status_code == 302
    assert words_of("order").opening == evil


def test_a_test_goes_to_who_asks_with_the_saved_words(office):
    MailText.objects.filter(kind="order").update(subject="Thanks, {name}")
    address = f"/admin/mail-texts/test/{words_of('order').pk}/"

    assert "central@booktime.example" in office.get(address).content.decode()
    assert mail.outbox == []
    office.post(address)

    [message] = mail.outbox
    assert (message.to, message.subject) == (["central@booktime.example"], "[Test] Thanks, Ada Lovelace")


def test_the_list_costs_the_same_for_one_and_forty(office, django_assert_max_num_queries):
    for number in range(40):
        a_mail(f"reader{number}@example.org")
    office.get(LIST)
    with django_assert_max_num_queries(20):
        office.get(LIST)
