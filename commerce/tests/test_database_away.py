"""Connections to PostgreSQL that break: what was half done is not done, and the next request does not notice."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import DatabaseError, close_old_connections, connection, connections
from django.test import Client

from catalog.models import StockRecord
from catalog.tests.factories import book
from commerce.models import Basket, Invoice, Order
from commerce.tests.factories import filled_basket, place
from core.mail.models import OutgoingMail

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no connections that break"),
]


def break_others() -> None:
    """What a restart of the server does to everybody else's connection with this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def ask(path: str) -> int:
    """A request as a server takes it, which keeps its connection from one to the next; the status of the answer."""
    statuses: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "HTTP_HOST": "localhost", "REMOTE_ADDR": "192.0.2.7", "wsgi.input": BytesIO(), "wsgi.url_scheme": "http",
        "wsgi.errors": BytesIO(),
    }  # fmt: skip
    answer = WSGIHandler()(environ, lambda status, _headers: statuses.append(status))
    list(answer)
    answer.close()
    return int(statuses[0].split()[0])


def keep_connected(*, is_checked: bool) -> None:
    """This thread's connection lasts beyond a request."""
    connection.settings_dict = {**connection.settings_dict, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": is_checked}
    connection.close()


@pytest.mark.parametrize("is_checked", [True, False])
def test_a_broken_connection_is_replaced_before_the_next_request(books_page, is_checked):
    """K-05, and its control: without CONN_HEALTH_CHECKS the next request fails."""
    assert connection.settings_dict["CONN_HEALTH_CHECKS"], "as it is deployed"
    with ThreadPoolExecutor(1) as server:
        try:
            server.submit(keep_connected, is_checked=is_checked).result()
            assert server.submit(ask, "/books/").result() == 200
            assert server.submit(lambda: connection.connection is not None).result(), "kept for the next request"
            break_others()
            assert server.submit(ask, "/books/").result() == (200 if is_checked else 500)
            assert server.submit(ask, "/books/").result() == 200
        finally:
            server.submit(connections.close_all).result()


def test_an_order_whose_connection_breaks_is_not_half_placed(books_page):
    edition = book("Emma", in_stock=1).editions.get()
    basket = filled_basket({edition: 1})
    written = []

    def break_off(execute, sql, params, many, context):
        done = execute(sql, params, many, context)
        if sql.startswith('INSERT INTO "commerce_invoice"'):
            written.append(sql)
            own.submit(break_others).result()
        return done

    with ThreadPoolExecutor(1) as own:
        try:
            with connection.execute_wrapper(break_off), pytest.raises(DatabaseError):
                place(basket)
            close_old_connections()
            assert written, "the stock was promised, and the order and its invoice were written"
            assert (Order.objects.count(), Invoice.objects.count(), OutgoingMail.objects.count()) == (0, 0, 0)
            assert StockRecord.objects.get(edition=edition).allocated == 0
            assert Basket.objects.open().get() == basket

            order = place(basket)
            assert (order.invoice.sequence, StockRecord.objects.get(edition=edition).allocated) == (1, 1)
        finally:
            own.submit(connections.close_all).result()


def test_while_the_database_is_away_the_shop_says_that_it_is_not_ready(books_page):
    def look() -> tuple[int, dict[str, str], int]:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            connection.settings_dict = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": taken.getsockname()[1]}
            connection.close()
            client = Client(raise_request_exception=False)
            answer = client.get("/readyz")
            return answer.status_code, answer.json(), client.get("/healthz").status_code

    with ThreadPoolExecutor(1) as server:
        status, told, alive = server.submit(look).result()

    assert (status, told["database"], alive) == (503, "not answering: OperationalError", 200)
