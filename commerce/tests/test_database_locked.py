"""K-06: a backup that locks SQLite for seconds makes buyers wait, and refuses nobody."""

from __future__ import annotations

import sqlite3
import threading
import time

import pytest
from django.db import connection

from catalog.tests.factories import book
from commerce.models import Order
from commerce.tests.factories import DETAILS, filled_basket
from commerce.tests.test_races import last_click

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is backed up without a lock"),
]

LOCKED_SECONDS = 6
"""Longer than the five after which Django gives up by itself."""


def test_whoever_buys_meanwhile_waits_and_whoever_reads_does_not(client, books_page):
    edition = book("Emma").editions.get()
    click = last_click(filled_basket({edition: 1}))
    assert connection.settings_dict["OPTIONS"]["timeout"] == 20, "as it is deployed"
    backup = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False)
    backup.execute("BEGIN EXCLUSIVE")
    threading.Timer(LOCKED_SECONDS, backup.rollback).start()
    began = time.monotonic()

    assert client.get("/books/").status_code == 200
    assert client.post("/checkout/", DETAILS).status_code == 302
    read_after = time.monotonic() - began
    answer = click()

    backup.close()
    assert read_after < LOCKED_SECONDS
    assert answer.headers["Location"].startswith("/checkout/done/")
    assert time.monotonic() - began >= LOCKED_SECONDS
    assert Order.objects.count() == 1
