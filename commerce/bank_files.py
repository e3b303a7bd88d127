"""Bank statements as banks export them: CSV with columns named in several languages, which docs/payments.md lists."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256

from django.utils.translation import gettext as _

from commerce.exceptions import CommerceError
from core.money import Money, minor_unit

NAMES: dict[str, tuple[str, ...]] = {
    "date": (
        "booking date", "date", "transaction date", "posting date", "value date", "buchungstag", "buchungsdatum",
        "datum", "valuta", "valutadatum", "date de l'opération", "date d'opération", "date opération", "date de valeur",
    ),
    "amount": (
        "amount", "credit", "credit amount", "paid in", "money in", "value", "betrag", "umsatz", "haben", "gutschrift",
        "montant", "crédit",
    ),
    "text": (
        "reference", "payment reference", "description", "details", "transaction description", "narrative", "memo",
        "verwendungszweck", "buchungstext", "libellé", "libellé opération", "communication", "motif", "référence",
    ),
    "payer": (
        "payer", "name", "counterparty", "counter party", "counterparty name", "debtor", "from", "auftraggeber",
        "auftraggeber/empfänger", "name zahlungsbeteiligter", "beguenstigter/zahlungspflichtiger",
        "zahlungspflichtiger", "donneur d'ordre", "tiers", "émetteur",
    ),
    "currency": ("currency", "ccy", "währung", "waehrung", "devise", "monnaie"),
}  # fmt: skip
"""What banks call the columns; the first name that a file has counts, of the text all of them."""

DATES = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y", "%Y/%m/%d", "%Y%m%d", "%d %b %Y",
    "%d %B %Y", "%d-%b-%Y",
)  # fmt: skip

MOST_BYTES = 1024 * 1024
MOST_LINES = 5000
HEADER_WITHIN = 30
"""Lines in which the names of the columns are looked for: many banks write about the account first."""


class NoStatement(CommerceError):
    """A file that is no bank statement."""

    public = _("This is no bank statement that can be read: it needs columns for date, amount and reference.")


@dataclass(frozen=True)
class Line:
    """One line of a statement. One that cannot be read has a `problem` and nothing else but its number and words."""

    number: int
    text: str
    payer: str = ""
    booked_on: dt.date | None = None
    amount: Money | None = None
    fingerprint: str = ""
    problem: str = ""


def decode(content: bytes) -> str:
    """The text of a file: UTF-8, or what older systems write."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read(text: str, currency: str) -> list[Line]:
    """The lines of a statement; amounts without a currency of their own are in `currency`.

    Raises:
        NoStatement: the columns are not there, or there are too many lines.
    """
    rows, columns, first = _table(text)
    lines: list[Line] = []
    seen: Counter[tuple[str, ...]] = Counter()
    for number, row in enumerate(rows[first:], start=first + 1):
        if any(cell.strip() for cell in row):
            lines.append(_line(number, row, columns, currency, seen))
    return lines


def amount_of(text: str, currency: str) -> Decimal:
    """An amount as people write it: 1,234.56, 1.234,56, 1 234,56, £12, (5.00), 5.00-.

    Raises:
        ValueError: it is none, or finer than the currency.
    """
    bare = re.sub(r"[^\d.,()+\-−]", "", text)
    is_minus = bare.startswith(("-", "−", "(")) or bare.endswith("-")
    digits = bare.strip("()+-−")
    if not digits.strip(".,"):
        raise ValueError(text)
    unit = minor_unit(currency)
    cut = max(digits.rfind("."), digits.rfind(","))
    places = len(digits) - cut - 1
    is_grouped = cut < 0 or digits.count(digits[cut]) > 1 or (places == 3 and unit != Decimal("0.001"))
    whole, part = (digits, "") if is_grouped else (digits[:cut], digits[cut + 1 :])
    try:
        amount = Decimal(f"{re.sub('[.,]', '', whole)}.{part or 0}")
    except InvalidOperation as error:
        raise ValueError(text) from error
    if amount != amount.quantize(unit):
        raise ValueError(text)
    return -amount if is_minus else amount


def date_of(text: str) -> dt.date:
    """A date as banks write it; the day before the month.

    Raises:
        ValueError: it is none.
    """
    bare = text.strip()
    if re.match(r"\d{4}-\d\d-\d\d[T ]", bare):
        bare = bare[:10]
    for form in DATES:
        try:
            return dt.datetime.strptime(bare, form).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    raise ValueError(text)


def _table(text: str) -> tuple[list[list[str]], dict[str, list[int]], int]:
    """The rows, which columns hold what, and the row after the names."""
    if "\0" in text:
        raise NoStatement
    for delimiter in (";", ",", "\t"):
        try:
            rows = list(csv.reader(text.splitlines(), delimiter=delimiter))
        except csv.Error:
            continue
        for number, row in enumerate(rows[:HEADER_WITHIN]):
            columns = dict(_columns(row))
            if {"date", "amount", "text"} <= set(columns):
                if len(rows) > MOST_LINES:
                    raise NoStatement(_("This file has more than %(most)d lines.") % {"most": MOST_LINES})
                return rows, columns, number + 1
    raise NoStatement


def _columns(row: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    named = [cell.strip().lower() for cell in row]
    for what, names in NAMES.items():
        found = [named.index(name) for name in names if name in named]
        if found:
            yield what, found if what == "text" else found[:1]


def _line(
    number: int, row: list[str], columns: dict[str, list[int]], currency: str, seen: Counter[tuple[str, ...]]
) -> Line:
    cells = {
        what: " ".join(row[place].strip() for place in places if place < len(row)) for what, places in columns.items()
    }
    text, payer = cells["text"][:1000], cells.get("payer", "")[:255]
    said = cells.get("currency", "").upper() or currency
    if not re.fullmatch("[A-Z]{3}", said):
        return Line(number, text, payer, problem=_("The currency is not understood: %(text)s") % {"text": said[:20]})
    try:
        booked_on = date_of(cells["date"])
    except ValueError:
        return Line(
            number, text, payer, problem=_("The date is not understood: %(text)s") % {"text": cells["date"][:40]}
        )
    if not cells["amount"]:  # the column for money in is empty where money went out
        return Line(number, text, payer, booked_on, Money.zero(said))
    try:
        amount = Money(amount_of(cells["amount"], said), said)
    except ValueError:
        problem = _("The amount is not understood: %(text)s") % {"text": cells["amount"][:40]}
        return Line(number, text, payer, problem=problem)
    facts = (booked_on.isoformat(), str(amount.amount), said, payer, text)
    seen[facts] += 1
    fingerprint = sha256("\n".join((*facts, str(seen[facts]))).encode()).hexdigest()
    return Line(number, text, payer, booked_on, amount, fingerprint)
