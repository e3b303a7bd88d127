"""Signing in with Google or another provider, against a provider of this machine."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.tests.factories import PASSWORD, member
from booktime import environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def claims(settings) -> Iterator[dict[str, Any]]:
    """What the provider says of who signs in there; change it before signing in."""
    said: dict[str, Any] = {"sub": "1", "email": "ada@example.org", "email_verified": True, "given_name": "Ada"}

    class Provider(BaseHTTPRequestHandler):
        def _say(self, what: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(what).encode())

        def do_GET(self) -> None:
            here = f"http://127.0.0.1:{self.server.server_address[1]}"
            found = {"authorization_endpoint": f"{here}/authorize", "token_endpoint": f"{here}/token"}
            self._say(said if self.path == "/userinfo" else {**found, "userinfo_endpoint": f"{here}/userinfo"})

        def do_POST(self) -> None:
            self._say({"access_token": "token", "token_type": "Bearer"})

        def log_message(self, *_said: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app = {
        "provider_id": "oidc", "name": "Our library", "client_id": "shop", "secret": "secret",
        "settings": {"server_url": f"http://127.0.0.1:{server.server_address[1]}"},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield said
    server.shutdown()
    server.server_close()


def come_back(client: Client, place: str = "/account/"):
    """Leave for the provider and return with its word."""
    page = client.post(f"/account/oidc/oidc/login/?next={place}")
    there = html.unescape(re.search(r'content="0;URL=&#x27;|content="0;URL=\'([^"]+)\'"', page.content.decode())[1])
    asked = parse_qs(urlsplit(there).query)
    assert asked["code_challenge_method"] == ["S256"]
    return client.get("/account/oidc/oidc/login/callback/", {"code": "code", "state": asked["state"][0]})


def test_without_settings_no_button_and_no_address_says_anything(client, shop):
    for path in ("/account/login/", "/account/signup/"):
        assert "Continue with" not in client.get(path).content.decode()
    assert client.post("/account/oidc/google/login/").status_code == 404


def test_a_button_for_each_provider(client, shop, claims):
    assert "Continue with Our library" in client.get("/account/login/").content.decode()


def test_nobody_leaves_by_a_link_and_no_form_leads_to_another_host(client, shop, claims):
    assert client.get("/account/oidc/oidc/login/").status_code == 200
    answer = client.post("/account/oidc/oidc/login/")
    assert answer.status_code == 200, "a redirect after a form is refused by form-action 'self'"
    assert "form-action 'self'" in answer["Content-Security-Policy"]


def test_a_new_reader_has_an_account_at_once_and_is_welcomed(client, shop, claims, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = come_back(client, "/checkout/")
    assert answer.headers["Location"] == "/checkout/"
    user = User.objects.get()
    assert (user.email, user.first_name, user.has_usable_password()) == ("ada@example.org", "Ada", False)
    assert client.get("/account/").status_code == 200
    assert "Welcome to BookTime" in [message.subject for message in mail.outbox]


def test_a_verified_address_opens_the_account_that_has_it(client, shop, claims):
    ada = member("ada@example.org")
    come_back(client)
    assert SocialAccount.objects.get().user == ada
    assert client.get("/account/").status_code == 200
    ada.refresh_from_db()
    assert ada.has_usable_password()


@pytest.mark.parametrize("said", [False, "false", None])
def test_an_address_that_the_provider_has_not_verified_opens_nothing(client, shop, claims, said):
    member("ada@example.org")
    claims["email_verified"] = said
    come_back(client)
    assert client.get("/account/").status_code == 302
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("said", [False, "false"])
def test_an_unverified_address_of_a_new_reader_is_to_be_confirmed_first(client, shop, claims, said):
    claims["email_verified"] = said
    come_back(client)
    assert client.get("/account/").status_code == 302
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_who_signed_up_with_somebody_elses_address_has_lost_it_when_its_owner_comes(client, shop, claims):
    squatted = User.objects.create_user("ada@example.org", PASSWORD)  # never confirmed
    assert come_back(client).headers["Location"] == "/account/confirm-email/"
    squatted.refresh_from_db()
    assert not squatted.has_usable_password()


def test_an_answer_that_nobody_asked_for_opens_nothing(client, shop, claims):
    client.get("/account/oidc/oidc/login/callback/", {"code": "code", "state": "of somebody else"})
    assert client.get("/account/").status_code == 302


def test_settings_make_providers_and_half_a_setting_is_told(monkeypatch, capsys):
    for name in ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME"):
        monkeypatch.delenv(name, raising=False)
    assert environment.sign_in_providers() == []
    monkeypatch.setenv("GOOGLE_CLIENT_ID", "id")
    with pytest.raises(SystemExit, match="GOOGLE_CLIENT_SECRET is missing"):
        environment.sign_in_providers()
    monkeypatch.setenv("GOOGLE_CLIENT_SECRET", "secret")
    [google] = environment.sign_in_providers()
    assert (google["name"], google["settings"]["server_url"]) == ("Google", "https://accounts.google.com")


def test_an_account_elsewhere_is_connected_and_removed_in_the_account(client, shop, claims):
    claims["email"] = "lovelace@example.org"
    member("ada@example.org")
    client.post("/account/login/", {"login": "ada@example.org", "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert "Continue with Our library" in client.get("/account/connections/").content.decode()
    assert "Other ways to sign in" in client.get("/account/2fa/").content.decode()
