"""What the shop knows of a customer is told whole, and goes whole but for what the law keeps."""

from __future__ import annotations

import datetime as dt
import json
from collections import deque

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import models
from django.test import Client
from django.utils import timezone
from wagtail.models import ModelLogEntry

from accounts import privacy
from accounts.models import Address, User
from accounts.tests.factories import PASSWORD, member
from catalog.tests.factories import book
from commerce import documents
from commerce.models import (
    Basket,
    GiftCard,
    Invoice,
    Order,
    Redemption,
    Return,
    Voucher,
    VoucherCode,
    WaitingReader,
    Wish,
    WishList,
)  # fmt: skip
from commerce.models.order import OrderStatus
from commerce.services import baskets, vouchers, wishes
from commerce.services.baskets import Owner
from commerce.tests.factories import ADDRESS, an_order, card_order, filled_basket, gift_card, pay, place
from core.mail.models import OutgoingMail
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
        a_voucher = Voucher.objects.create(name="A thank-you", value=10, customers=user.email)
        code = VoucherCode.objects.create(voucher=a_voucher, code=f"FOR-{name[:3]}").code
        basket = filled_basket({persuasion: 1}, user=user, email=user.email, full_name=name)
        vouchers.enter(basket.pk, code)
        order = place(basket, user=user)
        words = {"name": name, "email": user.email, "reason": f"{name}: torn"}
        sent_back = Return.objects.create(order=order, kind="withdrawal", **words)
        sent_back.lines.create(line=order.lines.get())
        friend = {
            "recipient_name": f"{name}'s friend",
            "recipient_email": f"for-{name[:3].lower()}@gifts.example",
        }
        pay(card_order("25.00", user=user, email=user.email, **friend, message=f"{name} writes"))
        gift_card("10.00", by=user, recipient_name=name, recipient_email=user.email)
        baskets.add(Owner(user_id=user.pk), persuasion.pk, 2)
        WaitingReader.objects.create(edition=persuasion, email=user.email)
        wish_list = wishes.create(user.pk, f"{name}'s winter", visibility="public", owner_name=name)
        wishes.add(wish_list.pk, persuasion.pk, note=f"{name} hopes")
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
    of_order = told["orders"][-1]
    assert "A thank-you" in of_order["reductions"]
    assert of_order["vouchers"] == "FOR-Ada"
    assert "Ada Lovelace: torn" in of_order["returns"]
    assert "Persuasion" in of_order["returns"]
    assert of_order["history"]
    assert [one["codes"] for one in told["vouchers"]] == ["FOR-Ada"]
    assert {card["message"] for card in told["gift_cards"]} == {"Ada Lovelace writes", ""}
    assert told["basket"] == [{**told["basket"][0], "book": "Persuasion", "quantity": 2}]
    for text in (page.content.decode(), file.content.decode()):
        assert "12 St James" in text
        assert "Ada Lovelace asks" in text
        assert "Ada Lovelace hopes" in text
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
    for model in (Address, EmailAddress, Authenticator, ContactMessage, WaitingReader, WishList, Wish):
        assert model.objects.count() == 1, f"{model.__name__}: only Bob's is left"
    assert set(OutgoingMail.objects.values_list("to", flat=True)) == {
        "bob@example.org", "for-ada@gifts.example", "for-bob@gifts.example",
    }, "what went to others is theirs"  # fmt: skip
    assert not UserSession.objects.exists()
    assert not any("ada" in str(session.get_decoded()) for session in Session.objects.all())
    assert Basket.objects.filter(status="open").count() == 1
    assert GiftCard.objects.filter(balance_amount__gt=0).count() == 4, "money stays"
    told = {(card.recipient_name, card.recipient_email, card.message) for card in GiftCard.objects.all()}
    assert {words for card in told for words in card if "Ada" in words or "ada@" in words} == set()
    assert any("Bob" in card[0] for card in told)
    everything.refresh_from_db()
    assert everything.user is None
    said = [getattr(everything, name) for name in ("full_name", "email", "line_1", "town", "postcode", "vat_id")]
    assert (set(said), everything.country.code) == ({""}, "GB")
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


