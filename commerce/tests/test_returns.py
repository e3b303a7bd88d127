"""Books that come back: the right to withdraw, wishes to give back, what the shop does with them."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import colleague
from catalog.tests.factories import book
from commerce import withdrawal
from commerce.exceptions import IllegalTransition
from commerce.models import CreditNote, Holiday, Order, Return
from commerce.models.order import LineStatus, OrderStatus, PaymentMethod, PaymentStatus
from commerce.models.returns import ReturnOutcome
from commerce.order_button import WORDINGS, order_button
from commerce.services import orders, payments, refunds, replacements, returns
from commerce.tests.factories import an_order
from core.money import Money

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 9, 1, 12, tzinfo=dt.UTC)
WHO = {"name": "Ada Lovelace", "email": "ada@example.org"}


def shelf(edition) -> tuple[int, int]:
    edition.stock.refresh_from_db()
    return edition.stock.on_hand, edition.stock.allocated


def pay(order: Order) -> None:
    payments.capture(order.pk, PaymentMethod.INVOICE, order.total, reference=f"bank-{order.number}")


def ids(order: Order) -> list[int]:
    return list(order.lines.values_list("pk", flat=True))


@pytest.fixture
def agnes(db):
    return colleague("Central office")


@pytest.fixture
def sent(persuasion, agnes):
    """Two copies that were paid and left on Tuesday, 1 September 2026."""
    with time_machine.travel(NOON, tick=False):
        order = an_order({persuasion: 2})
        pay(order)
        orders.mark_lines_sent(order.pk, ids(order), agnes)
    order.lines.update(arrives_by=dt.date(2026, 9, 4))
    return Order.objects.get(pk=order.pk)


# --- The period ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "runs"),
    [("2026-09-01", True), ("2026-09-04", True), ("2026-09-18", True), ("2026-09-19", False), ("2027-01-01", False)],
)
def test_the_period_runs_fourteen_days_from_when_the_last_book_arrived(sent, day, runs):
    at = dt.datetime.fromisoformat(f"{day}T20:00+01:00")

    assert withdrawal.last_day(sent) == dt.date(2026, 9, 18)
    assert withdrawal.is_open(sent, at) is runs
    assert len(withdrawal.withdrawable(sent, at)) == (2 if runs else 0)


def test_a_last_day_that_is_no_working_day_moves_to_the_next_one(sent):
    sent.lines.update(arrives_by=dt.date(2026, 9, 5))  # + 14 is a Saturday
    assert withdrawal.last_day(sent) == dt.date(2026, 9, 21)

    Holiday.objects.create(country="GB", date=dt.date(2026, 9, 21), name="Bank holiday")
    assert withdrawal.last_day(sent) == dt.date(2026, 9, 22)


def test_while_a_copy_is_to_come_the_period_has_not_begun(persuasion, agnes):
    order = an_order({persuasion: 2})
    orders.mark_lines_sent(order.pk, ids(order)[:1], agnes)

    assert withdrawal.last_day(order) is None
    assert withdrawal.is_open(order, timezone.now() + dt.timedelta(days=400))


def test_the_right_to_a_download_ends_only_where_the_customer_wanted_it_at_once(books_page, agnes):
    edition = book("Emma", format="ebook").editions.get()
    order = an_order({edition: 1})
    orders.mark_lines_sent(order.pk, ids(order), agnes)

    assert len(withdrawal.withdrawable(order, timezone.now())) == 1
    Order.objects.filter(pk=order.pk).update(waives_withdrawal=True)
    assert withdrawal.withdrawable(Order.objects.get(pk=order.pk), timezone.now()) == []


# --- Withdrawing ------------------------------------------------------------------------------------


def test_what_has_not_left_is_cancelled_credited_and_paid_back_at_once(persuasion):
    order = an_order({persuasion: 2})
    pay(order)

    declared = returns.withdraw(order.pk, ids(order), **WHO)

    order.refresh_from_db()
    assert (order.status, order.payment_status) == (OrderStatus.CANCELLED, PaymentStatus.REFUNDED)
    assert shelf(persuasion) == (5, 0)
    assert declared.closed_at is not None
    assert {row.outcome for row in declared.lines.all()} == {ReturnOutcome.CANCELLED}
    assert CreditNote.objects.get().total == order.total  # books and delivery
    assert order.worth == Money.zero("GBP")


def test_one_copy_of_two_is_paid_back_and_the_delivery_stays(persuasion):
    order = an_order({persuasion: 2})
    pay(order)

    returns.withdraw(order.pk, ids(order)[:1], **WHO)

    order.refresh_from_db()
    assert order.payment_status == PaymentStatus.PARTLY_REFUNDED
    assert CreditNote.objects.get().total == order.lines.first().price
    assert payments.received(order) == order.worth == order.total - order.lines.first().price


def test_what_was_sent_is_paid_back_when_it_comes(sent, persuasion, agnes):
    with time_machine.travel(NOON + dt.timedelta(days=5), tick=False):
        declared = returns.withdraw(sent.pk, ids(sent), **WHO)
    assert (declared.closed_at, CreditNote.objects.count()) == (None, 0)

    returns.receive(declared.pk, ids(sent), agnes, restocked=ids(sent)[:1])

    declared.refresh_from_db()
    sent.refresh_from_db()
    assert declared.closed_at is not None
    assert {line.status for line in sent.lines.all()} == {LineStatus.RETURNED}
    assert shelf(persuasion) == (4, 0)  # five were here, two left, one is good to be sold again
    assert (sent.status, sent.payment_status) == (OrderStatus.DONE, PaymentStatus.REFUNDED)
    assert CreditNote.objects.get().total == sent.total


def test_declared_twice_it_is_one_withdrawal(persuasion):
    order = an_order({persuasion: 1})

    first = returns.withdraw(order.pk, ids(order), **WHO)

    assert returns.withdraw(order.pk, ids(order), **WHO) == first
    assert order.events.filter(kind="withdrawn").count() == 1
    assert CreditNote.objects.count() == 1


def test_after_the_period_nothing_is_declared(sent):
    with time_machine.travel(NOON + dt.timedelta(days=60)), pytest.raises(IllegalTransition):
        returns.withdraw(sent.pk, ids(sent), **WHO)

    assert not Return.objects.exists()


def test_a_copy_of_another_order_is_not_withdrawn_from(persuasion):
    mine, other = an_order({persuasion: 1}), an_order({persuasion: 1})

    with pytest.raises(IllegalTransition):
        returns.withdraw(mine.pk, [*ids(mine), *ids(other)], **WHO)

    assert {line.status for line in other.lines.all()} == {LineStatus.NEW}


def test_a_withdrawal_is_not_refused_a_wish_may_be(sent, agnes):
    with time_machine.travel(NOON + dt.timedelta(days=5)):
        right = returns.withdraw(sent.pk, ids(sent)[:1], **WHO)
    wish = returns.announce(sent.pk, ids(sent)[1:], reason="The jacket is torn", **WHO)

    with pytest.raises(IllegalTransition):
        returns.refuse(right.pk, ids(sent)[:1], agnes, "no")
    returns.refuse(wish.pk, ids(sent)[1:], agnes, "It was torn in your bag")

    assert [row.outcome for row in wish.lines.all()] == [ReturnOutcome.REFUSED]
    assert len(withdrawal.returnable(sent)) == 1  # and may be asked for again


# --- Crediting, cancelling, replacing ---------------------------------------------------------------


def test_nothing_is_paid_back_of_what_was_never_paid(persuasion):
    order = an_order({persuasion: 2})

    refunds.cancel(order.pk, None, "by the customer")

    order.refresh_from_db()
    assert (order.status, order.payment_status) == (OrderStatus.CANCELLED, PaymentStatus.PENDING)
    assert payments.due(order) == Money.zero("GBP")
    assert CreditNote.objects.get().total == order.total


def test_staff_let_a_part_of_the_price_off(sent, agnes):
    refunds.credit_amount(sent.pk, Money(sent.total.amount / 4, "GBP"), agnes, "torn jacket")

    sent.refresh_from_db()
    credited = Money(sent.total.amount / 4, "GBP")
    assert CreditNote.objects.get().total == credited
    assert payments.received(sent) == sent.total - credited
    assert sent.payment_status == PaymentStatus.PARTLY_REFUNDED


def test_a_copy_that_was_credited_and_then_comes_back_is_credited_once(sent, agnes):
    refunds.credit_copies(sent.pk, ids(sent)[:1], agnes, "damaged")
    wish = returns.announce(sent.pk, ids(sent)[:1], reason="damaged", **WHO)

    returns.receive(wish.pk, ids(sent)[:1], agnes)

    assert CreditNote.objects.count() == 1
    sent.refresh_from_db()
    assert payments.received(sent) == sent.worth == sent.total - sent.lines.first().price


def test_copies_are_sent_once_more_at_no_cost(sent, persuasion, agnes):
    new = replacements.replace(sent.pk, ids(sent)[:1], agnes, "lost on the way")

    assert (new.total, new.replaces, new.payment_status) == (Money.zero("GBP"), sent, PaymentStatus.PAID)
    assert (new.email, new.address_lines) == (sent.email, sent.address_lines)
    assert [(line.title, line.unit_gross, line.is_allocated) for line in new.lines.all()] == [("Persuasion", 0, True)]
    assert shelf(persuasion) == (3, 1)
    assert not hasattr(new, "invoice")
    orders.mark_lines_sent(new.pk, ids(new), agnes)
    new.refresh_from_db()
    assert new.status == OrderStatus.DONE


def test_what_was_not_sent_is_not_replaced(persuasion, agnes):
    order = an_order({persuasion: 1})

    with pytest.raises(IllegalTransition):
        replacements.replace(order.pk, ids(order), agnes, "")

    assert Order.objects.count() == 1


# --- Pages ------------------------------------------------------------------------------------------


def test_a_guest_finds_the_order_by_number_and_address_and_withdraws_in_two_steps(client: Client, persuasion):
    order = an_order({persuasion: 1})

    found = client.post("/withdraw/", {"number": order.number.lower(), "email": "ADA@example.org"})
    form = {"lines": ids(order), "name": "Ada Lovelace", "email": "ada@example.org"}
    asked = client.post(found["Location"], form)
    assert "Confirm withdrawal" in asked.content.decode()
    assert not Return.objects.exists()
    done = client.post(found["Location"], {**form, "confirmed": "1"}, follow=True)

    assert "Declared by Ada Lovelace" in done.content.decode()
    assert Return.objects.get().order == order
    assert done["Referrer-Policy"] == "no-referrer"
    assert "private" in done["Cache-Control"]


@pytest.mark.parametrize("wrong", [{"number": "BT-AAAA-AAAA"}, {"email": "eve@example.org"}])
def test_a_wrong_number_and_a_wrong_address_get_the_same_answer(client: Client, persuasion, wrong):
    order = an_order({persuasion: 1})

    answer = client.post("/withdraw/", {"number": order.number, "email": "ada@example.org", **wrong})

    assert answer.status_code == 422
    assert "We know no order with this number and this address" in answer.content.decode()


def test_who_tries_many_numbers_must_wait(client: Client, db):
    for _try in range(20):
        client.post("/withdraw/", {"number": "BT-AAAA-AAAA", "email": "eve@example.org"})

    answer = client.post("/withdraw/", {"number": "BT-AAAA-AAAA", "email": "eve@example.org"})

    assert answer.status_code == 429


def test_after_the_period_the_page_says_so(client: Client, sent):
    with time_machine.travel(NOON + dt.timedelta(days=60)):
        answer = client.get(f"/withdraw/{sent.cancel_key}/")

    assert "ended on 18 Sep 2026" in answer.content.decode()


def test_a_customer_cancels_what_has_not_left_and_sees_it_on_the_timeline(ada_client, ada, persuasion):
    order = an_order({persuasion: 1}, user=ada)

    ada_client.post(f"/orders/cancel-order/{order.cancel_key}/")
    page = ada_client.get(f"/account/orders/{order.number}/").content.decode()

    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELLED
    assert "The order was placed" in page
    assert "Cancelled: 1 × Persuasion" in page


def test_what_has_left_is_not_cancelled(client: Client, sent):
    client.post(f"/orders/cancel-order/{sent.cancel_key}/")

    assert {line.status for line in sent.lines.all()} == {LineStatus.SENT}


def test_a_wish_to_give_back_needs_a_reason(client: Client, sent):
    form = {"lines": ids(sent)[:1], "name": "Ada", "email": "ada@example.org"}

    assert client.post(f"/orders/return/{sent.cancel_key}/", form).status_code == 422
    assert not Return.objects.exists()
    client.post(f"/orders/return/{sent.cancel_key}/", {**form, "reason": "The last page is missing"})
    assert Return.objects.get().reason == "The last page is missing"


def test_withdraw_from_contract_is_offered_on_every_page_and_on_the_order(client: Client, shop, persuasion):
    order = an_order({persuasion: 1})

    assert 'href="/withdraw/"' in client.get("/").content.decode()
    assert "Withdraw from contract here" in client.get(order.get_absolute_url()).content.decode()


# --- The order button -------------------------------------------------------------------------------


def test_every_language_of_the_shop_has_its_words_on_the_button(settings):
    for code, _name in settings.LANGUAGES:
        assert code.partition("-")[0] in WORDINGS
    assert order_button("en-gb") == "Place order and pay"
    assert order_button("fr") == "Commande avec obligation de paiement"


# --- The office -------------------------------------------------------------------------------------


def test_the_office_takes_books_in_from_the_list_of_returns(client: Client, sent, agnes, persuasion):
    wish = returns.announce(sent.pk, ids(sent)[:1], reason="torn", **WHO)
    client.force_login(agnes)

    assert sent.number in client.get("/admin/returns/").content.decode()
    assert "torn" in client.get(f"/admin/returns/inspect/{wish.pk}/").content.decode()
    asked = client.get(f"/admin/returns/{wish.pk}/receive/", {"line": ids(sent)[:1]}).content.decode()
    assert "back on the shelf" in asked
    client.post(
        f"/admin/returns/{wish.pk}/receive/",
        {"confirmed": "1", "line": ids(sent)[:1], "restock": ids(sent)[:1]},
    )

    assert [row.outcome for row in wish.lines.all()] == [ReturnOutcome.RECEIVED]
    assert shelf(persuasion) == (4, 0)


def test_dispatch_neither_takes_in_nor_refunds(client: Client, sent):
    wish = returns.announce(sent.pk, ids(sent)[:1], reason="torn", **WHO)
    client.force_login(colleague("Dispatch"))

    for path in (f"/admin/returns/{wish.pk}/receive/", f"/admin/orders/{sent.pk}/credit/"):
        client.post(path, {"confirmed": "1", "line": ids(sent)[:1]})

    assert [row.outcome for row in wish.lines.all()] == [ReturnOutcome.WAITING]
    assert CreditNote.objects.count() == 0
