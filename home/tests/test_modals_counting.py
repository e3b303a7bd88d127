"""The counting endpoint: totals, and nothing of who it was; machines and floods are left out."""

from __future__ import annotations

import datetime as dt
import json
import re
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from catalog.tests.factories import book
from commerce.tests.factories import an_order
from commerce.tests.test_races import at_once
from home.consent.question import present_question
from home.modals import counting
from home.models import ConsentSettings, ModalCount, ModalVariant, PageModal

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture
def modal(shop):
    made = PageModal(name="Winter", slug="winter", title="Winter")
    made.variants = [ModalVariant(code="B", title="Other")]
    made.save()
    made.save_revision().publish()
    return made


@pytest.fixture
def send(client):
    """What a browser on one of our pages sends."""

    def send(events, page=0, *, body=None, content_type="application/json", **headers):
        headers = {"HTTP_USER_AGENT": BROWSER, "HTTP_SEC_FETCH_SITE": "same-origin", **headers}
        data = json.dumps({"p": page, "e": events}) if body is None else body
        return client.post("/offers/count/", data, content_type=content_type, **headers)

    return send


def totals():
    return {(c.variant, c.event, c.page_number): c.count for c in ModalCount.objects.all()}


def test_batches_raise_totals_by_day_version_and_page(send, modal, shop):
    with time_machine.travel("2026-07-01 22:30Z", tick=False):
        for _ in range(2):
            answer = send([[modal.pk, "A", "eligible"], [modal.pk, "A", "shown"]], page=shop.pk)
    send([[modal.pk, "B", "clicked"], [modal.pk, "-", "eligible"]])

    assert (answer.status_code, answer.content, answer.cookies) == (204, b"", {})
    assert "no-store" in answer["Cache-Control"]
    assert totals() == {
        ("A", "eligible", shop.pk): 2, ("A", "shown", shop.pk): 2, ("B", "clicked", 0): 1, ("-", "eligible", 0): 1,
    }  # fmt: skip
    assert str(ModalCount.objects.filter(variant="A").first().day) == "2026-07-01"


def test_the_day_is_that_of_the_site(send, modal):
    with time_machine.travel("2026-07-01 23:30Z", tick=False):
        send([[modal.pk, "A", "shown"]])

    assert str(ModalCount.objects.get().day) == "2026-07-02"


