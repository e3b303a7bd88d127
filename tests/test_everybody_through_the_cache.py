"""Everybody through the cache of pages: nobody is given what belongs to another, and nobody what was true yesterday.

Twenty readers who are signed in, with names, baskets and orders of their own, and staff who change things in between.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import caches
from django.core.management import call_command
from django.db import connections
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import PageViewRestriction, Site

from accounts.models import User
from catalog import stock
from catalog.models import CatalogPage, Contributor, Edition, Price, ProductPage
from catalog.tests.factories import ContributorFactory, book
from commerce.tests.factories import UserFactory, an_order
from core import page_cache
from core.page_cache import PageCacheMiddleware
from home.models import HomePage, MainMenuItem, Menus, ModalTarget, PageModal
from home.models.modals import Reach
from home.tests.factories import contact_page, standard_page

READERS = 20
REQUESTS = 260
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)

SHARED = (
    "/", "/books/", "/books/?sort=newest", "/books/?format=paperback", "/books/persuasion/", "/books/emma/",
    "/tags/", "/tags/classics/", "/contributors/jane-austen/", "/publishers/virago/", "/series/chawton/",
    "/about-us/", "/contact-us/", "/cookies/", "/robots.txt",
)  # fmt: skip
"""Pages that everybody is given alike."""
PERSONAL = ("/basket/", "/basket/summary/", "/account/", "/account/orders/", "/account/addresses/", "/account/email/")
MISSING = ("/no-such-page/", "/books/nothing/", "/contributors/nobody/", "/offers/nothing/")
ELSEWHERE = ("/books/persuasion", "/contributors/jane-austen", "/old-address/")
"""Addresses that lead to another one."""


@pytest.fixture(autouse=True)
def pages(settings):
    """The cache of pages, switched on: Redis where the suite runs on services, else memory."""
    settings.MIDDLEWARE = ["core.page_cache.PageCacheMiddleware", *settings.MIDDLEWARE]
    return caches["pages"]


@dataclass
class Stored:
    """What was put into the cache of pages: the keys, and all that can be read there."""

    keys: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def secrets_of(self, readers: list[Reader]) -> list[str]:
        """What of these readers can be read there."""
        everything = "\n".join(self.texts)
        return [secret for reader in readers for secret in reader.secrets if secret in everything]


@pytest.fixture
def stored(monkeypatch, pages) -> Stored:
    seen = Stored()
    original = type(pages).set

    def note(self, key, value, *args, **kwargs):
        if isinstance(value, page_cache.Entry):
            seen.keys.append(key)
            seen.texts.append(f"{value.headers} {gzip.decompress(value.body).decode()}")
        return original(self, key, value, *args, **kwargs)

    monkeypatch.setattr(type(pages), "set", note)
    return seen


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """`with commits():` what waits for the commit happens at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


# --- The shop, its readers and its staff -------------------------------------------------------


@pytest.fixture
def open_shop(shop: HomePage) -> HomePage:
    """A page of each kind."""
    book("Persuasion", price="7.01", in_stock=5, tags=["Classics"], publisher="Virago", series="Chawton")
    book("Emma", price="8.99", in_stock=9000, tags=["Classics"], publisher="Virago", series="Chawton")
    standard_page(shop)
    contact_page(shop)
    Redirect.objects.create(old_path="/old-address", redirect_link="/about-us/")
    name_menu("Shelves")
    return shop


def name_menu(label: str) -> None:
    """The one entry of the menu."""
    menus = Menus.for_site(Site.objects.get())
    menus.main_items = [MainMenuItem(label=label, path="/books/")]
    menus.save()


@dataclass
class Reader:
    """Somebody with a browser, and what nobody else may be shown."""

    client: Client
    name: str
    email: str
    street: str
    order: str
    in_basket: int

    @property
    def secrets(self) -> tuple[str, ...]:
        session = self.client.cookies["sessionid"].value
        return (self.name, self.email, self.street, self.order, session)


@pytest.fixture
def readers(open_shop) -> list[Reader]:
    """Each has an order, an address, and one copy more in the basket than the one before."""
    return [_reader(number) for number in range(READERS)]


