"""The account's own pages."""

from __future__ import annotations

import pytest
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


def test_a_fresh_shop_has_no_account():
    assert not User.objects.exists()
