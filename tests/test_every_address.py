"""Every address and every form: nothing changes by looking, no other site sends a form, no text breaks the shop."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import lxml.html
import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts import urls as account_urls
from accounts.models import Address
from accounts.tests.factories import PASSWORD, member
from catalog.tests.factories import book
from commerce import urls as commerce_urls
from commerce.models import Voucher, VoucherCode, WaitingReader
from commerce.services import baskets, saved, vouchers, wishes
from commerce.services.baskets import Owner
from commerce.tests.factories import ADDRESS, DETAILS, an_order, gift_card, standard_delivery
from core.middleware import PERSONAL
from home.tests.factories import contact_page
from tests.test_object_access import BY_MAIL, OWN, SECRET, SHARED, example_of, signed_in

pytestmark = pytest.mark.django_db

FROM_ANYWHERE = {"/csp-report/"}
"""Browsers send these by themselves; they change nothing but a log."""

STAFF = ("/admin/", "/django-admin/", "/__debug__/")

ALWAYS_WRITTEN = {
    "sessions.session", "usersessions.usersession", "django_tasks_database.dbtaskresult", "catalog.booklisting",
    "commerce.paper",  # the file of an invoice is made when somebody first asks for it
}  # fmt: skip


def routes(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Every address of the shop, as the patterns write it."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern.url_patterns, route)


def test_where_money_and_people_are_nothing_is_stored_and_nobody_else_s_code_runs():
    ours = [*routes(commerce_urls.urlpatterns, "/"), *routes(account_urls.urlpatterns, "/account/")]

    assert "/gift-cards/balance/" in ours
    assert [route for route in ours if not route.startswith(PERSONAL)] == []


@pytest.fixture
def ada(shop) -> dict[str, Any]:
    """A customer with one of each."""
    contact_page(shop)
    user = member("ada@example.org", first_name="Ada")
    one, two = (book(title, availability="available").editions.get() for title in ("Persuasion", "Emma"))
    basket, _notices = baskets.add(Owner(user_id=user.pk), two.pk, 1)
    saved.save_for_later(basket.pk, basket.lines.get().pk)
    baskets.add(Owner(user_id=user.pk), one.pk, 1)
    voucher = Voucher.objects.create(name="Thanks", value=10)
    vouchers.enter(basket.pk, VoucherCode.objects.create(voucher=voucher, code="THANKS").code)
    wish_list = wishes.create(user.pk, "For the winter", visibility="public")
    return {
        "user": user,
        "address": Address.objects.create(user=user, **ADDRESS),
        "order": an_order({two: 1}, email="ada@example.org"),
        "card": gift_card("10.00", by=user)[0],
        "note": SimpleNamespace(number="CN-2026-000001"),
        "waiting": WaitingReader.objects.create(edition=two, email=user.email),
        "wish_list": wish_list,
        "wish": wishes.add(wish_list.pk, one.pk)[0],
        "key": user,  # a number that no key has
        "confirmation": EmailConfirmationHMAC(EmailAddress.objects.get(user=user)),
    }


# --- looking changes nothing


def everything() -> dict[str, list[Any]]:
    """Every row of the shop."""
    return {
        model._meta.label_lower: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label_lower not in ALWAYS_WRITTEN
    }


def test_nothing_changes_by_looking(ada):
    tables = (*(path for path, _status in OWN.values()), *SECRET.values(), *SHARED.values(), *BY_MAIL.values())
    paths = {path.format(**ada) for path in tables} | {example_of(route) for route in routes()}
    client = signed_in(ada["user"])
    client.get("/basket/")
    before = everything()

    for path in sorted(paths):
        if not path.startswith((*STAFF, "/_util/", "/documents/", "/media/")) and "callback" not in path:
            client.get(path, headers={"Sec-Purpose": "prefetch"})
            client.head(path)

    after = everything()
    assert {label for label in before if before[label] != after[label]} == set()
    assert client.get("/account/").status_code == 200, "nor is anybody signed out"


# --- no form of another site


@pytest.mark.parametrize(
    ("said", "content_type"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "application/x-www-form-urlencoded"),
        ({"Sec-Fetch-Site": "same-site"}, "application/json"),
        ({"Origin": "null"}, "text/plain"),
    ],
)
def test_what_another_site_sends_is_refused_at_every_address(ada, said, content_type):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada["user"])
    let_through = {
        path
        for path in {example_of(route) for route in routes()}
        if client.post(path, "{}", content_type=content_type, headers=said).status_code not in {403, 404}
    }
    assert let_through - FROM_ANYWHERE == set()


# --- no other host


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded"])
@pytest.mark.parametrize("path", ["/", "/books/persuasion/", "/sitemap.xml", "/robots.txt", "/account/login/"])
def test_a_host_that_a_header_claims_is_nowhere(client, ada, header, path):
    answer = client.get(path, headers={header: "evil.example"})
    assert answer.status_code == 200
    assert "evil.example" not in answer.content.decode()
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


# --- I-19: no text breaks a form

HOSTILE = [
    "🦉 Ünïcødé", "שלום עולם", "O'Brien", "x" * 1000, "a\x00b", "<script>alert(1)</script>", "a\r\nBcc: x@evil.example",
    "Jose\u0301", "9" * 30, "-1", "\ufeff\u202egnp.exe", "a\x00b@example.org",
]  # fmt: skip

GUEST = ["/account/login/", "/account/signup/", "/account/password/reset/", "/contact-us/", "/books/persuasion/",
         "/search/", "/basket/", "/wish-lists/{wish_list.token}/", "/checkout/done/{order.token}/"]  # fmt: skip

CUSTOMER = [
    "/account/", "/account/addresses/add/", "/account/addresses/{address.pk}/", "/account/addresses/",
    "/account/email/", "/account/password/change/", "/account/2fa/", "/account/2fa/totp/activate/",
    "/account/2fa/webauthn/add/", "/account/sessions/", "/account/reauthenticate/", "/account/wish-lists/",
    "/account/wish-lists/new/", "/account/wish-lists/add/?edition={wish.edition_id}",
    "/account/wish-lists/{wish_list.pk}/", "/account/wish-lists/{wish_list.pk}/change/", "/account/privacy/erase/",
    "/basket/", "/checkout/", "/checkout/delivery/", "/checkout/review/",
]  # fmt: skip

FILLED = {**DETAILS, "password1": PASSWORD, "login": "ada@example.org", "password": PASSWORD, "message": "Hello",
          "name": "Ada", "quantity": "1"}  # fmt: skip
"""What a form is sent with beside the one text that is tried."""


def forms_on(client: Client, path: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Method, address and filled-in fields of each form of a page; without what does a thing by a click alone."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    page = lxml.html.fromstring(answer.content)
    for form in page.forms:
        fields = {name: value or FILLED.get(name, "") for name, value in form.form_values()}
        for name in form.fields:
            fields.setdefault(name, FILLED.get(name, ""))
        for button in page.xpath("//button[@name]"):
            owner = button.get("form")
            if (owner == form.get("id") if owner else button in list(form.iter("button"))) and owner != "":
                fields.setdefault(button.get("name"), button.get("value", ""))
        yield form.method, form.action or path, fields


def tries(client: Client, paths: list[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every text in every field of every form that these pages have, each form once."""
    seen = set()
    for path in paths:
        for method, action, fields in forms_on(client, path):
            key = (method, re.sub(r"\d+|[\w-]{40,}", "#", action), frozenset(re.sub(r"\d+", "#", n) for n in fields))
            if key in seen or not fields:
                continue
            seen.add(key)
            for name, text in itertools.product(fields, HOSTILE):
                yield method, action, {**fields, name: text}


