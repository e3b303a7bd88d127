"""Money in the Wagtail admin."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone

from commerce.models import Order, Payment, ProviderEvent, Refund
from commerce.services import payments
from commerce.tests.factories import UserFactory, an_order
from commerce.tests.test_office import sign_in
from commerce.tests.test_payments import choose, gbp, notify

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings):
    settings.PAYMENT_SANDBOX = True


@pytest.fixture
def paid(client, persuasion) -> Order:
    order = an_order({persuasion: 1}, method="sandbox")
    choose(client, payments.begin(order.pk, "sandbox").reference, "pay")
    return order


def once(page: str) -> str:
    return re.search(r'name="once" value="([^"]+)"', page)[1]


def test_a_colleague_gives_money_back_once_however_often_the_button_is_pressed(client, paid):
    user = sign_in(client, "Central office")
    path = f"/admin/orders/{paid.pk}/refund/"
    asked = client.get(path).content.decode()
    assert 'value="10.94"' in asked
    form = {"amount": "3.00", "reason": "One page was torn.", "once": once(asked)}

    for _press in range(3):
        page = client.post(path, form, follow=True).content.decode()

    refund = Refund.objects.get()
    assert (refund.money, refund.state, refund.actor) == (gbp("3"), "done", user)
    assert "One page was torn." in page
    assert "Received and kept: £7.94" in page


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"amount": "10.95", "reason": "x"}, "£10.94 is the most that can go back."),
        ({"amount": "0", "reason": "x"}, "greater than or equal to"),
        ({"amount": "1.005", "reason": "x"}, "no more than 2 decimal places"),
        ({"amount": "1", "reason": ""}, "This field is required"),
    ],
)
def test_a_refund_that_cannot_be_is_refused_with_a_sentence(client, paid, form, says):
    sign_in(client, "Owner")

    page = client.post(f"/admin/orders/{paid.pk}/refund/", {**form, "once": "a"}, follow=True).content.decode()

    assert says in page
    assert not Refund.objects.exists()


@pytest.mark.parametrize("role", ["anonymous", "customer", "Editor", "Marketer", "Dispatch"])
def test_others_give_nothing_back_and_see_nothing(client, paid, role):
    by_hand = an_order({paid.lines.first().edition: 1})
    payments.mark_paid(by_hand.pk, UserFactory())
    [refund] = payments.refund(by_hand.pk, gbp("1"), "x")
    sign_in(client, role)

    client.post(f"/admin/orders/{paid.pk}/refund/", {"amount": "1", "reason": "x", "once": "a"})
    client.post(f"/admin/refunds/{refund.pk}/paid-out/")
    seen = [client.get(f"/admin/{path}/").status_code for path in ("refunds", "provider_events", "bank_lines")]

    refund.refresh_from_db()
    assert (Refund.objects.count(), refund.state) == (1, "created")
    assert 200 not in seen


def test_what_is_paid_by_hand_is_listed_and_ticked_off(client, persuasion):
    order = an_order({persuasion: 1})
    payments.mark_paid(order.pk, UserFactory())
    [refund] = payments.refund(order.pk, gbp("2"), "Torn")
    user = sign_in(client, "Central office")

    assert order.number in client.get("/admin/refunds/?state=created&method=invoice").content.decode()
    assert "I have paid it" in client.get(f"/admin/refunds/inspect/{refund.pk}/").content.decode()
    assert "Refunds to be paid by hand" in client.get("/admin/").content.decode()
    too_long, page = (
        client.post(f"/admin/refunds/{refund.pk}/paid-out/", {"reference": said}, follow=True).content.decode()
        for said in ("9" * 101, "SEPA 4711")
    )
    assert "longer than 100 characters" in too_long

    refund.refresh_from_db()
    assert (refund.state, refund.actor, refund.reference) == ("done", user, "SEPA 4711")
    assert "SEPA 4711" in page
    assert order.number in client.get("/admin/refunds/?q=4711").content.decode()
    assert "I have paid it" not in page
    assert "Refunds to be paid by hand" not in client.get("/admin/").content.decode()


def test_the_page_of_an_order_shows_its_attempts(client, persuasion):
    order = an_order({persuasion: 1}, method="sandbox")
    choose(client, payments.begin(order.pk, "sandbox").reference, "fail")
    second = payments.begin(order.pk, "sandbox")
    choose(client, second.reference, "pay")
    sign_in(client, "Owner")

    page = client.get(f"/admin/orders/inspect/{order.pk}/").content.decode()

    assert "The bank said no." in page
    assert second.reference in page
    assert "Received and kept: £10.94" in page
    assert "Mark as paid" not in page


def test_money_to_look_at_is_found(client, persuasion):
    late, twice, fine = (an_order({persuasion: 1}) for _number in range(3))
    Order.objects.filter(pk=late.pk).update(placed_at=timezone.now() - dt.timedelta(days=22))
    payments.mark_paid(twice.pk, UserFactory(), amount=gbp("20"))
    Payment.objects.update(is_unwanted=True)
    sign_in(client, "Owner")

    def listed(query: str) -> set[str]:
        page = client.get(f"/admin/orders/?{query}").content.decode()
        return {order.number for order in (late, twice, fine) if order.number in page}

    assert listed("money=overdue") == {late.number}
    assert listed("money=unwanted") == {twice.number}
    assert listed("money=refunds") == set()
    assert listed("payment_status=overpaid") == {twice.number}
    dashboard = client.get("/admin/").content.decode()
    assert "Overpaid orders" in dashboard
    assert "Overdue invoices" in dashboard


def test_notifications_are_the_owners_alone(client, paid):
    event = ProviderEvent.objects.get()
    sign_in(client, "Owner")
    page = client.get(f"/admin/provider_events/inspect/{event.pk}/").content.decode()
    assert event.event_id in page
    assert client.get("/admin/provider_events/").status_code == 200

    client.logout()
    sign_in(client, "Central office")
    assert client.get("/admin/provider_events/").status_code == 302
    assert client.get("/admin/refunds/").status_code == 200


def test_nothing_about_money_is_typed_into_the_admin(client, paid):
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    notify(client, "x")
    for name in ("refunds", "provider_events", "bank_lines"):
        assert [client.get(f"/admin/{name}/{path}/").status_code for path in ("new", "edit/1", "delete/1")] == [404] * 3


def test_the_sandbox_warns_where_strangers_buy(settings):
    from commerce.checks import sandbox_in_public

    settings.SITE_URL = "http://127.0.0.1:8000"
    assert sandbox_in_public() == []
    settings.SITE_URL = "https://books.example"
    assert [found.id for found in sandbox_in_public()] == ["commerce.W001"]
    settings.PAYMENT_SANDBOX = False
    assert sandbox_in_public() == []
