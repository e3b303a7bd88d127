"""Whose things an address opens: every address with an id, for its owner, another customer, a guest, and a colleague.

The walk goes through all addresses that the shop has. One with an id in it that is in no table below fails.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from accounts import roles
from accounts.models import Address, User
from accounts.tests.factories import PASSWORD, member
from catalog.tests.factories import book
from commerce.models import BasketGiftCard, BasketLine, GiftCard, Order, SavedLine, WaitingReader
from commerce.services import baskets, credit_notes, saved, wishes
from commerce.services.baskets import Owner
from commerce.tests.factories import ADDRESS, filled_basket, pay, place
from core.money import Money

pytestmark = pytest.mark.django_db

FOR_EVERYBODY = {
    r"contributors/(?P<slug>[-\w]+)/$",
    r"publishers/(?P<slug>[-\w]+)/$",
    r"series/(?P<slug>[-\w]+)/$",
    r"sitemap-(?P<name>[a-z]+)-(?P<number>[1-9][0-9]{0,5})\.xml$",
    r"feeds/books\.(?P<kind>rss|atom)$",
    r"feeds/tags/(?P<slug>[-\w]+)\.(?P<kind>rss|atom)$",
    r"social/(?:(?P<kind>contributor|publisher|series|tag)-)?(?P<pk>[1-9][0-9]{0,17})-(?P<digest>[0-9a-f]{20})\.png$",
    "offers/<slug:slug>/",
    "webhooks/<slug:method>/",  # for who signs as the provider
    "checkout/sandbox/<str:reference>/",  # by a reference that only the sandbox tells; 404 where it is off
    "media/<path:path>",  # renditions of what pages show
    r"((?:[\w\-]+/)*)$",  # pages; Wagtail asks for the password of private ones
    "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/",
    r"documents/(\d+)/(.*)$",  # Wagtail asks for the password of private collections
    "documents/authenticate_with_password/<int:restriction_id>/",
    "account/oidc/<slug:provider_id>/login/",
    "account/oidc/<slug:provider_id>/login/callback/",
}
"""They name nothing that is somebody's."""

OWN = {
    "account/addresses/<int:pk>/": ("/account/addresses/{address.pk}/", 200),
    "account/addresses/<int:pk>/delete/": ("/account/addresses/{address.pk}/delete/", 405),
    "account/orders/<slug:number>/": ("/account/orders/{order.number}/", 200),
    "account/wish-lists/<int:pk>/": ("/account/wish-lists/{wish_list.pk}/", 200),
    "account/wish-lists/<int:pk>/change/": ("/account/wish-lists/{wish_list.pk}/change/", 200),
    "account/wish-lists/<int:pk>/renew/": ("/account/wish-lists/{wish_list.pk}/renew/", 405),
    "account/wish-lists/<int:pk>/delete/": ("/account/wish-lists/{wish_list.pk}/delete/", 200),
    "account/wishes/<int:pk>/": ("/account/wishes/{wish.pk}/", 405),
    "account/2fa/webauthn/keys/<int:pk>/edit/": ("/account/2fa/webauthn/keys/{key.pk}/edit/", 200),
    "account/2fa/webauthn/keys/<int:pk>/remove/": ("/account/2fa/webauthn/keys/{key.pk}/remove/", 200),
}
"""The owner's alone: an example of the address, and what the owner gets. A guest is led to the sign-in page."""

SECRET = {
    "checkout/done/<slug:token>/": "/checkout/done/{order.token}/",
    "checkout/pay/<slug:token>/": "/checkout/pay/{order.token}/",
    "checkout/pay/<slug:token>/leave/<slug:method>/": "/checkout/pay/{order.token}/leave/sandbox/",
    "checkout/pay/<slug:token>/return/": "/checkout/pay/{order.token}/return/",
    "orders/<slug:token>/invoice/": "/orders/{order.token}/invoice/",
    "orders/<slug:token>/invoice.pdf": "/orders/{order.token}/invoice.pdf",
    "orders/<slug:token>/credit-notes/<slug:number>/": "/orders/{order.token}/credit-notes/{note.number}/",
    "orders/<slug:token>/credit-notes/<slug:number>.pdf": "/orders/{order.token}/credit-notes/{note.number}.pdf",
    "orders/<slug:token>/gift-cards/<int:pk>/": "/orders/{order.token}/gift-cards/{card.pk}/",
}
"""For who has the link, for 30 days; the owner's alone after that."""

SHARED = {"wish-lists/<slug:token>/": "/wish-lists/{wish_list.token}/"}
"""For who has the link, while the owner lets others read."""