def _reader(number: int) -> Reader:
    name, email, street = f"Zuleika{number:02}Quill", f"quill{number:02}@hidden.example", f"{number:02} Hidden Lane"
    user = UserFactory(email=email, first_name=name)
    emma = Edition.objects.get(product__slug="emma")
    order = an_order({emma: 1}, user=user, email=email, full_name=name, line_1=street)
    client = Client()
    client.force_login(user)
    reader = Reader(client, name, email, street, order.number, 0)
    put_into_basket(reader, copies=number + 1)
    client.get("/basket/")  # what was told of it is read
    return reader


def put_into_basket(reader: Reader, copies: int = 1) -> None:
    """More copies of Emma. What the shop says to it waits for the next page that shows messages."""
    emma = Edition.objects.get(product__slug="emma")
    assert reader.client.post("/basket/add/", {"edition": emma.pk, "quantity": copies}).status_code == 302
    reader.in_basket += copies


@dataclass
class Staff:
    """Changes the shop, and knows what has to be on pages from then on."""

    price: Decimal = Decimal("7.01")
    is_in_stock: bool = True
    sentence: str = ""
    author: str = "Jane Austen"
    is_live: bool = True
    has_modal: bool = False
    menu: str = "Shelves"

    def change(self, turn: int) -> None:
        """Something, another thing each time."""
        acts = (self.raise_price, self.sell_or_stock, self.publish_text, self.rename_author, self.show_or_end_modal,
                self.raise_price, self.publish_or_withdraw, self.rename_menu)  # fmt: skip
        acts[turn % len(acts)]()

    def raise_price(self) -> None:
        price = Price.objects.get(edition__product__slug="persuasion")
        price.amount = self.price = self.price + Decimal("0.01")
        price.save()

    def sell_or_stock(self) -> None:
        edition = Edition.objects.get(product__slug="persuasion")
        stock.adjust(edition.pk, -5 if self.is_in_stock else 5)
        self.is_in_stock = not self.is_in_stock

    def publish_text(self) -> None:
        self.sentence = f"Written at a price of {self.price}."
        page = ProductPage.objects.get(slug="persuasion")
        page.short_description = self.sentence
        page.save_revision().publish()
        self.is_live = True

    def rename_author(self) -> None:
        person = Contributor.objects.get(slug="jane-austen")
        person.name = self.author = f"Jane Austen at {self.price}"
        person.save()

    def show_or_end_modal(self) -> None:
        modal = PageModal.objects.filter(slug="winter").first() or a_modal("winter", publish=False)
        if self.has_modal:
            modal.unpublish()
        else:
            modal.save_revision().publish()
        self.has_modal = not self.has_modal

    def publish_or_withdraw(self) -> None:
        page = ProductPage.objects.get(slug="persuasion")
        if self.is_live:
            page.unpublish()
        else:
            page.save_revision().publish()
        self.is_live = not self.is_live

    def rename_menu(self) -> None:
        self.menu = f"Shelves from {self.price}"
        name_menu(self.menu)

    def untrue(self, address: str, answer: HttpResponse) -> list[str]:
        """What an answer says that is no longer so, or not yet."""
        if address == "/books/persuasion/" and not self.is_live:
            return [] if answer.status_code == 404 else ["a book that was withdrawn"]
        if answer.status_code != 200:
            return [f"status {answer.status_code}"]
        text = answer.content.decode()
        if not text.startswith("<!DOCTYPE"):
            return []
        wrong = []
        if ("/offers/winter/" in text) != (self.has_modal and address != "/cookies/"):
            wrong.append("a modal that ended or is missing")
        if self.menu not in text:
            wrong.append("an old menu")
        if address == "/books/persuasion/":
            offer = offer_on(text)
            if offer["price"] != str(self.price):
                wrong.append(f"a price of {offer['price']}")
            if offer["availability"].endswith("/InStock") != self.is_in_stock:
                wrong.append(f"availability {offer['availability']}")
            if self.sentence not in text:
                wrong.append("an old text")
        if address in {"/books/", "/books/?sort=newest", "/tags/classics/", "/publishers/virago/", "/series/chawton/"}:
            if (f"£{self.price}" in text) != (self.is_live and self.is_in_stock):
                wrong.append("an old price in a list")
            if self.author not in text:
                wrong.append("an old name")
        return wrong


def offer_on(text: str) -> dict[str, str]:
    """What a book's page tells machines of its first edition."""
    found = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', text)[1])
    return next(node["offers"] for node in found["@graph"] if "offers" in node)


