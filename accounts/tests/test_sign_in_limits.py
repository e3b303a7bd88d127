"""Wrong sign-ins are counted by who sends them, not by what they say of themselves."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from accounts.models import User

PASSWORD = "a long enough password"
TRIES = 40
SIGNED_IN, REFUSED, TOO_OFTEN = 302, 200, 429


@pytest.fixture
def sign_in(client, shop):
    """`sign_in(email, …)` sends the form with these headers and gives the status."""
    User.objects.create_user("ada@booktime.example", PASSWORD)

    def send(email: str, password: str = PASSWORD[::-1], **headers: str) -> int:
        answer = client.post("/account/login/", {"login": email, "password": password}, **headers)
        return answer.status_code if "many" not in answer.content.decode() else TOO_OFTEN

    return send


def test_a_header_of_the_sender_s_own_buys_no_further_try(sign_in):
    answers = {
        sign_in(f"nobody-{number}@booktime.example", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
        for number in range(TRIES)
    }

    assert answers == {REFUSED, TOO_OFTEN}
    assert sign_in("ada@booktime.example", PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.7") == TOO_OFTEN


def test_behind_the_shop_s_proxy_one_visitor_s_tries_are_not_another_s(sign_in, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    for number in range(TRIES):
        sign_in(f"nobody-{number}@booktime.example", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, 203.0.113.9")

    assert sign_in("ada@booktime.example", PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.9") == TOO_OFTEN
    assert sign_in("ada@booktime.example", PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.7") == SIGNED_IN
