"""Every door that limits its visitors counts them by who sends the request, behind a proxy too."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from home.tests.factories import contact_page

JSON = "application/json"
MESSAGE = {"name": "Ada", "email": "ada@booktime.example", "message": "Have you got it?"}
DOORS = {
    "/csp-report/": ("{}", JSON),
    "/consent/": ("{}", JSON),
    "/offers/count/": ("{}", JSON),
    "/contact-us/": (MESSAGE, None),
}
ENOUGH = 700


@pytest.mark.parametrize("path", DOORS)
def test_one_sender_is_stopped_whatever_they_write_and_the_next_one_is_not(client, shop, settings, path):
    contact_page(shop)
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    body, kind = DOORS[path]

    def status(*forwarded: str) -> int:
        how = {"content_type": kind} if kind else {}
        headers = {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_X_FORWARDED_FOR": ", ".join(forwarded)}
        return client.post(path, body, **how, **headers).status_code

    tries = (status(f"198.51.100.{number % 256}", "203.0.113.9") for number in range(ENOUGH))
    assert 429 in tries
    assert status("192.0.2.7") != 429
