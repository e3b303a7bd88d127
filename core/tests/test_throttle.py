"""Whose limits a request counts towards, whatever its sender writes into it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.test import RequestFactory

from booktime.environment import networks
from core.throttle import is_too_often, sender_of

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48")]


def sender(forwarded: str | None, *, connected: str = "10.0.0.1") -> str:
    """The sender of a request that this address handed over with this header."""
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return sender_of(RequestFactory().get("/", REMOTE_ADDR=connected, **headers))


@pytest.mark.parametrize("proxies", [[], PROXIES])
def test_who_connects_without_a_proxy_is_the_sender_whatever_they_say(settings, proxies):
    settings.TRUSTED_PROXIES = proxies

    for forwarded in (None, "", "198.51.100.1", "10.0.0.2", "198.51.100.1, 10.0.0.2", "rubbish"):
        assert sender(forwarded, connected="192.0.2.7") == "192.0.2.7"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("198.51.100.1,10.0.0.9,192.0.2.7,10.0.0.2", "192.0.2.7"),
        ("rubbish, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("192.0.2.7, 2001:db8:ffff::1", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("10.0.0.2", "10.0.0.2"),
        ("192.0.2.7, unknown", "10.0.0.1"),
        ("", "10.0.0.1"),
        (None, "10.0.0.1"),
    ],
)
def test_behind_a_proxy_the_last_address_that_is_no_proxy_is_the_sender(settings, forwarded, expected):
    settings.TRUSTED_PROXIES = PROXIES

    assert sender(forwarded) == expected


def test_a_proxy_that_is_written_as_ipv6_is_the_same_proxy(settings):
    settings.TRUSTED_PROXIES = PROXIES

    assert sender("192.0.2.7", connected="::ffff:10.0.0.1") == "192.0.2.7"


@pytest.mark.parametrize(("proxies", "expected"), [([], ""), (PROXIES, "192.0.2.7")])
def test_behind_a_local_socket_is_the_proxy_where_there_is_one(settings, proxies, expected):
    settings.TRUSTED_PROXIES = proxies

    assert sender("198.51.100.1, 192.0.2.7", connected="") == expected


def test_addresses_of_one_ipv6_household_count_together_and_ipv4_ones_do_not():
    def counted(*senders: str) -> list[bool]:
        return [is_too_often("x", one, limit=1, seconds=60) for one in senders]

    assert counted("2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1") == [False, True, False]
    assert counted("::ffff:192.0.2.7", "::ffff:192.0.2.8", "192.0.2.7") == [False, False, True]


@pytest.mark.parametrize("value", ["everybody", "10.0.0.1/8", "0.0.0.0/0", "::/0"])
def test_proxies_that_are_none_stop_the_shop_with_one_line(monkeypatch, value):
    monkeypatch.setenv("TRUSTED_PROXIES", value)

    with pytest.raises(SystemExit, match="BookTime cannot start: TRUSTED_PROXIES must be addresses or networks"):
        networks("TRUSTED_PROXIES")


def test_proxies_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,2001:db8::/32")

    assert [str(one) for one in networks("TRUSTED_PROXIES")] == ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"]
