"""Signing up, in and out, a forgotten password, and the account's own pages."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Address, User

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough secret"
ADDRESS = {"full_name": "Ada Lovelace", "line_1": "12 St James's Square", "town": "London", "country": "GB"}


@pytest.fixture
def ada(shop) -> User:
    return User.objects.create_user("ada@example.org", PASSWORD, first_name="Ada")


@pytest.fixture
def ada_client(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def test_somebody_signs_up_and_is_signed_in(client, shop, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/account/signup/", {"email": "New@Example.org", "password1": PASSWORD})

    assert answer.status_code == 302
    assert User.objects.get().email == "new@example.org"
    assert client.get("/account/").status_code == 200
    assert [message.to for message in mail.outbox] == [["new@example.org"]]


def test_one_address_has_one_account_whatever_its_capitals(client, ada):
    answer = client.post("/account/signup/", {"email": "ADA@example.org", "password1": PASSWORD})

    assert answer.status_code == 200
    assert User.objects.filter(email__iexact="ada@example.org").count() == 1
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("typed", ["ada@example.org", "ADA@Example.org"])
def test_capitals_in_the_address_do_not_matter(client, ada, typed):
    answer = client.post("/account/login/", {"login": typed, "password": PASSWORD})
    assert answer.headers["Location"] == "/account/"


def test_a_wrong_password_signs_nobody_in(client, ada):
    answer = client.post("/account/login/", {"login": ada.email, "password": "wrong"})
    assert answer.status_code == 200
    assert client.get("/account/").status_code == 302


def test_signing_out_needs_a_click_not_a_link(ada_client):
    ada_client.get("/account/logout/")
    assert ada_client.get("/account/").status_code == 200
    ada_client.post("/account/logout/")
    assert ada_client.get("/account/").headers["Location"] == "/account/login/?next=/account/"


def test_a_forgotten_password_is_reset_by_mail(client, ada, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/account/password/reset/", {"email": "ada@example.org"})
    link = re.search(r"https?://\S+(/account/password/reset/key/\S+)", mail.outbox[0].body)[1]
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD + "!", "password2": PASSWORD + "!"})

    ada.refresh_from_db()
    assert ada.check_password(PASSWORD + "!")
    assert client.get(link, follow=True).context["token_fail"]


@pytest.mark.parametrize("path", ["/account/", "/account/addresses/", "/account/orders/", "/account/email/"])
def test_the_account_is_for_those_who_signed_in_and_is_stored_nowhere(client, ada, path):
    assert client.get(path).headers["Location"] == f"/account/login/?next={path}"
    client.force_login(ada)
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"


def test_a_name_is_kept_as_it_was_typed(ada_client, ada):
    ada_client.post("/account/", {"first_name": "Zoë 🦉", "last_name": "O'Brien"})
    ada.refresh_from_db()
    assert ada.get_full_name() == "Zoë 🦉 O'Brien"
    assert "Zoë 🦉" in ada_client.get("/account/").content.decode()


@pytest.mark.parametrize("name", ["x" * 1000, "a\x00b"])
def test_a_name_that_cannot_be_kept_is_refused(ada_client, name):
    assert ada_client.post("/account/", {"first_name": name, "last_name": ""}).status_code == 422


def test_nobody_sees_or_deletes_the_addresses_of_somebody_else(ada_client, ada):
    own = Address.objects.create(user=ada, **ADDRESS)
    other = User.objects.create_user("bob@example.org", PASSWORD)
    foreign = Address.objects.create(user=other, **{**ADDRESS, "full_name": "Bob"})

    page = ada_client.get("/account/addresses/").content.decode()
    assert "12 St James&#x27;s Square" in page
    assert "Bob" not in page
    assert ada_client.post(f"/account/addresses/{foreign.pk}/delete/").status_code == 404
    assert ada_client.get(f"/account/addresses/{own.pk}/delete/").status_code == 405
    ada_client.post(f"/account/addresses/{own.pk}/delete/")
    assert list(Address.objects.all()) == [foreign]
