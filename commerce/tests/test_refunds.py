"""Money that goes back: by the way it came, once, and never more than came."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from commerce.bookkeeping.payments import CHECKS
from commerce.exceptions import CannotRefund
from commerce.gateways import sandbox
from commerce.gateways.protocol import GatewayError, Unreachable
from commerce.models import Order, Payment, Refund, SandboxPayment
from commerce.services import payments, refunding
from commerce.tests.factories import UserFactory, an_order
from commerce.tests.test_payments import choose, gbp

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings):
    settings.PAYMENT_SANDBOX = True


def drifts() -> list[str]:
    return [found for check in CHECKS for found in check()]


def paid(client, persuasion, email: str = "ada@example.org") -> Order:
    """£10.94, paid by the sandbox."""
    order = an_order({persuasion: 1}, method="sandbox", email=email)
    choose(client, payments.begin(order.pk, "sandbox").reference, "pay")
    order.refresh_from_db()
    assert order.payment_status == "paid"
    mail.outbox.clear()
    return order


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.payment_status


def test_money_goes_back_to_where_it_came_from_and_the_customer_hears(client, persuasion):
    order = paid(client, persuasion)
    colleague = UserFactory()

    [refund] = payments.refund(order.pk, gbp("3"), "One page was torn.", colleague)

    refund.refresh_from_db()
    assert (refund.state, refund.actor, status(order)) == ("done", colleague, "partly-refunded")
    assert SandboxPayment.objects.get().refunded == gbp("3")
    assert payments.due(order) == gbp("0")
    [message] = mail.outbox
    assert "£3.00 (Test payment" in message.body
    assert "One page was torn." in message.body
    assert order.events.last().sentence == "Money given back: £3.00, One page was torn."
    payments.refund(order.pk, gbp("7.94"), "And the rest.")
    assert status(order) == "refunded"
    assert drifts() == []


def test_more_than_came_is_refused_and_leaves_nothing(client, persuasion):
    order = paid(client, persuasion)
    payments.refund(order.pk, gbp("10"), "")

    for amount in ("0.95", "0", "-1"):
        with pytest.raises(CannotRefund):
            payments.refund(order.pk, gbp(amount), "")

    assert Refund.objects.count() == 1
    assert SandboxPayment.objects.get().refunded == gbp("10")


def test_the_database_refuses_more_than_came(client, persuasion):
    order = paid(client, persuasion)
    with pytest.raises(IntegrityError), transaction.atomic():
        order.payments.update(refunded_amount=Decimal("10.95"))


def test_the_same_request_twice_gives_back_once(client, persuasion):
    order = paid(client, persuasion)

    first = payments.refund(order.pk, gbp("3"), "", once="form-1")
    second = payments.refund(order.pk, gbp("3"), "", once="form-1")

    assert first == second
    assert SandboxPayment.objects.get().refunded == gbp("3")


def test_online_money_goes_first_then_what_is_paid_out_by_hand(persuasion, client):
    order = an_order({persuasion: 1}, method="sandbox")
    colleague = UserFactory()
    payments.mark_paid(order.pk, colleague, amount=gbp("4"))
    choose(client, payments.begin(order.pk, "sandbox").reference, "pay")

    online, by_hand = payments.refund(order.pk, gbp("9"), "")
    assert (online.payment.method, online.money, by_hand.money) == ("sandbox", gbp("6.94"), gbp("2.06"))
    assert (by_hand.is_by_hand, by_hand.state) == (True, "created")

    refunding.paid_out(by_hand.pk, colleague)
    refunding.paid_out(by_hand.pk, UserFactory())
    by_hand.refresh_from_db()
    assert (by_hand.state, by_hand.actor) == ("done", colleague)
    assert drifts() == []


def test_money_on_a_card_of_ours_goes_back_in_the_same_moment(persuasion):
    order = an_order({persuasion: 1})
    payments.capture(order.pk, "gift-card", gbp("10.94"), reference="card-1")
    back = []

    with patch.dict(refunding.INSIDE, {"gift-card": lambda refund: back.append(refund.money)}):
        [refund] = payments.refund(order.pk, gbp("4"), "")

    assert (back, refund.state, status(order)) == ([gbp("4")], "done", "partly-refunded")


def test_a_refund_that_is_refused_counts_no_more(client, persuasion):
    order = paid(client, persuasion, "ada+norefund@example.org")

    [refund] = payments.refund(order.pk, gbp("3"), "")

    refund.refresh_from_db()
    assert (refund.state, refund.failure, status(order)) == ("failed", "This card takes no refunds.", "paid")
    assert "could not be given back: £3.00, This card takes no refunds." in order.events.last().sentence
    assert order.payments.get().refundable == gbp("10.94")
    assert drifts() == []


def test_a_refund_without_an_answer_is_sent_again_with_its_key(client, persuasion):
    order = paid(client, persuasion)
    real = sandbox.SandboxGateway.refund

    def lose_the_answer(self, *arguments):
        real(self, *arguments)
        raise Unreachable("reset")

    with patch.object(sandbox.SandboxGateway, "refund", lose_the_answer):
        [refund] = payments.refund(order.pk, gbp("3"), "")
    refund.refresh_from_db()
    assert (refund.state, status(order)) == ("created", "partly-refunded")
    Refund.objects.update(created_at=timezone.now() - dt.timedelta(minutes=10), asked_at=None)

    call_command("reconcile_payments", verbosity=0)

    refund.refresh_from_db()
    assert refund.state == "done"
    assert SandboxPayment.objects.get().refunds == {refund.key: "3.00"}


def test_a_refund_that_takes_its_time_is_asked_about(client, persuasion):
    order = paid(client, persuasion, "ada+laterefund@example.org")
    [refund] = payments.refund(order.pk, gbp("3"), "")
    refund.refresh_from_db()
    assert refund.state == "pending"
    Refund.objects.update(created_at=timezone.now() - dt.timedelta(days=3), asked_at=None)

    call_command("reconcile_payments", verbosity=0)

    refund.refresh_from_db()
    assert refund.state == "done"


def test_a_refund_whose_key_nobody_knows_any_more_is_left_to_a_colleague(client, persuasion):
    order = paid(client, persuasion)
    with patch.object(sandbox.SandboxGateway, "refund", side_effect=Unreachable("reset")):
        payments.refund(order.pk, gbp("3"), "")
    Refund.objects.update(created_at=timezone.now() - dt.timedelta(days=1), asked_at=None)

    call_command("reconcile_payments", verbosity=0)

    [refund] = Refund.objects.all()
    refunding.send_refund.func(refund.pk)  # a task that comes late
    assert (refund.state, refund.is_by_hand) == ("created", True)
    assert SandboxPayment.objects.get().refunds == {}
    assert list(Order.objects.with_refunds_to_do()) == [order]
    assert refunding.paid_out(refund.pk, UserFactory()).state == "done"
    assert not Order.objects.with_refunds_to_do()


def test_what_a_provider_does_not_give_back_a_colleague_pays_by_hand_once(client, persuasion):
    order = paid(client, persuasion)
    with patch.object(sandbox.SandboxGateway, "refund", side_effect=GatewayError("no key for refunds")):
        [refund] = payments.refund(order.pk, gbp("3"), "A torn page")
    refund.refresh_from_db()
    assert (refund.state, refund.is_by_hand, status(order)) == ("failed", True, "paid")
    assert list(Order.objects.with_refunds_to_do()) == [order]

    refunding.paid_out(refund.pk, UserFactory())
    refunding.paid_out(refund.pk, UserFactory())

    assert (Payment.objects.get().refunded_amount, status(order)) == (Decimal(3), "partly-refunded")
    assert drifts() == []


def test_what_failed_is_not_paid_by_hand_where_it_went_back_another_way(client, persuasion):
    order = paid(client, persuasion)
    with patch.object(sandbox.SandboxGateway, "refund", side_effect=GatewayError("not today")):
        [refund] = payments.refund(order.pk, gbp("3"), "A torn page")
    payments.refund(order.pk, order.total, "All of it")

    with pytest.raises(CannotRefund):
        refunding.paid_out(refund.pk, UserFactory())


def test_an_order_that_expires_gives_a_card_of_ours_its_money_back(persuasion):
    order = an_order({persuasion: 1}, method="sandbox")
    payments.capture(order.pk, "gift-card", gbp("4"), reference="card-1")
    back = []

    with patch.dict(refunding.INSIDE, {"gift-card": lambda refund: back.append(refund.money)}):
        assert payments.expire(order.pk)

    assert (back, status(order), order.status) == ([gbp("4")], "refunded", "cancelled")
    assert drifts() == []


def test_the_audit_finds_what_does_not_agree(client, persuasion):
    order = paid(client, persuasion)
    payments.refund(order.pk, gbp("3"), "")
    assert drifts() == []

    Order.objects.update(payment_status="pending")
    Payment.objects.update(refunded_amount=Decimal(1), state="failed")
    order.events.all().delete()

    assert len(drifts()) == 5