def a_modal(slug: str, *, publish: bool = True, targets=(), **fields) -> PageModal:
    """A modal, everywhere unless it has targets."""
    modal = PageModal(name=slug.title(), slug=slug, title="A table for the winter", live=False, **fields)
    modal.targets = [ModalTarget(page_id=page.pk, reach=Reach.PAGE) for page in targets]
    modal.save()
    revision = modal.save_revision()
    if publish:
        revision.publish()
    return modal


def modal_rules(text: str) -> list[dict]:
    """The modals that a page carries, as the browser reads them."""
    found = re.search(r'<script id="modal-rules" type="application/json">(.*?)</script>', text)
    return json.loads(found[1])["m"] if found else []


# --- The visits --------------------------------------------------------------------------------


def said_of_others(reader: Reader, readers: list[Reader], answer: HttpResponse) -> list[str]:
    """The secrets of other readers in an answer to this one: in its body, its headers or its cookies."""
    text = f"{answer.content.decode()} {answer.headers} {answer.cookies.output()}"
    return [f"{other.name}: {secret}" for other in readers if other is not reader for secret in other.secrets
            if secret in text]  # fmt: skip


def personal_in(reader: Reader, answer: HttpResponse) -> list[str]:
    """What is of one person in an answer that everybody is given."""
    text = answer.content.decode()
    found = [secret for secret in reader.secrets if secret in text]
    found += [word for word in ("csrfmiddlewaretoken", 'class="message', "Added to your basket") if word in text]
    if text.startswith("<!DOCTYPE") and "data-basket-count></span>" not in text:
        found.append("a number in the basket")
    if answer.cookies or "cookie" in answer.get("Vary", "").lower():
        found.append("a cookie")
    if answer.status_code == 200 and answer["Cache-Control"] != "public, no-cache":
        found.append(answer["Cache-Control"])
    return found