BY_MAIL = {
    r"account/confirm-email/(?P<key>[-:\w]+)/$": "/account/confirm-email/{confirmation.key}/",
    "orders/cancel/<str:key>/": "/orders/cancel/{order.cancel_key}/",
    "orders/cancel-order/<str:key>/": "/orders/cancel-order/{order.cancel_key}/",
    "orders/return/<str:key>/": "/orders/return/{order.cancel_key}/",
    "withdraw/<str:key>/": "/withdraw/{order.cancel_key}/",
    "back-in-stock/confirm/<str:key>/": "/back-in-stock/confirm/{waiting.confirm_key}/",
    "back-in-stock/stop/<str:key>/": "/back-in-stock/stop/{waiting.stop_key}/",
    r"account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "/account/password/reset/key/{user.pk}-x-y/",
}
"""Signed keys that only a mail has told: one character changed opens nothing."""

STAFF = ("admin/", "django-admin/")


def addresses(patterns: Any = None, before: str = "", has_id: bool = False) -> Iterator[str]:
    """Every address of the shop that has an id in it, as the patterns write it."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern).removeprefix("^")
        found = has_id or pattern.pattern.regex.groups > 0
        if isinstance(pattern, URLPattern):
            if found:
                yield route
        else:
            yield from addresses(pattern.url_patterns, route, found)


def example_of(route: str) -> str:
    """A path for a pattern, with a 1 for each id."""
    path = re.sub(r"\(\?P<[^>]+>[^()]*(?:\([^()]*\))*[^()]*\)|\([^()]*\)|<[^>]+>", "1", route)
    return "/" + path.replace("\\", "").removesuffix("$")


def signed_in(user: User) -> Client:
    """A browser that has just shown the password."""
    client = Client()
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


@pytest.fixture
def ada(books_page) -> dict[str, Any]:
    """A customer with one of each."""
    roles.apply()
    user = member("ada@example.org")
    edition = book("Persuasion").editions.get()
    basket = filled_basket({edition: 1}, user=user, email=user.email)
    baskets.add_gift_card(Owner(user_id=user.pk), Money(Decimal(25), "GBP"))
    order = pay(place(basket, user=user))
    begun = {"method": "sandbox", "state": "pending", "url": "https://provider.example/pay"}
    order.payments.create(currency=order.currency, amount=order.total_amount, **begun)
    key = {"name": "Ada's", "credential": {}}
    wish_list = wishes.create(user.pk, "For the winter", owner_name="A. L.")
    return {
        "user": user,
        "address": Address.objects.create(user=user, **ADDRESS),
        "order": order,
        "card": GiftCard.objects.get(),
        "note": credit_notes.issue_amount(order.pk, Money(Decimal(1), "GBP"), reason="Goodwill", actor=None),
        "line": baskets.add(Owner(user_id=user.pk), edition.pk, 1)[0].lines.get(),
        "wish_list": wish_list,
        "wish": wishes.add(wish_list.pk, edition.pk, "in red")[0],
        "key": Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=key),
        "waiting": WaitingReader.objects.create(edition=edition, email=user.email),
        "confirmation": EmailConfirmationHMAC(EmailAddress.objects.get(user=user)),
    }


@pytest.fixture
def strangers(ada) -> dict[str, Client]:
    """Who is not Ada: another customer, a guest, a colleague who has no business with customers."""
    colleague = member("marketer@example.org")
    colleague.groups.add(Group.objects.get(name=roles.MARKETER))
    return {"other": signed_in(member("bob@example.org")), "guest": Client(), "colleague": signed_in(colleague)}


def test_every_address_with_an_id_is_in_a_table():
    known = {*FOR_EVERYBODY, *OWN, *SECRET, *SHARED, *BY_MAIL}
    walked = {route for route in addresses() if not route.startswith(STAFF)}
    assert walked - known == set(), "say whose they are"
    assert known - walked == set(), "these are gone"


@pytest.mark.parametrize("route", OWN)
def test_what_is_somebodys_own_is_not_there_for_others(ada, strangers, route):
    example, for_owner = OWN[route]
    path = example.format(**ada)
    owner = Client()
    owner.force_login(ada["user"])
    if "2fa" not in route:  # the second factor of the fixture is none that could sign in
        assert owner.get(path).status_code == for_owner
    for name, client in strangers.items():
        for answer in (
            client.get(path),
            client.post(path, {**ADDRESS, "town": "Ely", "name": "mine", "visibility": "public", "do": "remove"}),
        ):
            if name == "guest":
                assert answer.status_code == 302, name
                assert answer.headers["Location"].startswith(("/account/login/", "/account/reauthenticate/"))
            else:
                assert answer.status_code in {404, 405}, name
    ada["address"].refresh_from_db()
    ada["key"].refresh_from_db()
    assert ada["address"].town == ADDRESS["town"]
    assert ada["key"].data["name"] == "Ada's"
    ada["wish_list"].refresh_from_db()
    assert (ada["wish_list"].name, ada["wish_list"].visibility) == ("For the winter", "private")
    assert ada["wish_list"].wishes.count() == 1


@pytest.mark.parametrize("route", SECRET)
def test_a_secret_link_is_the_owners_alone_after_thirty_days(ada, strangers, route):
    path = SECRET[route].format(**ada)
    owner = Client()
    owner.force_login(ada["user"])
    is_open = {200, 302, 503}  # no PDF without its libraries; nothing to pay leads to the order
    assert strangers["guest"].get(path).status_code in is_open

    Order.objects.update(placed_at=timezone.now() - dt.timedelta(days=31))

    assert owner.get(path).status_code in is_open
    assert {name: client.get(path).status_code for name, client in strangers.items()} == dict.fromkeys(strangers, 404)


@pytest.mark.parametrize("route", SECRET)
def test_a_link_that_is_not_quite_right_opens_nothing(ada, strangers, route):
    token = ada["order"].token
    assert len(token) * 6 >= 128, "bits of chance"
    other = ("B" if token[0] == "A" else "A") + token[1:]
    path = SECRET[route].replace("{order.token}", other).format(**ada)
    assert {client.get(path).status_code for client in strangers.values()} == {404}


@pytest.mark.parametrize("route", SHARED)
def test_what_is_shared_is_there_while_its_owner_wants(ada, strangers, route):
    wish_list, path = ada["wish_list"], SHARED[route].format(**ada)
    assert len(wish_list.token) * 6 >= 128, "bits of chance"
    assert {client.get(path).status_code for client in strangers.values()} == {404}, "private"

    wishes.change(wish_list.pk, name="For the winter", visibility="shared", owner_name="A. L.")
    assert {client.get(path).status_code for client in strangers.values()} == {200}
    other = ("B" if wish_list.token[0] == "A" else "A") + wish_list.token[1:]
    assert strangers["guest"].get(path.replace(wish_list.token, other)).status_code == 404

    wishes.renew_link(wish_list.pk)
    assert {client.get(path).status_code for client in strangers.values()} == {404}


@pytest.mark.parametrize("route", BY_MAIL)
def test_a_key_that_was_not_mailed_opens_nothing(ada, strangers, route):
    EmailAddress.objects.filter(user=ada["user"]).update(verified=False)
    path = BY_MAIL[route].format(**ada)[:-2] + "!/"
    for client in strangers.values():
        client.get(path)
        assert client.post(path, {"password1": "stolen password", "password2": "stolen password"}).status_code in {
            200, 302, 404,
        }  # fmt: skip
    ada["user"].refresh_from_db()
    assert ada["user"].check_password(PASSWORD)
    assert not EmailAddress.objects.get(user=ada["user"]).verified
    assert WaitingReader.objects.get().confirmed_at is None


def test_a_gift_card_is_printed_by_the_link_of_its_own_order_only(ada):
    edition = book("Emma").editions.get()
    other = pay(place(filled_basket({edition: 1}, email="bob@example.org")))

    assert Client().get(f"/orders/{other.token}/gift-cards/{ada['card'].pk}/").status_code == 404


def test_a_gift_card_of_somebody_elses_basket_is_not_removed(ada, strangers):
    card = baskets.add_gift_card(Owner(user_id=ada["user"].pk), Money(Decimal(25), "GBP")).gift_cards.get()
    for client in strangers.values():
        client.post("/basket/remove/", {"card": card.pk})
        client.post("/basket/code/remove/", {"card": card.pk})
    assert BasketGiftCard.objects.filter(pk=card.pk).exists()


def test_a_line_of_somebody_elses_basket_is_neither_changed_nor_removed(ada, strangers):
    line = ada["line"]
    for client in strangers.values():
        client.post("/basket/remove/", {"line": line.pk})
        client.post("/basket/update/", {f"quantity-{line.pk}": 7, f"quantity_{line.pk}": 7})
    assert BasketLine.objects.get(pk=line.pk).quantity == 1


def test_a_saved_line_of_somebody_else_is_neither_moved_nor_removed(ada, strangers):
    saved.save_for_later(ada["line"].basket_id, ada["line"].pk)
    line = SavedLine.objects.get()
    for client in strangers.values():
        client.post("/basket/saved/", {"line": line.pk, "do": "back"})
        client.post("/basket/saved/", {"line": line.pk, "do": "remove"})
        client.post("/basket/later/", {"line": line.pk})
    assert SavedLine.objects.get() == line
    assert not BasketLine.objects.filter(basket__user=ada["user"], basket__status="open").exists()


def test_no_address_of_the_admin_opens_for_customers_and_guests(strangers):
    opened = []
    for path in {example_of(route) for route in addresses() if route.startswith(STAFF)}:
        as_guest, as_customer = strangers["guest"].get(path), strangers["other"].get(path)
        if as_guest.status_code not in {302, 404} or as_customer.status_code != 403:
            opened.append((path, as_guest.status_code, as_customer.status_code))
    assert opened == []


def test_no_address_of_orders_opens_for_a_colleague_without_the_right(ada, strangers):
    paths = {example_of(route).replace("/1/", f"/{ada['order'].pk}/") for route in addresses()}
    refused = {
        path: strangers["colleague"].get(path).status_code
        for path in paths
        if path.startswith(("/admin/orders/", "/admin/accounting/"))
    }
    assert refused
    assert set(refused.values()) <= {302, 403, 404}
