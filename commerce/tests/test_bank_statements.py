"""Bank statements: read however banks write them, matched by number and amount, taken in once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from commerce.bank_files import NoStatement, amount_of, date_of, decode, read
from commerce.bookkeeping import CHECKS
from commerce.models import BankLine, Order, Refund
from commerce.services import orders
from commerce.services.bank_statements import preview, take_in
from commerce.tests.factories import UserFactory, an_order
from commerce.tests.test_office import sign_in


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("10.94", "GBP", "10.94"),
        ("10,94", "EUR", "10.94"),
        ("1,234.56", "GBP", "1234.56"),
        ("1.234,56", "EUR", "1234.56"),
        ("1 234,56 €", "EUR", "1234.56"),
        ("£12", "GBP", "12"),
        ("1,234", "GBP", "1234"),
        ("1.234.567,80", "EUR", "1234567.80"),
        ("-5.00", "GBP", "-5"),
        ("(5.00)", "GBP", "-5"),
        ("5,00-", "EUR", "-5"),
        ("−5", "GBP", "-5"),
        ("+7,5", "EUR", "7.5"),
        ("6 500", "XAF", "6500"),
        ("6.500", "XAF", "6500"),
        ("1.250", "KWD", "1.250"),
        ("12 EUR", "EUR", "12"),
    ],
)
def test_amounts_are_read_as_people_write_them(text, currency, amount):
    assert amount_of(text, currency) == Decimal(amount)


@pytest.mark.parametrize(("text", "currency"), [("", "GBP"), ("ten", "GBP"), ("10.5", "XAF"), ("1.2345", "GBP")])
def test_what_is_no_amount_is_refused(text, currency):
    with pytest.raises(ValueError, match=text or "^$"):
        amount_of(text, currency)


@pytest.mark.parametrize(
    "text",
    ["2026-11-05", "05.11.2026", "05/11/2026", "5/11/26", "05.11.26", "20261105", "5 Nov 2026", "2026-11-05T10:00:00"],
)
def test_dates_are_read_as_banks_write_them(text):
    assert date_of(text) == dt.date(2026, 11, 5)


ENGLISH = """Date,Description,Paid in,Paid out
05/11/2026,"BOOKS {0} THANK YOU",10.94,
05/11/2026,ELECTRICITY,,80.00
"""

GERMAN = """"Kontonummer";"DE00 0000"
"Zeitraum";"November"

