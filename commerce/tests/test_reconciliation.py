"""What never arrived is asked for; what is not paid in time ends."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.utils import timezone

from commerce.gateways import sandbox
from commerce.gateways.protocol import Unreachable
from commerce.models import Order, Payment, ProviderEvent, Refund, SandboxPayment
from commerce.models.order import PaymentMethod
from commerce.services import orders, payments
from commerce.services.erasure import erase_from_orders
from commerce.services.reconciliation import Run
from commerce.tests.factories import an_order
from commerce.tests.test_payments import choose, notify
from core.mail.models import OutgoingMail
from core.money import Money

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings):
    settings.PAYMENT_SANDBOX = True


@pytest.fixture
def order(persuasion) -> Order:
    """To be paid by a provider that never notifies."""
    return an_order({persuasion: 1}, method="sandbox", email="ada+silent@example.org")


def let_pass(minutes: int) -> None:
    """As if everything had been begun so long ago."""
    then = timezone.now() - dt.timedelta(minutes=minutes)
    Order.objects.update(placed_at=then)
    Payment.objects.update(created_at=then, asked_at=then)
    ProviderEvent.objects.update(received_at=then)


def status(order: Order) -> tuple[str, str]:
    order.refresh_from_db()
    return order.status, order.payment_status


def test_money_whose_notification_was_lost_is_found(client, order):
    choose(client, payments.begin(order.pk, "sandbox").reference, "pay")
    assert Run().go()["attempts"] == 0  # the notification has its time first
    let_pass(4)

    call_command("reconcile_payments", verbosity=0)

    assert status(order) == ("placed", "paid")


def test_an_order_is_not_expired_while_its_money_is_there(client, order):
    choose(client, payments.begin(order.pk, "sandbox").reference, "pay")
    let_pass(200)

    assert Run().go()["expired"] == 0
    assert status(order) == ("placed", "paid")


def test_an_order_without_money_ends_after_an_hour(client, order, persuasion):
    payments.begin(order.pk, "sandbox")
    let_pass(59)
    assert Run().go()["expired"] == 0
    let_pass(61)

    assert Run().go()["expired"] == 1
    assert Run().go()["expired"] == 0

    persuasion.stock.refresh_from_db()
    assert (status(order), persuasion.stock.allocated) == (("cancelled", "pending"), 0)


def test_a_shopper_who_tries_again_has_a_quarter_of_an_hour(order):
    let_pass(70)
    payments.begin(order.pk, "sandbox")

    assert Run().go()["expired"] == 0


def test_money_that_comes_after_the_end_is_found_and_goes_back(client, order):
    reference = payments.begin(order.pk, "sandbox").reference
    let_pass(61)
    Run().go()
    choose(client, reference, "pay")
    let_pass(70)

    Run().go()

    assert status(order) == ("cancelled", "refunded")
    assert SandboxPayment.objects.get().refunded == order.total


def test_an_order_waits_a_day_for_a_provider_that_does_not_answer(client, order):
    payments.begin(order.pk, "sandbox")
    with patch.object(sandbox.SandboxGateway, "ask", side_effect=Unreachable("503")) as ask:
        let_pass(61)
        assert Run().go()["expired"] == 0
        assert ask.call_count == 1, "a provider that does not answer is left alone for the rest of the run"
        let_pass(60 * 25)
        assert Run().go()["expired"] == 1


def test_an_attempt_that_never_reached_the_provider_is_given_up(order):
    with (
        patch.object(sandbox.SandboxGateway, "begin", side_effect=Unreachable("503")),
        pytest.raises(Exception, match="answer"),
    ):
        payments.begin(order.pk, "sandbox")
    let_pass(61)

    Run().go()

    assert Payment.objects.get().state == "cancelled"


def test_an_attempt_is_given_up_after_a_week(client, order):
    payments.begin(order.pk, "sandbox")
    let_pass(60 * 24 * 8)

    Run().go()

    assert (Payment.objects.get().state, Payment.objects.get().failure) == ("cancelled", "Nobody paid.")


def test_a_notification_that_could_not_be_followed_is_followed_later(client, order):
    payment = payments.begin(order.pk, "sandbox")
    SandboxPayment.objects.update(state="succeeded")
    with patch.object(sandbox.SandboxGateway, "ask", side_effect=Unreachable("503")):
        assert notify(client, payment.reference).status_code == 200
    assert status(order) == ("placed", "pending")
    let_pass(2)

    assert Run().go()["events"] == 1
    assert status(order) == ("placed", "paid")
    assert Run().go()["events"] == 0


def test_a_notification_about_nothing_of_ours_is_put_aside_after_a_day(client, order):
    notify(client, "sandbox-of-another-shop")
    let_pass(60 * 25)

    Run().go()

    assert ProviderEvent.objects.get().handled_at


def test_a_customer_who_tries_a_card_for_an_invoice_keeps_the_order(client, persuasion):
    order = an_order({persuasion: 1})
    client.post(f"/checkout/pay/{order.token}/", {"payment": "sandbox"})
    let_pass(60 * 24)

    assert Run().go()["expired"] == 0
    assert (status(order), order.payment_method) == (("placed", "pending"), "invoice")


def test_late_money_of_an_erased_customer_goes_back_and_keeps_nobody_waiting(client, order, persuasion):
    other = an_order({persuasion: 1}, method="sandbox", email="bob+silent@example.org")
    choose(client, payments.begin(order.pk, "sandbox").reference, "pay")
    choose(client, payments.begin(other.pk, "sandbox").reference, "pay")
    orders.cancel(order.pk, None, "Changed my mind.")
    erase_from_orders([order.pk])
    let_pass(4)

    assert Run().go()["failed"] == 0

    assert Refund.objects.get().payment.order == order
    assert status(other) == ("placed", "paid")
    assert not OutgoingMail.objects.filter(to="").exists()


def test_a_row_that_cannot_be_followed_keeps_no_other_waiting(client, order, persuasion, monkeypatch):
    other = an_order({persuasion: 1}, method="sandbox", email="bob+silent@example.org")
    broken = payments.begin(order.pk, "sandbox")
    choose(client, broken.reference, "pay")
    choose(client, payments.begin(other.pk, "sandbox").reference, "pay")
    let_pass(4)
    look = payments.look

    def breaks(pk: int) -> Payment:
        if pk == broken.pk:
            raise RuntimeError("nobody thought of this")
        return look(pk)

    monkeypatch.setattr(payments, "look", breaks)

    assert Run().go()["failed"] >= 1
    assert status(other) == ("placed", "paid")


def test_money_that_came_by_an_attempt_at_another_amount_is_found(client, order):
    former = payments.begin(order.pk, "sandbox").reference
    payments.capture(order.pk, PaymentMethod.GIFT_CARD, Money(Decimal("1.00"), "GBP"))
    payments.begin(order.pk, "sandbox")
    assert Payment.objects.get(reference=former).state == "cancelled"
    choose(client, former, "pay")
    let_pass(4)

    Run().go()

    assert Payment.objects.get(reference=former).state == "captured"
    assert status(order)[1] == "overpaid"


def test_an_order_that_cannot_end_keeps_no_other_from_its_end(order, persuasion, monkeypatch):
    other = an_order({persuasion: 1}, method="sandbox", email="bob+silent@example.org")
    let_pass(200)
    expire = payments.expire

    def breaks(pk: int) -> bool:
        if pk == order.pk:
            raise RuntimeError("nobody thought of this")
        return expire(pk)

    monkeypatch.setattr(payments, "expire", breaks)

    assert Run().go()["failed"] == 1
    assert status(other)[0] == "cancelled"
