"""Who the shop is, no request can say: neither by Host, nor by a proxy's headers, nor by a whole address."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

EVIL = "evil.example"


def answer_to(url: str, *lines: str) -> str:
    """What the server says to a request that no browser would send."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as line:
        line.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        return b"".join(iter(lambda: line.recv(65536), b"")).decode(errors="replace")


@pytest.mark.parametrize("path", ["/", "/account/password/reset/", "/no-such-page/"])
def test_another_host_is_refused(shop_running, path):
    assert answer_to(shop_running.url, f"GET {path} HTTP/1.1", f"Host: {EVIL}").startswith("HTTP/1.1 400")


@pytest.mark.parametrize(
    "path", ["/", "/books/frankenstein/", "/sitemap.xml", "/account/password/reset/", "/no-such-page/"]
)
@pytest.mark.parametrize(
    ("asked", "header"),
    [
        (f"http://{EVIL}", "Accept: text/html"),
        ("", f"X-Forwarded-Host: {EVIL}"),
        ("", f"X_Forwarded_Host: {EVIL}"),
        ("", f"X-Original-URL: http://{EVIL}/"),
        ("", f"Forwarded: host={EVIL}"),
    ],
)
def test_no_page_takes_over_the_name_of_another(shop_running, asked, header, path):
    host = urlsplit(shop_running.url).netloc

    for _ in range(2):  # and nobody is given it later, from the cache
        assert EVIL not in answer_to(shop_running.url, f"GET {asked}{path} HTTP/1.1", f"Host: {host}", header)
        assert EVIL not in answer_to(shop_running.url, f"GET {path} HTTP/1.1", f"Host: {host}")
