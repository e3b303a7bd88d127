"""Orders in the Wagtail admin: who may see them, and what may be done with them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from accounts import roles
from commerce.models import Order
from commerce.tests.factories import UserFactory, an_order

pytestmark = pytest.mark.django_db

VIEWS = ["", "results/", "inspect/{pk}/", "{pk}/invoice/", "{pk}/invoice.pdf"]
ACTIONS = {"{pk}/paid/": ("paid", "Marked as paid"), "{pk}/sent/": ("sent", ""), "{pk}/cancel/": ("cancel", "")}
MAY_SEE = {"Owner", "Central office", "Dispatch"}
MAY_CHANGE = {"Owner", "Central office"}


@pytest.fixture
def order(persuasion) -> Order:
    return an_order({persuasion: 2})


def sign_in(client, role: str):
    if role == "anonymous":
        return None
    user = UserFactory()
    if role != "customer":
        roles.apply()
        from django.contrib.auth.models import Group

        user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return user


@pytest.mark.parametrize("role", ["anonymous", "customer", "Editor", "Marketer", "Dispatch", "Central office", "Owner"])
def test_each_role_sees_and_does_what_it_should(client, order, role):
    sign_in(client, role)

    seen = {view: client.get(f"/admin/orders/{view.format(pk=order.pk)}").status_code for view in VIEWS}
    asked = {view: client.get(f"/admin/orders/{view.format(pk=order.pk)}").status_code for view in ACTIONS}
    csv = client.get("/admin/orders/?export=csv").status_code

    refused = 403 if role == "customer" else 302  # to the sign-in page, or back to the dashboard with a message
    assert seen == dict.fromkeys(VIEWS, 200 if role in MAY_SEE else refused)
    assert asked == {
        "{pk}/paid/": 200 if role in MAY_CHANGE else refused,
        "{pk}/sent/": 200 if role in MAY_SEE else refused,
        "{pk}/cancel/": 200 if role in MAY_CHANGE else refused,
    }
    assert csv == (200 if role in MAY_CHANGE else refused)


@pytest.mark.parametrize("role", ["anonymous", "customer", "Editor", "Marketer"])
def test_a_post_by_others_changes_nothing(client, order, role):
    sign_in(client, role)

    for view in ACTIONS:
        client.post(f"/admin/orders/{view.format(pk=order.pk)}", {"confirmed": "1"})

    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("placed", "pending")
    assert set(order.lines.values_list("status", flat=True)) == {"new"}


def test_dispatch_sends_but_takes_no_money_and_cancels_nothing(client, order):
    sign_in(client, "Dispatch")
    first, _second = order.lines.all()

    for action in ("paid", "cancel"):
        client.post(f"/admin/orders/{order.pk}/{action}/")
    client.post(f"/admin/orders/{order.pk}/sent/", {"confirmed": "1", "line": first.pk})

    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("processing", "pending")
    assert list(order.lines.values_list("status", flat=True)) == ["sent", "new"]


def test_the_office_marks_paid_with_a_note_and_a_name(client, order):
    user = sign_in(client, "Central office")

    form = {"amount": "18.93", "reason": "Statement 14", "once": "a"}
    page = client.post(f"/admin/orders/{order.pk}/paid/", form, follow=True).content.decode()
    client.post(f"/admin/orders/{order.pk}/paid/", form)

    order.refresh_from_db()
    assert order.payment_status == "paid"
    assert "Money received: £18.93, Statement 14" in page
    assert str(user) in page
    event = order.events.get(kind="paid")
    assert (event.actor, event.detail) == (user, {"amount": "18.93", "currency": "GBP", "reason": "Statement 14"})


def test_asking_alone_changes_nothing(client, order):
    sign_in(client, "Owner")

    for action in ("paid", "sent", "cancel"):
        assert client.get(f"/admin/orders/{order.pk}/{action}/").status_code == 200
    client.post(f"/admin/orders/{order.pk}/sent/")

    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("placed", "pending")


def test_cancelling_a_sent_order_is_refused_with_a_sentence(client, order):
    sign_in(client, "Owner")
    client.post(f"/admin/orders/{order.pk}/sent/", {"confirmed": "1"})

    page = client.post(f"/admin/orders/{order.pk}/cancel/", follow=True).content.decode()

    order.refresh_from_db()
    assert order.status == "done"
    assert "Everything has been sent already." in page


@pytest.mark.parametrize("query", ["number", "email", "full_name", "isbn"])
def test_orders_are_found_by_number_mail_name_and_isbn(client, order, persuasion, query):
    from catalog.tests.factories import book

    an_order({book("Emma").editions.get(): 1}, email="bob@example.org", full_name="Bob")
    sign_in(client, "Owner")
    words = {"number": order.number, "email": "ada@example.org", "full_name": "Lovelace", "isbn": persuasion.isbn}

    page = client.get("/admin/orders/", {"q": words[query]}).content.decode()

    assert page.count(f"/admin/orders/inspect/{order.pk}/") >= 1
    assert "Bob" not in page


def test_orders_are_filtered(client, order):
    sign_in(client, "Owner")

    assert order.number in client.get("/admin/orders/?status=placed&payment_status=pending").content.decode()
    assert order.number not in client.get("/admin/orders/?status=done").content.decode()
    assert order.number not in client.get("/admin/orders/?placed_at_to=2001-01-01").content.decode()


def test_an_export_holds_no_formulas(client, persuasion):
    order = an_order({persuasion: 1}, full_name='=HYPERLINK("https://evil.example")')
    sign_in(client, "Owner")

    csv = b"".join(client.get("/admin/orders/?export=csv").streaming_content).decode()

    assert order.number in csv
    assert "'=HYPERLINK" in csv


def test_there_is_no_way_to_add_edit_or_delete_an_order(client, order):
    superuser = UserFactory(is_superuser=True, is_staff=True)
    client.force_login(superuser)

    paths = ["new/", f"edit/{order.pk}/", f"delete/{order.pk}/", f"history/{order.pk}/"]
    assert [client.get(f"/admin/orders/{path}").status_code for path in paths] == [404] * 4
    page = client.get("/admin/orders/").content.decode()
    assert "/admin/orders/new/" not in page


def test_delivery_and_tax_are_edited_by_those_who_may(client, db):
    sign_in(client, "Owner")
    page = client.get("/admin/delivery_methods/")
    assert "Standard delivery" in page.content.decode()
    assert "£2.95, free from £30.00" in page.content.decode()
    assert client.get("/admin/tax_rates/").status_code == 200
    assert client.get("/admin/delivery_methods/new/").status_code == 200
    assert client.get("/admin/tax_rates/new/").status_code == 200
    assert client.get("/admin/settings/commerce/sellersettings/", follow=True).status_code == 200


def test_permissions_stand_in_the_group_editor(client, db):
    codenames = {"view_order", "change_order", "dispatch_order", "export_order"}
    assert set(Permission.objects.filter(codename__in=codenames).values_list("codename", flat=True)) == codenames
