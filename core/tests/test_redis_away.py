"""Redis that hangs, refuses, and comes back: the shop is as quick as without one, and nobody gets past a limit."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.core.cache import cache, caches
from django.test import Client

from accounts.tests.factories import PASSWORD, member
from booktime.settings import base
from catalog.tests.factories import book
from core import redis_cache
from core.throttle import is_too_often

pytestmark = pytest.mark.django_db

PATIENCE = 2.0
"""Seconds for a page: P8."""


@contextmanager
def hanging() -> Iterator[int]:
    """A port that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield server.getsockname()[1]


@contextmanager
def refusing() -> Iterator[int]:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class Door:
    """A way to the real Redis that can be shut: what is sent then is swallowed."""

    def __init__(self) -> None:
        self.is_open = True
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _address = self._server.accept()
                real = urlsplit(configured.REDIS_URL)
                redis = socket.create_connection((real.hostname, real.port or 6379))
                for one, other in ((visitor, redis), (redis, visitor)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while said := one.recv(65536):
                if self.is_open:
                    other.sendall(said)
        other.close()

    def close(self) -> None:
        self._server.close()


def point_at(settings, port: int, database: str = "0") -> None:
    """The caches of production, at this port."""
    options = {
        "IGNORE_EXCEPTIONS": True, "REDIS_CLIENT_CLASS": "core.redis_cache.Client",
        "SOCKET_CONNECT_TIMEOUT": 0.3, "SOCKET_TIMEOUT": 0.3,
    }  # fmt: skip
    if configured.REDIS_URL:
        assert base.CACHES["default"]["OPTIONS"] == options, "what is tested is what is deployed"
    one = {
        "BACKEND": "core.redis_cache.RedisCache",
        "LOCATION": f"redis://127.0.0.1:{port}/{database}",
        "OPTIONS": options,
    }
    settings.CACHES = {"default": {**one, "KEY_PREFIX": "booktime"}, "pages": {**one, "KEY_PREFIX": "booktime-pages"}}
    cache.clear()


@pytest.fixture(params=[hanging, refusing])
def away(request, settings) -> Iterator[None]:
    """No Redis, in one of the ways in which it is not there."""
    settings.MIDDLEWARE = ["core.page_cache.PageCacheMiddleware", *settings.MIDDLEWARE]
    with request.param() as port:
        point_at(settings, port)
        yield


def test_every_page_is_there_as_quickly_as_with_it(books_page, away):
    edition = book("Emma").editions.get()
    reader = member("ada@example.org")
    client = Client()
    steps = [
        lambda: client.get("/"),
        lambda: client.get("/books/"),
        lambda: client.get(edition.product.get_url()),
        lambda: client.post("/basket/add/", {"edition": edition.pk, "quantity": 1}),
        lambda: client.get("/basket/"),
        lambda: client.get("/account/login/"),
        lambda: client.post("/account/login/", {"login": reader.email, "password": PASSWORD}),
        lambda: client.get("/checkout/"),
    ]
    took = []
    for step in steps:
        started = time.monotonic()
        assert step().status_code in {200, 302}
        took.append(time.monotonic() - started)

    assert max(took[1:]) < PATIENCE, took
    assert took[0] < PATIENCE + 1, took
    assert client.get("/account/").status_code == 200, "signed in"


def test_wrong_passwords_are_limited_all_the_same(books_page, away):
    reader, other = member("ada@example.org"), member("grace@example.org")

    def sign_in(person, password: str) -> int:
        return Client().post("/account/login/", {"login": person.email, "password": password}).status_code

    assert [sign_in(reader, "wrong") for _try in range(5)] == [200] * 5
    assert sign_in(reader, PASSWORD) != 302, "the sixth is not even looked at"
    assert sign_in(other, PASSWORD) == 302


def test_other_limits_are_counted_in_memory(away):
    assert [is_too_often("x", "192.0.2.7", limit=2, seconds=60) for _time in range(4)] == [False, False, True, True]


def test_it_is_asked_once_and_then_left_alone(away, monkeypatch):
    monkeypatch.setattr(redis_cache, "BREAK_SECONDS", 60)
    cache.get("x")

    started = time.monotonic()
    for _call in range(200):
        assert cache.get("x", "nothing") == "nothing"
        assert caches["pages"].get_many(["x", "y"]) == {}
        caches["pages"].set_many({"x": 1})
    assert time.monotonic() - started < 1


def test_that_it_is_left_alone_is_not_told_again_and_again(settings, caplog):
    settings.DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
    with refusing() as port:
        point_at(settings, port)
        for _call in range(20):
            cache.get("x")

    assert len([record for record in caplog.records if record.name == "django_redis.cache"]) == 1


@pytest.mark.services
@pytest.mark.skipif(not configured.REDIS_URL, reason="needs Redis")
def test_when_it_is_back_it_forgets_what_it_missed(settings, monkeypatch):
    """A purge that did not arrive must not leave yesterday's page."""
    monkeypatch.setattr(redis_cache, "BREAK_SECONDS", 0.5)
    own_database = urlsplit(settings.CACHES["default"]["LOCATION"]).path.strip("/")
    door = Door()
    try:
        point_at(settings, door.port, own_database)
        cache.set_many({"mark": "old", "other": "old", "kept": "old"})
        door.is_open = False

        cache.set("mark", "new")
        cache.set_many({"other": "new"})
        cache.add("kept", "another")
        assert cache.get("mark") is None
        door.is_open = True
        until = time.monotonic() + 10
        while not (found := cache.get_many(["mark", "other", "kept"])) and time.monotonic() < until:
            time.sleep(0.1)

        assert found == {"kept": "old"}
        cache.set("mark", "newest")
        assert cache.get("mark") == "newest"
    finally:
        door.close()