@pytest.mark.parametrize("who", ["guest", "customer"])
def test_no_text_in_any_field_of_any_form_breaks_the_shop(ada, who):
    client = Client(raise_request_exception=False)
    if who == "customer":
        client = signed_in(ada["user"])
        client.raise_request_exception = False
        client.post("/checkout/", DETAILS)
        client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    else:
        client.post("/basket/add/", {"edition": ada["wish"].edition_id, "quantity": 1})
    cookies, broken, count = client.cookies.copy(), [], 0

    for method, action, fields in tries(
        client, [path.format(**ada) for path in (GUEST if who == "guest" else CUSTOMER)]
    ):
        with transaction.atomic():  # each text meets the shop as it was
            answer = getattr(client, method.lower())(action, fields)
            transaction.set_rollback(True)
        client.cookies = cookies.copy()
        count += 1
        if answer.status_code >= 500:
            broken.append((action, fields))
    assert broken == []
    assert count > 200


PARAMETERS = ("next", "page", "edition", "q", "sort", "tag", "price", "picture", "format", "total")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_in_an_address_breaks_a_page(ada, text):
    client = signed_in(ada["user"])
    client.raise_request_exception = False
    paths = ["/", "/books/", "/books/persuasion/", "/search/", "/search/suggest/", "/account/login/",
             "/account/orders/", "/account/wish-lists/add/", ada["wish_list"].get_absolute_url(), "/basket/summary/",
             "/checkout/", "/account/logout/", "/account/reauthenticate/"]  # fmt: skip
    asked = dict.fromkeys(PARAMETERS, text)
    assert [path for path in paths if client.get(path, asked).status_code >= 500] == []


@pytest.mark.parametrize(
    "text", ["%00", "a%00b", "%F0%9F%A6%89", "%D7%A9", "..%2f..%2f", "x" * 3000, "%0d%0aSet-Cookie:a"]
)
def test_no_text_in_the_place_of_an_id_breaks_a_page(ada, text):
    client = signed_in(ada["user"])
    client.raise_request_exception = False
    broken = [
        path
        for route in routes()
        if "<" in route and not ("/" + route).startswith(STAFF)
        for path in [example_of(re.sub(r"<[^<>]+>", "QQ", route)).replace("QQ", text)]
        if client.get(path).status_code >= 500
    ]
    assert broken == []
