"""What the shop knows of a customer is told whole, and goes whole but for what the law keeps."""

from __future__ import annotations

import json
from collections import deque

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import models
from django.test import Client

from accounts import privacy
from accounts.models import Address, User
from accounts.tests.factories import PASSWORD, member
from catalog.tests.factories import book
from commerce.models import Basket, GiftCard, Invoice, Order
from commerce.models.order import OrderStatus
from commerce.services import baskets
from commerce.services.baskets import Owner
from commerce.tests.factories import ADDRESS, an_order, card_order, gift_card, pay
from home.models.contact import ContactMessage

pytestmark = pytest.mark.django_db


def models_with_a_path_to_a_person() -> dict[str, str]:
    """Every model that leads to a user, by foreign keys or by an e-mail address, and which way it does.

    Beyond a model that holds nothing of a customer (a page has an owner: who wrote it) no path goes on.
    """
    found = {"accounts.user": "itself"}
    leads_to: dict[str, list[tuple[str, str]]] = {}
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label_lower
        for one in model._meta.local_fields:  # what a page inherits is the page's
            if isinstance(one, models.EmailField):
                found[label] = one.name
            elif one.related_model:
                leads_to.setdefault(one.related_model._meta.label_lower, []).append((label, one.name))
    queue = deque(found)
    while queue:
        person = queue.popleft()
        if person in privacy.of_nobody:
            continue
        for label, name in leads_to.get(person, []):
            if label not in found:
                found[label] = f"{name} → {person}"
                queue.append(label)
    return found


def test_every_model_with_a_path_to_a_person_is_in_a_part_or_is_nobodys():
    known = {label for part in privacy.parts.values() for label in part.models} | set(privacy.of_nobody)
    missing = {label: way for label, way in models_with_a_path_to_a_person().items() if label not in known}
    assert missing == {}, "say in a privacy.py what becomes of them, at export and at erasure"


@pytest.fixture
def persuasion(books_page):
    return book("Persuasion").editions.get()


@pytest.fixture
def ada(shop) -> User:
    return member("ada@example.org", first_name="Ada", last_name="Lovelace")


@pytest.fixture
def everything(ada, persuasion) -> Order:
    """Ada has left a trace in every part; so has Bob, with other words."""
    for user, name in ((ada, "Ada Lovelace"), (member("bob@example.org"), "Bob Somebody")):
        Address.objects.create(user=user, **{**ADDRESS, "full_name": name})
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "S3CRET"})
        an_order({persuasion: 1}, user=user, email=user.email, full_name=name)
        friend = {"recipient_name": f"{name}'s friend", "recipient_email": f"friend-of-{user.email}"}
        pay(card_order("25.00", user=user, email=user.email, **friend, message=f"{name} writes"))
        gift_card("10.00", by=user, recipient_name=name, recipient_email=user.email)
        baskets.add(Owner(user_id=user.pk), persuasion.pk, 2)
        ContactMessage.objects.create(name=name, email=user.email, message=f"{name} asks")
    Order.objects.update(status=OrderStatus.DONE)
    return Order.objects.filter(user=ada).earliest("pk")


@pytest.fixture
def reader(ada) -> Client:
    client = Client()
    client.post("/account/login/", {"login": ada.email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def test_everything_is_told_as_a_page_and_as_json_and_nothing_of_others(reader, everything):
    page, file = reader.get("/account/privacy/data/"), reader.get("/account/privacy/data.json")
    told = json.loads(file.content)

    assert set(told) == {"exported_at", *privacy.parts}
    assert all(told[name] for name in privacy.parts), "Ada left a trace in every part"
    assert told["orders"][-1]["number"] == everything.number
    assert told["orders"][-1]["invoice"] == everything.invoice.number
    assert {card["message"] for card in told["gift_cards"]} == {"Ada Lovelace writes", ""}
    assert told["basket"] == [{**told["basket"][0], "book": "Persuasion", "quantity": 2}]
    for text in (page.content.decode(), file.content.decode()):
        assert "12 St James" in text
        assert "Ada Lovelace asks" in text
        assert "bob@example.org" not in text.lower()
        assert "Bob" not in text
        assert "S3CRET" not in text
        assert not any(card.code in text for card in GiftCard.objects.all())
        assert "argon2" not in text
    assert file["Content-Disposition"].startswith("attachment")
    assert file["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("path", ["/account/privacy/data/", "/account/privacy/data.json", "/account/privacy/erase/"])
def test_only_who_has_just_shown_the_password_sees_takes_or_erases(ada, path):
    client = Client()
    client.force_login(ada)
    for answer in (client.get(path), client.post(path)):
        assert answer.headers["Location"].startswith("/account/reauthenticate/")
    assert User.objects.filter(pk=ada.pk).exists()


def test_an_erased_customer_is_gone_but_for_what_the_law_keeps(
    reader, ada, everything, django_capture_on_commit_callbacks
):
    invoices = list(Invoice.objects.values_list("number", "digest"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = reader.post("/account/privacy/erase/")

    assert answer.headers["Location"] == "/account/login/"
    assert list(User.objects.values_list("email", flat=True)) == ["bob@example.org"]
    for model in (Address, EmailAddress, Authenticator, ContactMessage):
        assert model.objects.count() == 1, f"{model.__name__}: only Bob's is left"
    assert not UserSession.objects.exists()
    assert not any("ada" in str(session.get_decoded()) for session in Session.objects.all())
    assert Basket.objects.filter(status="open").count() == 1
    assert GiftCard.objects.filter(balance_amount__gt=0).count() == 4, "money stays"
    told = {(card.recipient_name, card.recipient_email, card.message) for card in GiftCard.objects.all()}
    assert {words for card in told for words in card if "Ada" in words or "ada@" in words} == set()
    assert any("Bob" in card[0] for card in told)
    everything.refresh_from_db()
    assert everything.user is None
    assert list(Invoice.objects.values_list("number", "digest")) == invoices
    assert all(invoice.is_intact for invoice in Invoice.objects.all())
    assert reader.get("/account/").status_code == 302
    assert [message.to for message in mail.outbox if "erased" in message.subject] == [["ada@example.org"]]


def test_a_second_erasure_changes_nothing(ada, everything, django_capture_on_commit_callbacks):
    pk = ada.pk
    with django_capture_on_commit_callbacks(execute=True):
        assert privacy.erase(pk) is True
        sent = len(mail.outbox)
        assert privacy.erase(pk) is False
    assert len([message for message in mail.outbox[sent:] if "erased" in message.subject]) <= 1


@pytest.mark.parametrize("status", [OrderStatus.PLACED, OrderStatus.PROCESSING])
def test_an_open_order_keeps_the_account_and_is_named(reader, ada, everything, status):
    Order.objects.filter(pk=everything.pk).update(status=status)
    page = reader.get("/account/privacy/erase/").content.decode()
    assert everything.number in page
    assert "Erase it now" not in page
    assert reader.post("/account/privacy/erase/").status_code == 409
    assert User.objects.filter(pk=ada.pk).exists()
    assert ada.addresses.exists()
    with pytest.raises(privacy.ErasureRefused, match=everything.number):
        privacy.erase(ada.pk)


def test_accounts_of_staff_are_not_erased_by_themselves(reader, ada):
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    assert reader.post("/account/privacy/erase/").status_code == 409
    assert User.objects.filter(pk=ada.pk).exists()