# --- What becomes of orders: ADR 0014


def anywhere(words: str) -> set[str]:
    """The models in which any row says these words, in whatever field."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.values_list():
            if words.lower() in json.dumps(row, default=str, ensure_ascii=False).lower():
                found.add(model._meta.label_lower)
    return found


@pytest.mark.parametrize("words", ["ada@example.org", "Lovelace", "12 St James"])
def test_no_row_but_the_invoice_says_who_it_was(ada, everything, words):
    Address.objects.exclude(user=ada).update(line_1="elsewhere")
    Order.objects.exclude(user=ada).update(line_1="elsewhere", full_name="Bob Somebody")
    OutgoingMail.objects.filter(to__contains="bob").delete()  # in this test his orders go to her address
    assert Invoice.objects.filter(order=everything).exists()
    voucher = Voucher.objects.create(name="Thanks", value=10, customers="ada@example.org\nbob@example.org")
    Redemption.objects.create(voucher=voucher, order=everything, customer="ada@example.org")
    everything.events.create(kind="paid", detail={"reason": "Ada Lovelace of 12 St James's Square rang"})
    everything.vat_id = "Lovelace 1"
    everything.save()
    owner = User.objects.create_superuser("owner@example.org", PASSWORD)
    ModelLogEntry.objects.log_action(ada, "wagtail.edit", user=owner, title="Ada Lovelace, ada@example.org")

    privacy.erase(ada.pk)

    found = anywhere(words) - {"django_tasks_database.dbtaskresult"}
    assert found == {"commerce.invoice"}
    kept = Invoice.objects.get(order=everything)
    assert all(invoice.is_intact for invoice in Invoice.objects.all())
    assert "Ada Lovelace" in documents.read(kept).customer
    voucher.refresh_from_db()
    assert voucher.customers.split() == ["erased", "bob@example.org"]


def test_an_order_placed_without_signing_in_is_told_and_erased_too(ada, everything, persuasion):
    as_guest = an_order({persuasion: 1}, email="ADA@example.org", full_name="Ada again")
    assert as_guest.number in {one["number"].value for one in privacy.export(ada)["orders"]}
    with pytest.raises(privacy.ErasureRefused, match=as_guest.number):
        privacy.erase(ada.pk)
    Order.objects.filter(pk=as_guest.pk).update(status=OrderStatus.DONE)

    privacy.erase(ada.pk)

    as_guest.refresh_from_db()
    assert (as_guest.full_name, as_guest.email) == ("", "")


def test_staff_see_that_an_order_was_erased_and_read_its_invoice(ada, everything):
    office = Client()
    office.force_login(User.objects.create_superuser("owner@example.org", PASSWORD))
    link = everything.get_absolute_url()
    assert Client().get(link).status_code == 200

    privacy.erase(ada.pk)

    page = office.get(f"/admin/orders/inspect/{everything.pk}/").content.decode()
    assert "as the customer asked" in page
    assert "Lovelace" not in page
    assert "mailto:" not in page
    assert "Erased" in office.get("/admin/orders/").content.decode()
    assert "Ada Lovelace" in office.get(f"/admin/orders/{everything.pk}/invoice/").content.decode()
    assert Client().get(link).status_code == 404, "nor does the secret link open it"


def test_what_is_told_costs_as_many_queries_for_one_order_as_for_twenty(ada, persuasion, django_assert_max_num_queries):
    persuasion.stock.on_hand = 100
    persuasion.stock.save()
    for _number in range(20):
        an_order({persuasion: 1}, user=ada, email=ada.email)
    with django_assert_max_num_queries(26):
        assert len(privacy.export(ada)["orders"]) == 20


def test_a_password_shown_an_hour_ago_no_longer_opens_the_data(reader):
    assert reader.get("/account/privacy/data.json").status_code == 200
    with time_machine.travel(timezone.now() + dt.timedelta(hours=1)):
        answer = reader.get("/account/privacy/data.json")
    assert answer.headers["Location"].startswith("/account/reauthenticate/")
