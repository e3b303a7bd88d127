"""A CDN in front of the shop: what it may keep, and that it forgets what changed."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
import threading
import time
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from django_tasks import default_task_backend
from wagtail.contrib.frontend_cache.backends import BaseBackend
from wagtail.models import PageViewRestriction, Site

from catalog import stock
from catalog.models import Contributor, Edition, Price, ProductPage
from catalog.tests.factories import book
from core import cdn, page_cache
from core.models import KeptAddress
from core.page_cache import PageCacheMiddleware
from home.models import MainMenuItem, Menus, PageModal
from home.tests.factories import standard_page

BOOK, OTHER, COMPANY = "/books/persuasion/", "/books/middlemarch/", "/about-us/"


class FakeCDN(BaseBackend):
    """Keeps what it is allowed to and answers from it, until that is over or it is told to forget."""

    kept: dict[str, tuple[float, HttpResponse]] = {}
    purged: list[str] = []

    def purge(self, url: str) -> None:
        self.purged.append(url)
        self.kept.pop(url, None)

    @classmethod
    def get(cls, address: str, **headers) -> HttpResponse:
        """What a visitor of the CDN is given."""
        url = f"http://testserver{address}"
        until, answer = cls.kept.get(url, (0, None))
        if until > time.time():
            return answer
        answer = Client().get(address, headers=headers)
        if found := re.search(r"s-maxage=(\d+)", answer.get("Cache-Control", "")):
            cls.kept[url] = (time.time() + int(found[1]), answer)
        return answer


@pytest.fixture(autouse=True)
def pages(settings):
    """The cache of pages, switched on."""
    settings.MIDDLEWARE = ["core.page_cache.PageCacheMiddleware", *settings.MIDDLEWARE]
    return caches["pages"]


@pytest.fixture
def edge(settings) -> type[FakeCDN]:
    """A CDN, configured."""
    settings.WAGTAILFRONTENDCACHE = {"edge": {"BACKEND": "core.tests.test_cdn.FakeCDN"}}
    FakeCDN.kept.clear()
    FakeCDN.purged.clear()
    return FakeCDN


@pytest.fixture
def open_shop(books_page, shop):
    """Two books that stand on one another's pages, and a page of the company."""
    book("Persuasion", price="7.99", in_stock=5, tags=["Classics"], series="Novels")
    book("Middlemarch", price="9.99", contributors=["George Eliot"], tags=["Classics"])
    standard_page(shop)
    return shop


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """`with commits():` what waits for the commit happens at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


# --- What it may keep --------------------------------------------------------------------------


def test_without_a_cdn_browsers_and_proxies_ask_each_time_and_nothing_is_noted(open_shop, commits):
    for address in (BOOK, COMPANY):
        assert Client().get(address)["Cache-Control"] == "public, no-cache"

    with commits():
        page_cache.purge(page_cache.SITE)

    assert not KeptAddress.objects.exists()


@pytest.mark.parametrize("address", [BOOK, COMPANY])
def test_pages_of_books_and_of_the_company_may_be_kept_for_minutes(open_shop, edge, address):
    first, second = Client().get(address), Client().get(address)
    again = Client().get(address, headers={"if-none-match": first["ETag"]})

    assert {answer["Cache-Control"] for answer in (first, second, again)} == {"public, max-age=0, s-maxage=300"}
    assert again.status_code == 304
    assert KeptAddress.objects.get().address == f"http://testserver{address}"


@pytest.mark.parametrize(
    "address",
    ["/", "/books/", "/tags/classics/", "/contributors/jane-austen/", "/series/novels/", f"{BOOK}?edition=1",
     f"{BOOK}?utm_source=letter", "/books/?format=paperback&page=1"],
)  # fmt: skip
def test_lists_and_addresses_with_parameters_are_asked_for_each_time(open_shop, edge, address):
    edge.get(BOOK)

    answers = [edge.get(address), edge.get(address)]

    assert ["s-maxage" in answer["Cache-Control"] for answer in answers] == [False] * 2
    assert list(edge.kept) == [f"http://testserver{BOOK}"]


@pytest.mark.parametrize(
    "address", ["/basket/", "/account/login/", "/no-such-page/", "/books/persuasion", "/search/?q=emma"]
)
def test_what_is_personal_missing_or_elsewhere_is_not_kept(open_shop, edge, address):
    answer = edge.get(address)

    assert "public" not in answer.get("Cache-Control", "")
    assert not edge.kept


def test_a_page_behind_a_password_is_not_kept(open_shop, edge, commits):
    edge.get(BOOK)
    with commits():
        page = ProductPage.objects.get(slug="persuasion")
        PageViewRestriction.objects.create(page=page, restriction_type="password", password="a secret")

    answer = edge.get(BOOK)

    assert "private" in answer["Cache-Control"]
    assert "£7.99" not in answer.content.decode()
    assert not edge.kept


def test_a_page_first_seen_with_a_campaign_is_noted_for_those_who_come_without(open_shop, edge, commits):
    Client().get(f"{BOOK}?utm_source=letter")
    edge.get(BOOK)
    assert edge.kept

    with commits():
        change_price()

    assert "£6.66" in edge.get(BOOK).content.decode()


def test_no_answer_is_kept_beyond_the_next_price(open_shop, edge, commits):
    now = timezone.now()
    with commits():
        Price.objects.create(
            edition=Edition.objects.get(product__slug="persuasion"), amount=Decimal("5.55"), currency="GBP",
            starts_at=now + dt.timedelta(minutes=2),
        )  # fmt: skip
    edge.get(BOOK)

    with time_machine.travel(now + dt.timedelta(minutes=2, seconds=1)):
        assert "£5.55" in edge.get(BOOK).content.decode()


def test_an_old_answer_that_bridges_a_rendering_is_not_kept(db, edge, monkeypatch):
    monkeypatch.setattr(page_cache, "horizons", {})
    rf = RequestFactory()

    def render(request) -> HttpResponse:
        page_cache.built_from(request)
        return HttpResponse("the page")

    middleware = PageCacheMiddleware(render)
    middleware(rf.get("/somewhere/"))
    page_cache._purge([page_cache.SITE])
    caches["pages"].add(f"{page_cache._key(rf.get('/somewhere/'), '')}.rendering", "somebody else", 10)

    assert middleware(rf.get("/somewhere/"))["Cache-Control"] == "public, no-cache"


def test_an_answer_that_changed_while_it_was_rendered_is_not_kept(db, edge, monkeypatch):
    monkeypatch.setattr(page_cache, "horizons", {})

    def changed_meanwhile(request) -> HttpResponse:
        page_cache.built_from(request)
        page_cache._purge([page_cache.SITE])
        return HttpResponse("old")

    answer = PageCacheMiddleware(changed_meanwhile)(RequestFactory().get("/somewhere/"))

    assert answer["Cache-Control"] == "public, no-cache"


# --- What it is told ---------------------------------------------------------------------------


def change_price() -> None:
    price = Price.objects.get(edition__product__slug="persuasion")
    price.amount = Decimal("6.66")
    price.save()


def sell_out() -> None:
    stock.allocate({Edition.objects.get(product__slug="persuasion").pk: 5})


def publish_text() -> None:
    page = ProductPage.objects.get(slug="persuasion")
    page.short_description = "Second chances."
    page.save_revision().publish()


def unpublish() -> None:
    ProductPage.objects.get(slug="persuasion").unpublish()


def rename_author() -> None:
    person = Contributor.objects.get(slug="jane-austen")
    person.name = "Miss Austen"
    person.save()


def show_modal() -> None:
    modal = PageModal(name="Winter", slug="winter", title="A table for the winter", live=False)
    modal.save()
    modal.save_revision().publish()


def change_menu() -> None:
    menus = Menus.for_site(Site.objects.get())
    menus.main_items = [MainMenuItem(label="All our books", path="/books/")]
    menus.save()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (change_price, {BOOK, OTHER}), (sell_out, {BOOK, OTHER}), (publish_text, {BOOK, OTHER}),
        (unpublish, {BOOK, OTHER, COMPANY}), (rename_author, {BOOK, OTHER}), (show_modal, {BOOK, OTHER, COMPANY}),
        (change_menu, {BOOK, OTHER, COMPANY}),
    ],
)  # fmt: skip
def test_what_was_built_from_it_is_new_on_the_next_request_and_the_rest_is_kept(open_shop, edge, commits, change, told):
    addresses = (BOOK, OTHER, COMPANY)
    before = {address: edge.get(address) for address in addresses}
    assert len(edge.kept) == 3

    with commits():
        change()

    assert {url.removeprefix("http://testserver") for url in edge.purged} == told
    for address in addresses:
        now = edge.get(address)
        assert (now is before[address]) == (address not in told)
        assert now.content == Client().get(address).content


def test_a_page_is_purged_each_time_it_changes_whoever_rendered_it_anew(open_shop, edge, commits):
    for number in range(3):
        Client().get(BOOK)  # somebody who does not come through the CDN
        edge.get(BOOK)
        with commits():
            price = Price.objects.get(edition__product__slug="persuasion")
            price.amount = Decimal(f"6.6{number}")
            price.save()
        assert f"£6.6{number}" in edge.get(BOOK).content.decode()


def test_a_sale_leaves_alone_what_was_not_built_from_that_book(db, edge, commits):
    cdn.note("http://testserver/twelve/", ["site", "book:12"])
    cdn.note("http://testserver/one/", ["site", "book:1"])

    with commits():
        page_cache.purge(page_cache.CATALOGUE, "book:1")

    assert edge.purged == ["http://testserver/one/"]


def test_nobody_waits_for_the_cdn(open_shop, edge, commits, settings):
    """It is told by a worker of the slow queue, so that no mail waits either."""
    edge.get(BOOK)
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": ["default", "slow"]}}

    with commits():
        change_price()

    assert edge.purged == []
    waiting = [result.task for result in default_task_backend.results if result.task.func == cdn.purge_stale.func]
    assert [task.queue_name for task in waiting] == ["slow"]
    assert cdn.purge_stale.call() == 1
    assert edge.purged == [f"http://testserver{BOOK}"]
    assert cdn.purge_stale.call() == 0


def test_what_changes_while_it_is_purged_is_purged_once_more(open_shop, edge, monkeypatch):
    edge.get(BOOK)
    KeptAddress.objects.update(is_stale=True)
    changes = iter([lambda: KeptAddress.objects.update(is_stale=True)])
    original = FakeCDN.purge
    monkeypatch.setattr(FakeCDN, "purge", lambda self, url: (original(self, url), next(changes, int)()))

    cdn.purge_stale.call()

    assert edge.purged == [f"http://testserver{BOOK}"] * 2


def test_addresses_that_nobody_keeps_any_more_are_not_remembered(open_shop, edge):
    edge.get(BOOK)

    with time_machine.travel(timezone.now() + dt.timedelta(hours=3)):
        cdn.purge_stale.call()

    assert not KeptAddress.objects.exists()


def test_a_cdn_that_fails_stops_no_editor_and_no_worker(open_shop, settings, commits):
    settings.WAGTAILFRONTENDCACHE = {
        "proxy": {"BACKEND": "wagtail.contrib.frontend_cache.backends.HTTPBackend", "LOCATION": "http://127.0.0.1:9"}
    }
    Client().get(BOOK)

    with commits():
        change_price()

    assert "£6.66" in Client().get(BOOK).content.decode()


# --- How it is configured ----------------------------------------------------------------------


def test_a_proxy_is_told_by_a_purge_request_for_the_public_address(open_shop, settings, commits):
    told: set[tuple[str, str, str]] = set()

    class Proxy(BaseHTTPRequestHandler):
        def do_PURGE(self) -> None:
            told.add((self.command, self.headers["Host"], self.path))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.WAGTAILFRONTENDCACHE = {
        "proxy": {
            "BACKEND": "wagtail.contrib.frontend_cache.backends.HTTPBackend",
            "LOCATION": f"http://127.0.0.1:{server.server_port}",
        }
    }
    Client().get(COMPANY, headers={"host": "localhost"})

    with commits():
        change_menu()

    server.shutdown()
    assert told == {("PURGE", "localhost", COMPANY)}


@pytest.mark.parametrize(
    ("environment", "backends"),
    [
        ({}, {}),
        ({"CDN_PURGE_URL": "http://10.0.0.5:6081"}, {"proxy": "HTTPBackend"}),
        ({"CLOUDFLARE_ZONE": "zone", "CLOUDFLARE_TOKEN": "token"}, {"cloudflare": "CloudflareBackend"}),
    ],
)
def test_the_environment_says_which_cdn(environment, backends):
    answer = told_by_settings(environment)

    assert {name: one["BACKEND"].rpartition(".")[2] for name, one in json.loads(answer.stdout).items()} == backends


def test_a_zone_without_a_token_stops_with_a_clear_line():
    answer = told_by_settings({"CLOUDFLARE_ZONE": "zone"})

    assert answer.returncode == 1
    assert answer.stderr == "BookTime cannot start: CLOUDFLARE_TOKEN is missing. (see .env.example)\n"


def told_by_settings(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What a fresh process makes of the environment; wrong backends would not get as far as printing."""
    asks = (
        "import json; from booktime.settings import base; from wagtail.contrib.frontend_cache import utils;"
        "utils.get_backends(base.WAGTAILFRONTENDCACHE); print(json.dumps(base.WAGTAILFRONTENDCACHE))"
    )
    unset = dict.fromkeys(("CDN_PURGE_URL", "CLOUDFLARE_ZONE", "CLOUDFLARE_TOKEN"), "")
    return subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", asks], cwd=django_settings.BASE_DIR, capture_output=True, text=True, check=False,
        env={**os.environ, "SECRET_KEY": "x" * 50, **unset, **environment},
    )  # fmt: skip
