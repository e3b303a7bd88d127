"""Codes from an app, recovery codes, passkeys; the admin waits for one of them; the list of sessions."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.test import Client

from accounts import roles
from accounts.models import User
from accounts.tests.factories import PASSWORD, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def agnes(shop) -> User:
    """Of the central office."""
    roles.apply()
    user = member("agnes@example.org")
    user.groups.add(Group.objects.get(name=roles.OFFICE))
    return user


@pytest.fixture
def office(agnes) -> Client:
    """Her browser."""
    return signed_in(agnes)


def signed_in(user: User, **headers: str) -> Client:
    client = Client(headers=headers)
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def code_of(secret: str) -> str:
    """What an app shows now: RFC 6238."""
    moment = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), moment, "sha1")
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def set_up_app(client: Client) -> str:
    """Activates codes, and gives the key that the page shows."""
    page = client.get("/account/2fa/totp/activate/").content.decode()
    secret = re.search(r'id="authenticator_secret" value="([A-Z2-7]+)"', page)[1]
    answer = client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})
    assert answer.status_code == 302
    return secret


def test_the_admin_waits_for_a_second_factor_of_staff(office, settings):
    settings.STAFF_SECOND_FACTOR = True
    for place in ("/admin/", "/admin/orders/"):
        assert office.get(place).headers["Location"] == "/account/2fa/"
    assert "Before the admin opens" in office.get("/account/2fa/").content.decode()

    set_up_app(office)

    assert office.get("/admin/").status_code == 200
    assert 'href="/admin/"' in office.get("/account/2fa/").content.decode()


def test_recovery_codes_alone_open_no_admin(office, agnes, settings):
    settings.STAFF_SECOND_FACTOR = True
    Authenticator.objects.create(user=agnes, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x", "used_mask": 0})
    assert office.get("/admin/").headers["Location"] == "/account/2fa/"


def test_customers_need_no_second_factor(shop, settings):
    settings.STAFF_SECOND_FACTOR = True
    assert signed_in(member("ada@example.org")).get("/account/").status_code == 200


def test_the_demo_shop_opens_by_password_alone(office):
    assert office.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    ("address", "said", "asks"),
    [
        ("http://127.0.0.1:8000", None, "false"),
        ("http://localhost:8000", None, "false"),
        ("https://books.example", None, None),
        ("http://127.0.0.1:8000", "true", "true"),
    ],
)
def test_only_a_shop_of_this_machine_lets_staff_in_by_password_alone(monkeypatch, address, said, asks):
    from booktime import embedded

    monkeypatch.setenv("SITE_URL", address)
    monkeypatch.delenv("STAFF_SECOND_FACTOR", raising=False)
    if said:
        monkeypatch.setenv("STAFF_SECOND_FACTOR", said)
    embedded.allow_demo_sign_ins()
    assert embedded.os.environ.get("STAFF_SECOND_FACTOR") == asks
    monkeypatch.delenv("STAFF_SECOND_FACTOR", raising=False)


def test_with_codes_the_password_alone_opens_nothing(office, agnes):
    with time_machine.travel("2026-11-20 12:00") as clock:
        office = signed_in(agnes)
        secret = set_up_app(office)
        clock.shift(120)
        client = Client()
        answer = client.post("/account/login/", {"login": agnes.email, "password": PASSWORD, "next": "/admin/orders/"})
        assert answer.headers["Location"] == "/account/2fa/authenticate/"
        assert client.get("/account/").status_code == 302
        assert client.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
        assert client.get("/account/").status_code == 302

        answer = client.post("/account/2fa/authenticate/", {"code": code_of(secret)})

        assert answer.headers["Location"] == "/admin/orders/"
        assert client.get("/account/").status_code == 200


def test_a_code_is_tried_five_times_only(office, agnes):
    with time_machine.travel("2026-11-20 12:00") as clock:
        secret = set_up_app(signed_in(agnes))
        clock.shift(120)
        client = Client()
        client.post("/account/login/", {"login": agnes.email, "password": PASSWORD})
        for _try in range(5):
            client.post("/account/2fa/authenticate/", {"code": "000000"})
        client.post("/account/2fa/authenticate/", {"code": code_of(secret)})
        assert client.get("/account/").status_code == 302


def test_a_recovery_code_opens_once(office, agnes):
    set_up_app(office)
    [code, *_more] = re.findall(r"<code>(\d+)</code>", office.get("/account/2fa/recovery-codes/").content.decode())
    for expected in (200, 302):
        client = Client()
        client.post("/account/login/", {"login": agnes.email, "password": PASSWORD})
        client.post("/account/2fa/authenticate/", {"code": code})
        assert client.get("/account/").status_code == expected


def test_a_second_factor_is_set_up_only_by_who_knows_the_password(agnes):
    client = Client()
    client.force_login(agnes)
    for path in ("/account/2fa/totp/activate/", "/account/2fa/webauthn/add/"):
        assert client.get(path).headers["Location"].startswith("/account/reauthenticate/")


PAGES = [
    "/account/2fa/", "/account/2fa/totp/activate/", "/account/2fa/webauthn/", "/account/2fa/webauthn/add/",
    "/account/sessions/",
]  # fmt: skip
LATER = ["/account/2fa/totp/deactivate/", "/account/2fa/recovery-codes/", "/account/2fa/recovery-codes/generate/"]


def test_the_pages_say_what_they_are_and_run_no_script_of_their_own(office):
    for path in PAGES:
        page = office.get(path).content.decode()
        assert len(re.findall("<h1", page)) == 1, path
        assert "<script>" not in page, path
    set_up_app(office)
    for path in LATER:
        assert "<h1>" in office.get(path).content.decode(), path


def test_the_key_is_a_picture_on_white_and_a_new_passkey_needs_no_password(office):
    page = office.get("/account/2fa/totp/activate/").content.decode()
    picture = base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)[1]).decode()
    assert 'fill="white"' in picture
    form = office.get("/account/2fa/webauthn/add/").context["form"]
    assert (form["name"].value(), form["passwordless"].value()) == ("Passkey", True)


def test_a_passkey_of_somebody_else_cannot_be_renamed_or_removed(office):
    other = member("bob@example.org")
    key = Authenticator.objects.create(user=other, type=Authenticator.Type.WEBAUTHN, data={"name": "x"})
    for action in ("edit", "remove"):
        assert office.get(f"/account/2fa/webauthn/keys/{key.pk}/{action}/").status_code == 404
        assert office.post(f"/account/2fa/webauthn/keys/{key.pk}/{action}/", {"name": "mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


# --- Sessions


def test_sessions_are_listed_and_the_others_are_signed_out(shop):
    ada = member("ada@example.org")
    here, there = signed_in(ada, user_agent="Here/1"), signed_in(ada, user_agent="There/2")
    stranger = signed_in(member("bob@example.org"), user_agent="Stranger/3")
    page = here.get("/account/sessions/").content.decode()
    assert "Here/1" in page
    assert "There/2" in page
    assert "Stranger/3" not in page

    here.post("/account/sessions/")

    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    assert stranger.get("/account/").status_code == 200