"Buchungstag";"Auftraggeber";"Verwendungszweck";"Betrag";"Währung"
"05.11.26";"Müller, Ada";"Rechnung {0}";"1.010,94";"EUR"
"""


def test_delimiters_headings_and_encodings_of_banks():
    [pays, out] = read(ENGLISH.format("BT-AAAA-BBBB"), "GBP")
    assert (pays.booked_on, str(pays.amount), pays.text) == (
        dt.date(2026, 11, 5), "£10.94", "BOOKS BT-AAAA-BBBB THANK YOU",
    )  # fmt: skip
    assert not out.amount
    [german] = read(decode(GERMAN.encode("cp1252")), "GBP")
    assert (german.payer, german.amount.amount, german.amount.currency) == ("Müller, Ada", Decimal("1010.94"), "EUR")
    assert german.number == 5


@pytest.mark.parametrize(
    "text", ["", "hello", "a;b;c\n1;2;3", "Date,Amount\n1,2", "\0", "date,amount,reference\n" * 5002]
)
def test_what_is_no_statement_is_refused(text):
    with pytest.raises(NoStatement):
        read(text, "GBP")


def test_a_wrong_line_stops_no_other():
    rows = ["date,amount,reference,currency", "soon,1,a,GBP", "2026-11-05,much,b,GBP", "2026-11-05,1,c,pounds"]
    text = "\n".join([*rows, "2026-11-05,1,d,GBP"])
    assert [line.problem[:18] for line in read(text, "GBP")] == [
        "The date is not un", "The amount is not ", "The currency is no", "",
    ]  # fmt: skip


pytest_db = pytest.mark.django_db


def statement(*rows: tuple[str, str]) -> str:
    return "date;amount;reference\n" + "".join(f"2026-11-05;{amount};{text}\n" for amount, text in rows)


def fingerprints(text: str) -> set[str]:
    return {match.line.fingerprint for match in preview(text)}


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.payment_status


@pytest_db
@pytest.mark.parametrize(
    "written",
    [
        "{number}",
        "order {number} thanks",
        "bt{bare}",
        "{invoice}",
        "INVOICE {spaced}",
        "{number} {invoice}",
        "x{squeezed}y",
    ],
)
def test_an_order_is_found_however_its_number_is_written(persuasion, written):
    order = an_order({persuasion: 1})
    invoice = order.invoice.number
    text = written.format(
        number=order.number,
        bare=order.number[3:].replace("-", " ").lower(),
        invoice=invoice,
        spaced=invoice.replace("-", " "),
        squeezed=invoice.replace("-", ""),
    )

    [match] = preview(statement(("10.94", text)))

    assert (match.order, match.found) == (order, "pays")


@pytest_db
def test_each_line_is_what_it_is(persuasion):
    paid, less, more, over, another = (an_order({persuasion: 1}) for _number in range(5))
    orders.cancel(over.pk, UserFactory())
    text = statement(
        ("10.94", paid.number), ("10.00", less.number), ("11.00", more.number), ("10.94", over.number),
        ("10.94", f"{paid.number} {another.number}"), ("10.94", "for the books"), ("-3", paid.number), ("x", "y"),
    )  # fmt: skip
    user = UserFactory()

    assert [match.found for match in preview(text)] == [
        "pays", "too-little", "too-much", "over", "unknown", "unknown", "outgoing", "unreadable",
    ]  # fmt: skip
    assert not BankLine.objects.exists()
    taken = take_in(text, fingerprints(text), user)
    again = take_in(text, fingerprints(text), user)

    assert (len(taken), again, BankLine.objects.count()) == (4, [], 4)
    assert [status(order) for order in (paid, less, more, over, another)] == [
        "paid", "partly-paid", "overpaid", "refunded", "pending",
    ]  # fmt: skip
    refund = Refund.objects.get()
    assert (refund.payment.order, refund.is_by_hand, refund.state) == (over, True, "created")
    assert {match.found for match in preview(text)[:4]} == {"taken"}
    assert [found for check in CHECKS for found in check()] == []


@pytest_db
def test_two_equal_lines_of_one_file_are_two_payments_and_the_same_file_is_none(persuasion):
    order = an_order({persuasion: 2})
    text = statement(("9.4655", order.number))
    assert preview(text)[0].found == "unreadable"
    text = statement(("5", order.number), ("5", order.number))

    take_in(text, fingerprints(text), UserFactory())
    take_in(text, fingerprints(text), UserFactory())

    assert order.payments.count() == 2
    assert status(order) == "partly-paid"


@pytest_db
def test_another_currency_is_not_taken_in(persuasion):
    order = an_order({persuasion: 1})
    text = f"date;amount;currency;reference\n2026-11-05;10.94;EUR;{order.number}\n"

    assert take_in(text, fingerprints(text), UserFactory()) == []
    assert preview(text)[0].found == "other-currency"


@pytest_db
def test_a_colleague_looks_first_and_takes_the_chosen_lines_in(client, persuasion):
    one, two = an_order({persuasion: 1}), an_order({persuasion: 1})
    user = sign_in(client, "Central office")
    content = statement(("10.94", one.number), ("10.94", two.number), ("1", "<script>")).encode()

    upload = {"file": SimpleUploadedFile("statement.csv", content, "text/csv")}
    page = client.post("/admin/bank_lines/statement/", upload).content.decode()
    assert page.count("Pays the order") == 2
    assert "<script>" not in page.replace("<script>\n", "").split("listing")[1].split("</table>")[0]
    assert not BankLine.objects.exists()
    import re

    signed = re.search(r'name="statement" value="([^"]+)"', page)[1]
    first = re.search(r'name="line" value="([^"]+)"', page)[1]
    done = client.post("/admin/bank_lines/statement/", {"statement": signed, "line": first}, follow=True)

    assert "1 line was taken in." in done.content.decode()
    assert (status(one), status(two)) == ("paid", "pending")
    assert one.events.get(kind="paid").actor == user
    forged = client.post("/admin/bank_lines/statement/", {"statement": signed[:-3] + "xxx", "line": first}, follow=True)
    assert "Please upload the file again." in forged.content.decode()


@pytest_db
@pytest.mark.parametrize(("role", "opens"), [("Dispatch", False), ("Marketer", False), ("Owner", True)])
def test_who_may_take_statements_in(client, role, opens):
    sign_in(client, role)
    assert (client.get("/admin/bank_lines/statement/").status_code == 200) is opens
    assert (client.get("/admin/bank_lines/").status_code == 200) is opens


@pytest_db
@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"a,b\n", b"x" * (1024 * 1024 + 1)])
def test_a_file_that_is_no_statement_is_refused_with_a_sentence(client, db, content):
    sign_in(client, "Owner")
    answer = client.post("/admin/bank_lines/statement/", {"file": SimpleUploadedFile("x.csv", content)})
    assert answer.status_code == 422
    assert not BankLine.objects.exists()