def test_nothing_that_identifies_anybody_is_kept(modal, send):
    send([[modal.pk, "A", "shown"]])

    with connection.cursor() as cursor:
        columns = {column.name for column in connection.introspection.get_table_description(cursor, "home_modalcount")}
    assert columns == {"id", "modal_id", "variant", "page_number", "day", "event", "count"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"HTTP_USER_AGENT": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, 204),
        ({"HTTP_USER_AGENT": BROWSER.replace("Chrome", "HeadlessChrome")}, 204),
        ({"HTTP_USER_AGENT": "python-requests/2.34"}, 204),
        ({"HTTP_USER_AGENT": ""}, 204),
        ({"HTTP_SEC_FETCH_SITE": "cross-site"}, 403),
        ({"HTTP_SEC_FETCH_SITE": ""}, 403),
        ({"content_type": "text/plain"}, 403),
    ],
)
def test_machines_and_other_sites_are_not_counted(send, modal, headers, status):
    assert send([[modal.pk, "A", "shown"]], **headers).status_code == status
    assert totals() == {}


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"{}", b"\xff", b'{"p": 0, "e": 1}', b'{"p": 0, "e": [1]}', b'{"p": "0", "e": [[1, "A", "shown"]]}',
        b'{"p": true, "e": [[1, "A", "shown"]]}', b'{"p": 0, "e": [[1, "A", "bought"]]}',
        b'{"p": 0, "e": [[1, ["A"], "shown"]]}', b'{"p": 0, "e": [[1e9, "A", "shown"]]}',
        b'{"p": 0, "e": [[99999999999, "A", "shown"]]}', json.dumps({"p": 0, "e": [[1, "A", "shown"]] * 41}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused(send, modal, body):
    assert send([], body=body).status_code == 400
    assert totals() == {}


def test_what_is_not_there_is_passed_over(send, modal, shop):
    send([[modal.pk, "C", "shown"], [modal.pk + 1, "A", "shown"]])
    send([[modal.pk, "A", "shown"]], page=987654)
    send([[modal.pk, "A", "shown"]] * 5)

    assert totals() == {("A", "shown", 0): 1}


def test_a_large_batch_and_a_flood_are_refused_and_other_households_are_not(send, modal):
    assert send([], body=b" " * (counting.LARGEST + 1)).status_code == 413

    statuses = [send([[modal.pk, "A", "shown"]]).status_code for _ in range(counting.BATCHES_A_MINUTE + 2)]

    assert statuses == [204] * counting.BATCHES_A_MINUTE + [429] * 2
    assert totals() == {("A", "shown", 0): counting.BATCHES_A_MINUTE}
    assert send([[modal.pk, "A", "shown"]], REMOTE_ADDR="192.0.2.9").status_code == 204


def test_only_posts_count(client, modal):
    assert client.get("/offers/count/").status_code == 405


def test_a_row_that_another_batch_made_in_between_is_raised(modal, shop, monkeypatch):
    row = {"modal_id": modal.pk, "event": "shown", "variant": "A", "page_number": 0, "day": "2026-07-01"}
    ModalCount.objects.create(**row, count=1)
    looks = iter([0])
    real = QuerySet.update
    monkeypatch.setattr(QuerySet, "update", lambda self, **values: 0 if next(looks, 1) == 0 else real(self, **values))

    counting._raise(row)

    assert ModalCount.objects.get().count == 2


@pytest.mark.services
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_batches_that_come_at_once_add_up(modal):
    """Rows that none of them finds, and in an order of their own in each."""
    events = [[modal.pk, version, event] for version in "AB" for event in ("shown", "clicked", "seen")]
    headers = {"HTTP_USER_AGENT": BROWSER, "HTTP_SEC_FETCH_SITE": "same-origin"}
    bodies = [json.dumps({"p": 0, "e": events[turn:] + events[:turn]}) for turn in range(len(events))] * 4

    answers = at_once(
        *[lambda body=body: Client().post("/offers/count/", body, "application/json", **headers) for body in bodies]
    )

    assert [answer.status_code for answer in answers] == [204] * len(bodies)
    assert totals() == {(version, event, 0): len(bodies) for _modal, version, event in events}


def choose(client, site, *allowed: str) -> None:
    """Answer the question of a shop that asks for statistics of its own."""
    settings = ConsentSettings.for_site(site)
    settings.own_statistics = True
    settings.save()
    question = present_question(site)
    told = {
        "act": "save", "allowed": allowed, "known": list(question.keys),
        "text": question.digest, "language": "en-gb", "path": "/",
    }  # fmt: skip
    client.post("/consent/", json.dumps(told), "application/json")


@pytest.fixture
def ordered(client, send, modal, books_page):
    """`ordered(mark)` says that an order followed; `ordered.mark` is the one of its page, seen with consent."""
    choose(client, books_page.get_site(), "own-statistics")
    order = an_order({book("Emma", in_stock=1).editions.get(): 1})

    def ordered(mark):
        send([], body=json.dumps({"p": 0, "o": mark, "e": [[modal.pk, "A", "ordered"], [modal.pk, "A", "clicked"]]}))
        return totals().get(("A", "ordered", 0), 0)

    ordered.mark = re.search(r'data-mark="([^"]+)"', client.get(order.get_absolute_url()).content.decode())[1]
    return ordered


def test_an_order_is_counted_once_and_only_with_the_mark_of_its_page(ordered, modal):
    for invented in (None, "", "made-up", ordered.mark[:-1], [ordered.mark], counting.signing.dumps(["x", 1])):
        assert ordered(invented) == 0
    assert totals() == {("A", "clicked", 0): 6}

    assert [ordered(ordered.mark) for _ in range(3)] == [1, 1, 1]


def test_an_order_that_is_not_there_has_no_mark(ordered, client):
    response = client.get("/checkout/done/no-such-order/")

    assert response.status_code == 404
    assert "data-mark" not in response.content.decode()


def test_an_order_of_yesterday_is_not_counted(ordered):
    with time_machine.travel(dt.timedelta(days=1, minutes=1)):
        assert ordered(ordered.mark) == 0


def test_an_order_is_not_counted_where_consent_was_withdrawn_or_the_cache_is_away(ordered, client, shop, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(counting, "cache", SimpleNamespace(add=lambda *_what: None))
        assert ordered(ordered.mark) == 0
    choose(client, shop.get_site())
    assert ordered(ordered.mark) == 0


@pytest.mark.parametrize(("allowed", "is_there"), [(["own-statistics"], True), ([], False)])
def test_an_order_is_followed_only_where_statistics_were_agreed_to(client, books_page, allowed, is_there):
    choose(client, books_page.get_site(), *allowed)
    order = an_order({book("Emma", in_stock=1).editions.get(): 1})

    content = client.get(order.get_absolute_url()).content.decode()

    assert f'data-order-placed="{int(order.placed_at.timestamp())}"' in content
    assert ("js/modals/orders.js" in content) == is_there
    assert "data-consent" not in content
