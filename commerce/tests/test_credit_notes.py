"""Credit notes: what of an invoice is not owed any more, to the penny and never more than was invoiced."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.tests.factories import book
from commerce import documents
from commerce.bookkeeping import Drift
from commerce.bookkeeping import documents as audit
from commerce.exceptions import NothingToCredit, NotInvoiced, TooMuchCredited
from commerce.models import CreditNote, Invoice, InvoiceCounter, Order, Payment, Refund
from commerce.models.order import PaymentMethod
from commerce.services import credit_notes, invoicing
from commerce.tests.factories import UserFactory, an_order
from commerce.tests.test_invoices import paid_online, pounds

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(books_page) -> Order:
    """Two Persuasions at £7.99 (no VAT), one audiobook at £9.99 (20 %), delivery £2.95."""
    paper = book("Persuasion", price="7.99").editions.get()
    audio = book("Emma", format="audiobook", price="9.99").editions.get()
    return an_order({paper: 2, audio: 1})


def ids(order: Order, *titles: str) -> list[int]:
    return [line.pk for line in order.lines.all() if line.title in titles]


def taxes(note: CreditNote) -> list[tuple[str, str, str, str]]:
    return [
        (row["rate_text"], str(row["net"]), str(row["tax"]), str(row["gross"])) for row in documents.read(note).taxes
    ]


def test_copies_and_part_of_the_delivery_are_credited_at_their_rates(three):
    colleague = UserFactory()
    persuasion, emma = ids(three, "Persuasion")[0], ids(three, "Emma")[0]

    note = credit_notes.issue(
        three.pk, [persuasion, emma], delivery=pounds("1.50"), reason="Came back", actor=colleague
    )

    assert note.number == f"CN-{note.year}-000001"
    assert (note.invoice, note.actor, note.reason) == (three.invoice, colleague, "Came back")
    assert taxes(note) == [("0", "£9.49", "£0.00", "£9.49"), ("20", "£8.32", "£1.67", "£9.99")]
    assert note.total == pounds("19.48")
    said = documents.read(note)
    assert (said.invoice_number, said.reason, said.due) == (three.invoice.number, "Came back", None)
    three.refresh_from_db()
    assert (three.worth, three.delivery_left) == (pounds("9.44"), pounds("1.45"))
    assert three.lines.get(pk=emma).credited_amount == Decimal("9.99")
    assert three.invoice.is_intact
    assert note.is_intact


def test_what_was_credited_before_is_left_out_and_nothing_is_credited_twice(three):
    everything = [line.pk for line in three.lines.all()]
    credit_notes.issue(three.pk, everything[:1], reason="One", actor=None)
    second = credit_notes.issue(three.pk, everything, delivery=three.delivery, reason="All", actor=None)

    assert second.total == pounds("20.93")
    with pytest.raises(NothingToCredit):
        credit_notes.issue(three.pk, everything, delivery=three.delivery, reason="Again", actor=None)

    three.refresh_from_db()
    assert three.worth == pounds("0.00")
    assert InvoiceCounter.objects.get(series="CN").last == 2
    assert list(audit.credits()) == []


def test_more_delivery_than_was_invoiced_is_refused_and_leaves_nothing_behind(three):
    with pytest.raises(TooMuchCredited):
        credit_notes.issue(three.pk, ids(three, "Emma"), delivery=pounds("2.96"), reason="x", actor=None)
    assert not CreditNote.objects.exists()
    assert not InvoiceCounter.objects.filter(series="CN").exists()
    assert set(three.lines.values_list("credited_amount", flat=True)) == {Decimal(0)}


def test_an_amount_is_shared_over_the_copies_each_at_its_rate(three):
    note = credit_notes.issue_amount(three.pk, pounds("5.00"), reason="A torn jacket", actor=None)

    # £5.00 over 7.99, 7.99 and 9.99
    assert taxes(note) == [("0", "£3.08", "£0.00", "£3.08"), ("20", "£1.60", "£0.32", "£1.92")]
    assert [line["unit"] for line in documents.read(note).lines] == [pounds("1.54"), pounds("1.92")]
    assert note.snapshot["copies"] == []
    rest = credit_notes.issue(three.pk, ids(three, "Emma"), reason="Came back all the same", actor=None)
    assert rest.total == pounds("8.07")
    assert documents.read(rest).tax == pounds("1.35"), "0.32 and 1.35 are the 1.67 that were invoiced"


def test_an_amount_goes_to_the_copies_named_and_never_beyond_them(three):
    emma = ids(three, "Emma")
    note = credit_notes.issue_amount(three.pk, pounds("2.00"), reason="Cheaper now", actor=None, line_ids=emma)
    assert taxes(note) == [("20", "£1.67", "£0.33", "£2.00")]
    with pytest.raises(TooMuchCredited):
        credit_notes.issue_amount(three.pk, pounds("8.00"), reason="x", actor=None, line_ids=emma)


def test_an_amount_beyond_the_books_takes_the_delivery_but_not_more_than_the_invoice(three):
    with pytest.raises(TooMuchCredited):
        credit_notes.issue_amount(three.pk, pounds("28.93"), reason="x", actor=None)
    with pytest.raises(TooMuchCredited):
        credit_notes.issue_amount(three.pk, pounds("0.00"), reason="x", actor=None)
    note = credit_notes.issue_amount(three.pk, pounds("28.92"), reason="Everything", actor=None)
    assert documents.read(note).taxes == documents.read(three.invoice).taxes


def test_a_copy_that_cost_nothing_is_credited_on_paper(books_page):
    leaflet = book("Leaflet", format="ebook", price="0.00").editions.get()
    order = an_order({leaflet: 1})
    note = credit_notes.issue(order.pk, ids(order, "Leaflet"), reason="Cancelled", actor=None)
    assert note.total == pounds("0.00")
    with pytest.raises(NothingToCredit):
        credit_notes.issue(order.pk, ids(order, "Leaflet"), reason="Cancelled", actor=None)


def test_without_an_invoice_there_is_nothing_to_credit(persuasion):
    order = paid_online({persuasion: 1})
    with pytest.raises(NotInvoiced):
        credit_notes.issue(order.pk, ids(order, "Persuasion"), reason="x", actor=None)
    with pytest.raises(NotInvoiced):
        credit_notes.issue_amount(order.pk, pounds("1.00"), reason="x", actor=None)


def test_a_refund_has_one_credit_note(three):
    payment = Payment.objects.create(
        order=three, method=PaymentMethod.STRIPE, currency="GBP", amount=30, captured_amount=30, refunded_amount=10
    )
    refund = Refund.objects.create(payment=payment, amount=10, reason="Came back")
    first = credit_notes.issue(three.pk, ids(three, "Emma"), reason="Came back", actor=None, refund=refund)
    again = credit_notes.issue(three.pk, ids(three, "Emma"), reason="Came back", actor=None, refund=refund)
    assert first == again
    assert refund.credit_note == first


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("commerce_orderline", "credited_amount", 10),
        ("commerce_order", "credited_amount", 29),
        ("commerce_order", "delivery_credited_amount", 3),
        ("commerce_orderline", "credited_amount", -1),
    ],
)
def test_the_database_lets_nobody_credit_beyond_the_invoice(three, table, column, value):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s", [value])  # noqa: S608  # names are ours


def test_a_credit_note_is_never_changed_or_deleted(three):
    note = credit_notes.issue(three.pk, ids(three, "Emma"), reason="x", actor=None)
    for change in (
        note.save,
        note.delete,
        CreditNote.objects.all().delete,
        lambda: CreditNote.objects.update(reason=""),
    ):
        with pytest.raises(TypeError, match="never changed"):
            change()


def test_the_audit_finds_credits_that_no_note_explains(three):
    credit_notes.issue(three.pk, ids(three, "Emma"), reason="x", actor=None)
    three.lines.filter(title="Persuasion").update(credited_amount=1)
    Order.objects.filter(pk=three.pk).update(credited_amount=Decimal("11.99"))
    assert list(audit.credits()) == [
        Drift("the credit notes do not add up to what is credited", three.number),
        *[Drift("Persuasion: the credit notes do not add up to what is credited", three.number)] * 2,
    ]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 700)), max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_it_is_credited_the_parts_are_the_invoice_in_the_end(three, steps):
    invoiced = documents.read(three.invoice).taxes
    with transaction.atomic():
        for by_amount, number in steps:
            order = Order.objects.get(pk=three.pk)
            try:
                if by_amount:
                    credit_notes.issue_amount(three.pk, pounds(f"{number / 100:.2f}"), reason="x", actor=None)
                else:
                    chosen = [line.pk for line in order.lines.all() if line.pk % 3 == number % 3]
                    delivery = min(pounds(f"{number % 200 / 100:.2f}"), order.delivery_left, key=lambda m: m.amount)
                    credit_notes.issue(three.pk, chosen, delivery=delivery, reason="x", actor=None)
            except (NothingToCredit, TooMuchCredited):
                pass
        rest = Order.objects.get(pk=three.pk).worth
        if rest:
            credit_notes.issue_amount(three.pk, rest, reason="The rest", actor=None)
        sums: dict[str, list[Decimal]] = {}
        for note in CreditNote.objects.all():
            for row in documents.read(note).taxes:
                assert row["net"] + row["tax"] == row["gross"]
                assert row["tax"].amount >= 0
                so_far = sums.setdefault(row["rate_text"], [Decimal(0), Decimal(0)])
                so_far[0] += row["gross"].amount
                so_far[1] += row["tax"].amount
        assert sums == {row["rate_text"]: [row["gross"].amount, row["tax"].amount] for row in invoiced}
        assert list(audit.credits()) == []
        transaction.set_rollback(True)


def test_staff_issue_a_credit_note_by_copies_or_by_amount(client, three):
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    path = f"/admin/orders/{three.pk}/credit/"
    page = client.get(path).content.decode()
    assert "Persuasion (Paperback): £7.99" in page

    answer = client.post(path, {"lines": ids(three, "Emma"), "delivery": "1.00", "reason": "Came back"})
    assert answer.headers["Location"] == f"/admin/orders/inspect/{three.pk}/"
    answer = client.post(path, {"amount": "2.00", "reason": "Goodwill"})

    assert [str(note.total) for note in CreditNote.objects.order_by("sequence")] == ["£10.99", "£2.00"]
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Goodwill" in page
    number = CreditNote.objects.get(reason="Goodwill").number
    assert "Goodwill" in client.get(f"/admin/orders/{three.pk}/credit-notes/{number}/").content.decode()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"reason": "x"}, "Choose copies or delivery, or type an amount."),
        ({"reason": "x", "amount": "1", "delivery": "1"}, "Choose copies or delivery, or type an amount."),
        ({"reason": "x", "amount": "99"}, "That is more than is left of the invoice."),
        ({"reason": "x", "delivery": "99"}, "That is more than is left of the invoice."),
        ({"amount": "1"}, "This field is required."),
    ],
)
def test_staff_are_told_why_a_credit_note_is_refused(client, three, form, words):
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    answer = client.post(f"/admin/orders/{three.pk}/credit/", form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not CreditNote.objects.exists()


def test_the_customer_finds_credit_notes_from_the_order_and_the_invoice(client, three):
    note = credit_notes.issue(three.pk, ids(three, "Emma"), reason="Came back", actor=None)
    path = f"/orders/{three.token}/credit-notes/{note.number}/"
    assert path in client.get(three.get_absolute_url()).content.decode()
    assert path in client.get(f"/orders/{three.token}/invoice/").content.decode()
    page = client.get(path).content.decode()
    assert "Total credited" in page
    assert three.invoice.number in page
    other = an_order({three.lines.first().edition: 1})
    assert client.get(f"/orders/{other.token}/credit-notes/{note.number}/").status_code == 404


def test_an_invoice_issued_after_payment_can_be_credited(persuasion):
    order = paid_online({persuasion: 1})
    invoicing.issue(order)
    credit_notes.issue(order.pk, ids(order, "Persuasion"), delivery=order.delivery, reason="x", actor=None)
    assert Order.objects.get(pk=order.pk).worth == pounds("0.00")
    assert Invoice.objects.get().total == pounds("10.94")
