"""Gift cards in the admin: found, looked at, blocked, issued by hand; never their codes."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission

from accounts import roles
from commerce.bookkeeping.gift_cards import drifts
from commerce.models import GiftCard, GiftCardEntry
from commerce.services import gift_cards
from commerce.tests.factories import UserFactory, card_order, filled_basket, gift_card, pay, place
from commerce.tests.test_vouchers import with_code

pytestmark = pytest.mark.django_db

ISSUE = {"key": "k" * 32, "amount": "10.00", "count": "1", "reason": "A prize"}


@pytest.fixture
def office(client, shop):
    """A colleague of the central office is signed in."""
    roles.apply()
    user = UserFactory(email="office@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name=roles.OFFICE))
    client.force_login(user)
    client.user = user
    return client


def entries(card: GiftCard) -> list[tuple[str, str, str]]:
    return [(entry.kind, entry.reason, entry.actor.email if entry.actor else "") for entry in card.entries.all()]


def test_a_card_is_found_by_its_last_four_an_address_and_an_order(office):
    order = pay(card_order("25.00", recipient_email="bob@example.org"))
    other, _code = gift_card()
    card = GiftCard.objects.get(order_line__order=order)

    for words in (card.last4, "bob@example", order.number, "ada@example.org"):
        page = office.get("/admin/gift_cards/", {"q": words}).content.decode()
        assert f"…{card.last4}" in page
        assert f"…{other.last4}" not in page
    page = office.get(f"/admin/gift_cards/inspect/{card.pk}/").content.decode()
    assert order.number in page
    assert card.code not in page


def test_the_ledger_tells_everything_that_happened_to_a_card(office, persuasion):
    card, code = gift_card("20.00")
    order = place(with_code(filled_basket({persuasion: 1}), code))

    office.post(f"/admin/gift_cards/{card.pk}/block/", {"reason": "A doubt"})
    assert gift_cards.find(code) is None
    office.post(f"/admin/gift_cards/{card.pk}/unblock/", {"reason": "No doubt"})
    assert gift_cards.find(code) == card
    office.post(f"/admin/gift_cards/{card.pk}/correct/", {"balance": "15.00", "reason": "Our mistake"})

    assert entries(card)[2:] == [
        ("blocked", "A doubt", "office@example.org"),
        ("unblocked", "No doubt", "office@example.org"),
        ("corrected", "Our mistake", "office@example.org"),
    ]
    page = office.get(f"/admin/gift_cards/inspect/{card.pk}/").content.decode()
    for words in ("Blocked", "A doubt", "Our mistake", "£5.94", "£15.00", order.number):
        assert words in page
    assert list(drifts()) == []


def test_a_card_is_never_corrected_beyond_what_it_held_at_first(office):
    card, _code = gift_card("20.00")

    page = office.post(f"/admin/gift_cards/{card.pk}/correct/", {"balance": "20.01", "reason": "x"}, follow=True)

    assert "A card holds between nothing and what it held at first." in page.content.decode()
    assert GiftCardEntry.objects.count() == 1


def test_a_new_code_ends_the_old_one(office):
    card, former = gift_card()

    office.post(f"/admin/gift_cards/{card.pk}/renew/", {"reason": "Lost"})

    card.refresh_from_db()
    assert (gift_cards.find(former), gift_cards.find(card.code)) == (None, card)


def test_a_card_is_mailed_again_to_another_address(office, mailoutbox):
    pay(card_order("25.00", recipient_email="wrong@example.org"))
    card = GiftCard.objects.get()

    office.post(f"/admin/gift_cards/{card.pk}/send/", {"address": "bob@example.org"})

    assert card.code in [mail for mail in mailoutbox if mail.to == ["bob@example.org"]][0].body


def test_a_card_issued_by_hand_is_mailed_and_says_why_and_by_whom(office, mailoutbox):
    office.post("/admin/gift_cards/issue/", {**ISSUE, "recipient_email": "bob@example.org", "message": "Well done"})

    card = GiftCard.objects.get()
    assert entries(card) == [("issued", "A prize", "office@example.org")]
    [mail] = [mail for mail in mailoutbox if mail.to == ["bob@example.org"]]
    assert card.code in mail.body
    assert "Well done" in mail.body


def test_a_batch_tells_its_codes_once(office):
    first = office.post("/admin/gift_cards/issue/", {**ISSUE, "count": "50"})
    second = office.post("/admin/gift_cards/issue/", {**ISSUE, "count": "50"}, follow=True)

    rows = list(csv.reader(first.content.decode().splitlines()))
    assert rows[0] == ["code", "amount", "currency", "good until"]
    assert {(row[1], row[2]) for row in rows[1:]} == {("10.00", "GBP")}
    assert all(row[0][0].isalnum() and gift_cards.find(row[0]) for row in rows[1:])
    assert "no-store" in first["Cache-Control"]
    assert GiftCard.objects.count() == len({row[0] for row in rows[1:]}) == 50
    assert "These cards were issued already." in second.content.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "0"},
        {"amount": "1001"},
        {"count": "501"},
        {"reason": ""},
        {"count": "2", "recipient_email": "bob@example.org"},
    ],
)
def test_what_cannot_be_issued_is_refused(office, change):
    assert office.post("/admin/gift_cards/issue/", {**ISSUE, **change}).status_code == 422
    assert not GiftCard.objects.exists()


def test_the_figures_say_what_the_shop_owes(office, persuasion):
    pay(card_order("25.00", "50.00"))
    sold = GiftCard.objects.order_by("pk").first()
    gift_card("10.00")
    place(with_code(filled_basket({persuasion: 1}), sold.code))

    [row] = office.get("/admin/gift_cards/figures/").context["rows"]

    told = {name: str(row[name]) for name in ("sold", "given", "spent", "owed", "open")}
    assert told == {"sold": "£75.00", "given": "£10.00", "spent": "-£10.94", "owed": "£74.06", "open": "3"}


LOOKED_AT = ("/", "/figures/", "/inspect/{pk}/")
DONE = ("/issue/", "/{pk}/block/", "/{pk}/correct/", "/{pk}/nonsense/")


def test_marketers_decide_what_is_sold_issue_cards_and_see_figures_but_change_none_that_is_out(client, shop):
    roles.apply()
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=roles.MARKETER))
    client.force_login(user)
    card, code = gift_card()

    for path in LOOKED_AT:
        answer = client.get(f"/admin/gift_cards{path.format(pk=card.pk)}")
        assert answer.status_code == 200
        assert code not in answer.content.decode()
    assert client.get("/admin/settings/commerce/giftcardsettings/", follow=True).status_code == 200
    client.post("/admin/gift_cards/issue/", {**ISSUE, "recipient_email": "bob@example.org"})
    assert entries(GiftCard.objects.latest("pk")) == [("issued", "A prize", user.email)]
    for name in ("block", "correct", "renew", "send"):
        assert client.post(f"/admin/gift_cards/{card.pk}/{name}/").status_code == 302
    assert card.entries.count() == 1


@pytest.mark.parametrize("role", [roles.EDITOR, roles.DISPATCH])
@pytest.mark.parametrize("path", [*LOOKED_AT, *DONE])
def test_colleagues_without_the_right_see_and_do_nothing(client, shop, role, path):
    roles.apply()
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    card, _code = gift_card()

    for answer in (client.get, client.post):
        assert answer(f"/admin/gift_cards{path.format(pk=card.pk)}").status_code in {302, 403}
    assert card.entries.count() == 1


def test_who_may_block_may_not_issue_without_that_right(client, shop):
    user = UserFactory(is_staff=True)
    names = ("access_admin", "view_giftcard", "change_giftcard")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    card, _code = gift_card()

    assert client.get(f"/admin/gift_cards/{card.pk}/block/").status_code == 200
    for path in ("issue/", f"{card.pk}/correct/", f"{card.pk}/renew/"):
        assert client.get(f"/admin/gift_cards/{path}").status_code == 302
    page = client.get(f"/admin/gift_cards/inspect/{card.pk}/").content.decode()
    assert f"/admin/gift_cards/{card.pk}/block/" in page
    assert f"/admin/gift_cards/{card.pk}/correct/" not in page


def test_the_list_costs_no_more_queries_for_twenty_cards_than_for_one(office, django_assert_max_num_queries):
    pay(card_order("25.00"))
    office.get("/admin/gift_cards/")
    with django_assert_max_num_queries(22) as one:
        office.get("/admin/gift_cards/")
    pay(card_order(*["25.00"] * 20, email="bob@example.org"))
    with django_assert_max_num_queries(len(one)):
        office.get("/admin/gift_cards/")
    assert Decimal(GiftCard.objects.count()) == 21