def visits(readers: list[Reader], staff: Staff, chance: random.Random, number: int = REQUESTS) -> Iterator[str]:
    """Readers in any order ask for anything, while staff change things and the cache is lost: all that is wrong."""
    for turn in range(number):
        if turn % 7 == 3:
            staff.change(turn // 7)
        if turn % 60 == 59:
            caches["pages"].clear()
        reader = chance.choice(readers)
        act = chance.choices((_reads, _reads_own, _is_lost, _adds), weights=(12, 6, 3, 1))[0]
        address, answer, wrong = act(reader, staff, chance)
        wrong += said_of_others(reader, readers, answer)
        yield from (f"{turn} {address} for {reader.name}: {what}" for what in wrong)


def _reads(reader: Reader, staff: Staff, chance: random.Random) -> tuple[str, HttpResponse, list[str]]:
    address = chance.choice(SHARED)
    if chance.random() < 0.15:
        reader.client.head(address)
    campaign = chance.choice(["", "", f"utm_source={reader.name}"])
    asked = f"{address}{'&' if '?' in address else '?'}{campaign}" if campaign else address
    answer = reader.client.get(asked)
    return asked, answer, personal_in(reader, answer) + staff.untrue(address, answer)


def _reads_own(reader: Reader, _staff: Staff, chance: random.Random) -> tuple[str, HttpResponse, list[str]]:
    address = chance.choice([*PERSONAL, f"/account/orders/{reader.order}/"])
    answer = reader.client.get(address)
    text = answer.content.decode()
    wrong = [] if answer["Cache-Control"] == "no-store, private" else [answer["Cache-Control"]]
    own = {
        "/basket/": f'value="{reader.in_basket}"',
        "/basket/summary/": f'"count": {reader.in_basket}',
        "/account/orders/": reader.order,
        f"/account/orders/{reader.order}/": reader.street,
    }.get(address, "")
    if answer.status_code != 200 or own not in text:
        wrong.append(f"status {answer.status_code}, without {own}")
    return address, answer, wrong


def _is_lost(reader: Reader, _staff: Staff, chance: random.Random) -> tuple[str, HttpResponse, list[str]]:
    address = chance.choice(MISSING + ELSEWHERE)
    answer = reader.client.get(address)
    wrong = personal_in(reader, answer)
    if answer.status_code != (404 if address in MISSING else 301):
        wrong.append(f"status {answer.status_code}")
    return address, answer, wrong


def _adds(reader: Reader, staff: Staff, chance: random.Random) -> tuple[str, HttpResponse, list[str]]:
    """A message waits in the session while its reader looks at pages for everybody; the basket shows it."""
    put_into_basket(reader)
    address, answer, wrong = _reads(reader, staff, chance)
    if "Added to your basket" not in reader.client.get("/basket/").content.decode():
        wrong.append("lost a message")
    return address, answer, wrong


in_earnest = pytest.mark.django_db(transaction=True, serialized_rollback=True)
"""What is changed is committed, as in the shop, and not only noted."""


@in_earnest
def test_nobody_is_given_what_is_of_another_or_was_true_before(readers, stored):
    """L-01, L-06, P15: from a cold and a warm cache, with errors, redirects and messages in between."""
    wrong = list(visits(readers, Staff(), random.Random(8)))

    assert wrong == []
    assert stored.keys
    assert stored.secrets_of(readers) == []


@in_earnest
def test_nothing_leaks_where_an_address_of_ones_own_was_forgotten(readers, stored, monkeypatch):
    """L-01: what an answer says of itself is guard enough."""
    monkeypatch.setattr(page_cache, "OWN_ADDRESSES", ("/admin/",))

    wrong = list(visits(readers, Staff(), random.Random(15), number=120))

    assert wrong == []
    assert stored.secrets_of(readers) == []


@in_earnest
def test_control_without_the_guards_readers_are_given_pages_of_others(readers, stored, monkeypatch):
    monkeypatch.setattr(page_cache, "OWN_ADDRESSES", ("/admin/",))
    monkeypatch.setattr(page_cache, "_is_for_everybody", lambda _response: True)

    wrong = list(visits(readers, Staff(), random.Random(15), number=120))

    assert any("/account/" in what and "Zuleika" in what.partition("for ")[2].partition(": ")[2] for what in wrong)
    assert stored.secrets_of(readers)


@in_earnest
def test_control_without_purging_pages_tell_of_yesterday(readers, monkeypatch):
    monkeypatch.setattr(page_cache, "_purge", lambda _names: None)

    wrong = {what.partition(": ")[2] for what in visits(readers, Staff(), random.Random(8))}

    assert {"a modal that ended or is missing", "an old menu", "an old price in a list", "an old name"} <= wrong


@in_earnest
def test_twenty_at_the_same_time_keep_apart(readers, stored):
    """L-01: each in a thread, while staff change things; and afterwards all is as it was left."""
    staff, wrong = Staff(), []
    begin = threading.Barrier(READERS + 1)

    def read(reader: Reader, chance: random.Random) -> None:
        begin.wait(30)
        for _turn in range(10):
            act = chance.choices((_reads, _reads_own, _is_lost), weights=(4, 2, 1))[0]
            try:
                address, answer, said = act(reader, staff, chance)
            except Exception as error:  # noqa: BLE001  # the test looks at it
                wrong.append(repr(error))
                continue
            # Who comes while somebody renders may be given what was true a moment ago, but never another's.
            said = [] if act is _reads else said
            wrong.extend(f"{address}: {what}" for what in said + said_of_others(reader, readers, answer))
            wrong.extend(f"{address}: {what}" for what in personal_in(reader, answer) if act is _reads)
        connections.close_all()

    def work() -> None:
        begin.wait(30)
        for turn in range(6):
            staff.change(turn)
        connections.close_all()

    threads = [
        threading.Thread(target=read, args=(reader, random.Random(place))) for place, reader in enumerate(readers)
    ]
    threads.append(threading.Thread(target=work))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert wrong == []
    assert stored.secrets_of(readers) == []
    assert [(address, staff.untrue(address, Client().get(address))) for address in SHARED] == [
        (address, []) for address in SHARED
    ]


# --- Tokens ------------------------------------------------------------------------------------


def test_no_token_is_in_a_page_and_two_visitors_are_given_the_same(open_shop, pages):
    """L-02: whether from the cache or rendered for each of them."""
    reader = Client()
    reader.force_login(UserFactory())
    for address in SHARED:
        answers = [Client().get(address), reader.get(address)]
        pages.clear()
        answers += [reader.get(address), Client().get(address)]

        wholes = {f"{sorted(answer.headers.items())} {answer.content.decode()}" for answer in answers}
        assert (address, len(wholes)) == (address, 1)
        assert [word for word in ("csrf", "nonce") if word in "".join(wholes)] == []


# --- Poisoning ---------------------------------------------------------------------------------

POISON = 'evil"><script>alert(1)</script>.example'
UNKEYED = (
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Host": POISON, "X-Forwarded-Port": "1337", "X-Forwarded-Prefix": "/evil"},
    {"X-Forwarded-Proto": "https"},
    {"X-Original-URL": "/account/", "X-Rewrite-URL": "/account/"},
    {"X-Forwarded-For": POISON, "Forwarded": "host=evil.example", "X-Host": "evil.example"},
    {"X-HTTP-Method-Override": "POST"},
    {"Accept-Language": POISON},
    {"Accept-Language": "fr-FR,fr;q=0.9"},
    {"Accept": POISON, "User-Agent": POISON, "Referer": f"http://localhost/{POISON}"},
    {"Cookie": f"currency={POISON}; lang=evil; _ga=evil; consent=evil; django_language=fr; sessionid=evil"},
    {"Sec-GPC": "1", "DNT": "1"},
)


@pytest.mark.parametrize("headers", UNKEYED, ids=lambda headers: "+".join(headers))
def test_what_is_not_in_the_key_neither_poisons_nor_splits(open_shop, pages, stored, headers):
    """L-03."""
    addresses = ("/", "/books/", "/books/persuasion/", "/contact-us/")
    clean = [Client().get(address).content for address in addresses]
    pages.clear()

    poisoned = [Client().get(address, headers=headers).content for address in addresses]
    second = [Client().get(address).content for address in addresses]

    assert poisoned == second == clean
    assert "evil" not in "".join(stored.texts)
    assert len(set(stored.keys)) == len(addresses)


@pytest.mark.parametrize(
    "query",
    [
        f"utm_source={POISON}&utm_campaign=evil&gclid=evil&fbclid=evil", "utm_content=1;page=9", "PAGE=evil",
        "page%00=evil", "_=evil&callback=evil", "%75tm_source=evil", "q=evil", "next=//evil.example",
    ],
)  # fmt: skip
def test_parameters_that_no_page_knows_neither_poison_nor_split(open_shop, pages, stored, query):
    """L-03."""
    clean = Client().get("/books/")
    pages.clear()

    poisoned = Client().get(f"/books/?{query}")
    second = Client().get("/books/")

    assert poisoned.content == second.content == clean.content
    assert "evil" not in "".join(stored.texts)
    assert len(set(stored.keys)) == 1


def test_the_host_and_behind_a_proxy_the_scheme_are_in_the_key(open_shop, stored, settings):
    """L-03: a page may name them, so those who came by another name are not given it."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    names = ({"host": "localhost:1337"}, {"host": "localhost", "X-Forwarded-Proto": "https"}, {"host": "localhost"})

    _first, second, third = (Client().get("/books/persuasion/", headers=name).content.decode() for name in names)

    assert len(set(stored.keys)) == 3
    assert "localhost:1337" not in second + third
    assert "https://localhost" not in third


def test_a_host_that_is_not_ours_is_refused_and_nothing_is_stored(open_shop, stored):
    """L-03."""
    assert Client().get("/books/", headers={"host": "evil.example"}).status_code == 400
    assert stored.keys == []


# --- Deception ---------------------------------------------------------------------------------


FILES = (
    "/account/orders/x.css", "/account/x.css", "/account;.js", "/account/;x.css", "/account/orders;/x.css",
    "/account%2forders%2fx.css", "/account/%2e%2e/account/x.css", "/books/%2e%2e/account/",
    "/static/%2e%2e/account/orders/", "/books/persuasion/%2e%2e/%2e%2e/account/", "/ACCOUNT/orders/",
    "/account%00.css", "/account/orders/%0ax.css", "/basket/x.css", "/basket/summary/x.css", "/basket/summary.css",
    "/orders/x.css", "/checkout/x.js", "/books/..;/account/",
)  # fmt: skip


def test_an_own_page_by_the_name_of_a_file_is_missing_and_never_stored(open_shop, stored):
    """L-04: for who is signed in, and for who comes after."""
    reader = Client()
    user = UserFactory(first_name="Zuleika")
    reader.force_login(user)

    for address in FILES:
        own, others = (visitor.get(address, follow=True) for visitor in (reader, Client()))

        assert (address, own.status_code) == (address, 404)
        assert others.status_code == 404 or others.redirect_chain[-1][0].startswith("/account/login/")
        for answer in (own, others):
            assert [secret for secret in ("Zuleika", user.email) if secret in answer.content.decode()] == []
            assert "public" not in answer.get("Cache-Control", "")
    assert stored.keys == []


def test_a_parameter_by_the_name_of_a_file_leaves_an_own_page_ones_own(open_shop, stored):
    """L-04."""
    reader = Client()
    reader.force_login(UserFactory(first_name="Zuleika"))

    for address in ("/account/?x.css", "/account/orders/?/x.css", "/basket/?.js", "/basket%2fsummary%2f"):
        assert reader.get(address)["Cache-Control"] == "no-store, private"
        assert "Zuleika" not in Client().get(address).content.decode()
    assert stored.keys == []


# --- Drafts, previews, private pages -----------------------------------------------------------


def at_home(client: Client, address: str, **headers) -> str:
    """The page as previews ask for it too: by the name of the site."""
    return client.get(address, headers={"host": "localhost", **headers}).content.decode()


def test_drafts_and_previews_are_not_stored_nor_answered_from_what_is(open_shop, admin_client, stored):
    """L-05: of a book, of a company page and of a modal; with the user bar, which no stored page has."""
    addresses = ("/books/persuasion/", "/about-us/", "/")
    before = [at_home(Client(), address) for address in addresses]
    persuasion, about = ProductPage.objects.get(slug="persuasion"), open_shop.get_children().get(slug="about-us")
    for page in (persuasion, about.specific):
        page.title = "A draft of it"
        page.save_revision()
    modal = a_modal("draft", publish=False)
    stored.keys.clear()

    drafts = [at_home(admin_client, f"/admin/pages/{page.pk}/view_draft/") for page in (persuasion, about)]
    modal_preview = modal.make_preview_request(preview_mode="A").content.decode()

    assert ["A draft of it" in draft and "wagtail-userbar" in draft for draft in drafts] == [True] * 2
    assert "A table for the winter" in modal_preview
    assert stored.keys == []
    assert [at_home(visitor, address) for visitor in (Client(), admin_client) for address in addresses] == before * 2
    assert "userbar" not in "".join(before)


@pytest.mark.parametrize("address", ["/books/persuasion/", "/about-us/"])
def test_a_page_that_gets_a_password_is_closed_on_the_next_request(open_shop, commits, stored, address):
    """L-05: to all who have not unlocked it, whoever did."""
    public = Client().get(address)
    page = open_shop.get_descendants().get(slug=address.strip("/").rpartition("/")[2])
    text = re.search(r"<h1.*?</h1>", public.content.decode(), re.DOTALL)[0]

    with commits():
        lock = PageViewRestriction.objects.create(page=page, restriction_type="password", password="a secret")
    stored.keys.clear()
    knows, other = Client(), Client()
    closed = [visitor.get(address) for visitor in (knows, other)]
    form = {"password": "a secret", "return_url": address}
    knows.post(f"/_util/authenticate_with_password/{lock.pk}/{page.pk}/", form)
    opened, still_closed = knows.get(address), other.get(address)

    assert [text in answer.content.decode() for answer in (*closed, opened, still_closed)] == [
        False, False, True, False,
    ]  # fmt: skip
    assert ["private" in answer["Cache-Control"] for answer in (*closed, opened, still_closed)] == [True] * 4
    assert stored.keys == []
    with commits():
        lock.delete()
    assert Client().get(address).content == public.content


# --- Yesterday's price, stock, page and modal ---------------------------------------------------


def test_basket_and_checkout_are_right_whatever_is_stored(open_shop, commits):
    """L-06."""
    reader, persuasion = Client(), Edition.objects.get(product__slug="persuasion")
    reader.post("/basket/add/", {"edition": persuasion.pk, "quantity": 1})
    reader.get("/books/persuasion/")

    with commits():
        price = persuasion.prices.get()
        price.amount = Decimal("7.77")
        price.save()
    assert "£7.77" in reader.get("/basket/").content.decode()
    assert offer_on(reader.get("/books/persuasion/").content.decode())["price"] == "7.77"

    with commits():
        stock.allocate({persuasion.pk: 5})
    page = offer_on(reader.get("/books/persuasion/").content.decode())
    assert not page["availability"].endswith("/InStock")


def test_a_price_holds_from_its_first_second_to_its_last_on_pages_stored_before(open_shop, commits):
    """L-06: no job has run, and no page was purged."""
    addresses = ("/books/persuasion/", "/books/", "/tags/classics/", "/contributors/jane-austen/")
    starts, ends = NOON + dt.timedelta(minutes=50), NOON + dt.timedelta(minutes=110)
    with time_machine.travel(NOON, tick=False), commits():
        Price.objects.create(
            edition=Edition.objects.get(product__slug="persuasion"), amount=Decimal("9.99"), currency="GBP",
            starts_at=starts, ends_at=ends,
        )  # fmt: skip
    second = dt.timedelta(seconds=1)
    moments = (NOON, starts - second, starts, starts + second, NOON + dt.timedelta(minutes=80), ends - second, ends)

    for moment in moments:
        with time_machine.travel(moment, tick=False):
            seen = [("£9.99" in Client().get(address).content.decode()) for address in addresses]
        assert (moment, seen) == (moment, [starts <= moment < ends] * len(addresses))


def test_a_book_that_moves_or_goes_does_so_on_the_next_request(open_shop, commits):
    """L-06."""
    reader = Client()
    for address in ("/books/persuasion/", "/books/emma/", "/books/", "/contributors/jane-austen/"):
        reader.get(address)

    with commits():
        persuasion = ProductPage.objects.get(slug="persuasion")
        persuasion.slug = "persuaded"
        persuasion.save_revision().publish()
        ProductPage.objects.get(slug="emma").delete()

    assert reader.get("/books/persuasion/").headers.get("Location", "").endswith("/books/persuaded/")
    assert reader.get("/books/persuaded/").status_code == 200
    assert reader.get("/books/emma/").status_code == 410
    for address in ("/books/", "/contributors/jane-austen/"):
        text = reader.get(address).content.decode()
        assert ("/books/persuaded/" in text, "/books/persuasion/" in text, "Emma" in text) == (True, False, False)


def test_a_modal_is_right_to_the_second_on_a_page_stored_an_hour_before(open_shop, commits):
    """L-06: whether the page was stored before it came near, while it was near, or while it was on."""
    starts, ends = NOON + dt.timedelta(hours=3), NOON + dt.timedelta(hours=4, minutes=30)
    minute, second = dt.timedelta(minutes=1), dt.timedelta(seconds=1)
    with time_machine.travel(NOON, tick=False), commits():
        a_modal("winter", go_live_at=starts, expire_at=ends)
    moments = (
        NOON, NOON + 59 * minute, NOON + 61 * minute, starts - 59 * minute, starts - second, starts,
        ends - 59 * minute, ends - second, ends, ends + 59 * minute,
    )  # fmt: skip
    milliseconds = (int(starts.timestamp() * 1000), int(ends.timestamp() * 1000))

    for moment in moments:
        with time_machine.travel(moment, tick=False):
            rules = modal_rules(Client().get("/about-us/").content.decode())
        now = moment.timestamp() * 1000
        assert [(rule["f"], rule["e"]) for rule in rules] in ([], [milliseconds])
        is_shown = any(rule["f"] <= now and (not rule["e"] or now < rule["e"]) for rule in rules)
        assert (moment, is_shown) == (moment, starts <= moment < ends)


def test_a_modal_is_there_changed_and_gone_on_the_next_request(open_shop, commits):
    """L-06: also by the clock, which publishes and withdraws."""
    titles = []

    def look() -> None:
        text = Client().get("/about-us/").content.decode()
        titles.append([title for title in ("A table for the winter", "A chair for the spring") if title in text])

    look()
    with commits():
        modal = a_modal("winter")
    look()
    with commits():
        modal.refresh_from_db()
        modal.title = "A chair for the spring"
        modal.save_revision().publish()
    look()
    with commits():
        modal.refresh_from_db()
        modal.unpublish()
    look()
    with commits():
        modal.refresh_from_db()
        modal.expire_at = timezone.now() + dt.timedelta(minutes=10)
        modal.save_revision().publish()
    look()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11)), commits():
        call_command("publish_scheduled")
        look()
    with commits():
        PageModal.objects.all().delete()
    look()

    winter, spring = ["A table for the winter"], ["A chair for the spring"]
    assert titles == [[], winter, spring, [], spring, [], []]


# --- Back after signing out --------------------------------------------------------------------


def test_browsers_keep_no_own_page_to_go_back_to(open_shop):
    """L-07, P15: whether somebody is signed in or was."""
    reader = Client()
    reader.force_login(UserFactory())
    put_into_basket(Reader(reader, "", "", "", "", 0))
    addresses = [*PERSONAL, "/checkout/", "/account/password/change/", "/account/logout/", "/account/login/"]

    before = {reader.get(address)["Cache-Control"] for address in addresses}
    reader.post("/account/logout/")
    after = {reader.get(address)["Cache-Control"] for address in addresses}

    assert before == after == {"no-store, private"}


# --- Addresses that look alike -----------------------------------------------------------------


def test_addresses_that_look_alike_are_pages_of_their_own(monkeypatch):
    """L-08: whatever signs are in slug and query."""
    monkeypatch.setattr(page_cache, "horizons", {})
    rf = RequestFactory()
    paths = (
        "/a:b/", "/a%3Ab/x", "/a b/", "/a%20%20b/", "/a%2520b/", "/a+b/", "/a/", "/a", "/A/", "//a/", "/a//", "/a;b/",
        "/a%3Fpage=2", "/a%253Fpage=2", "/a%26page=2", "/a%23", "/a%00/", "/a%0a/", "/é/", "/e%CC%81/", "/%FF/",
        "/a%2Fb/%2E/", "/a.rendering", "/pages.stamp/", f"/{'x' * 300}/", f"/{'x' * 301}/",
    )  # fmt: skip
    queries = (
        "",
        "page=2",
        "page=3",
        "tag=a&tag=b",
        "tag=a%26tag%3Db",
        "tag=a:b",
        "tag=a%20b",
        "tag=ab",
        "tag=a&page=2",
    )
    requests = [(path, query) for path in paths for query in queries]

    def named(request) -> HttpResponse:
        page_cache.understood(request, *((name, value) for name in request.GET for value in request.GET.getlist(name)))
        return HttpResponse(repr((request.path_info, sorted(request.GET.lists()))))

    middleware = PageCacheMiddleware(named)
    rendered = [middleware(rf.get(f"{path}?{query}")).content for path, query in requests]
    nothing = PageCacheMiddleware(lambda _request: HttpResponse("rendered again"))
    answered = [nothing(rf.get(f"{path}?{query}")).content for path, query in requests]

    assert len(set(rendered)) == len(requests)
    assert answered == rendered


def test_people_with_hostile_slugs_have_pages_of_their_own(books_page: CatalogPage):
    """L-08: of contributors, whose slugs come from feeds."""
    slugs = ("jane", "jane-", "-jane", "jane_", "janeé", "ЖАН", "page-2", "everybody", "1", "stamp")
    for number, slug in enumerate(slugs):
        person = ContributorFactory(name=f"Person Number {number}.", slug=slug)
        page = book(f"Book {number}", contributors=[])
        page.contributions.create(contributor=person)
        page.save_revision().publish()
    call_command("rebuild_listing")

    for _cold_then_warm in range(2):
        for number, slug in enumerate(slugs):
            text = Client().get(f"/contributors/{slug}/").content.decode()
            heading = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)[1]
            assert (slug, f"Person Number {number}." in heading) == (slug, True)


def test_what_is_remembered_of_one_reader_is_not_told_another(open_shop):
    """L-08: the fragment with name and basket, which pages ask for afterwards."""
    told = []
    for name in ("Ada", "Ada:1", "Ada 1", "Ada%201"):
        reader = Client()
        reader.force_login(
            User.objects.create_user(f"{len(told)}@hidden.example", "a long enough secret", first_name=name)
        )
        for _copy in range(len(told)):
            put_into_basket(Reader(reader, "", "", "", "", 0))
        told.append(reader.get("/basket/summary/").json())

    assert told == [{"count": number, "name": name} for number, name in enumerate(("Ada", "Ada:1", "Ada 1", "Ada%201"))]
