"""A list of prices that staff import: isbn, price, currency, starts, ends.

A row without a price takes the shop's own price back. A day in `ends` is the last one on which the price holds.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from catalog import isbn as isbns
from catalog.models import Edition
from catalog.price_sums import Operation, Sum
from catalog.prices import HIGHEST, MOST_AT_ONCE, Wish
from core.money import CURRENCIES

COLUMNS = ("isbn", "price", "currency", "starts", "ends")


class Unreadable(Exception):
    """The list as a whole cannot be read. The message is for people."""


class _Wrong(Exception):  # noqa: N818 - a row, not an error of ours
    """What is wrong with a row, for people."""


@dataclass(slots=True)
class PriceList:
    """What the rows wish for, and what is wrong with the others."""

    wishes: list[Wish] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def text_of(content: bytes) -> str:
    """The text of a file: UTF-8, or what spreadsheets on Windows write."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read(text: str) -> PriceList:
    """Read a list.

    Raises:
        Unreadable: it has no such columns, too many rows, or is no CSV.
    """
    if "\x00" in text:
        raise Unreadable(_("This is no text: save the list as CSV."))
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=head.count), strict=True)
    found = PriceList()
    try:
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        missing = [name for name in COLUMNS[:3] if name not in reader.fieldnames]
        if missing:
            raise Unreadable(_("The first line must name the columns; missing: %s.") % ", ".join(missing))
        rows = []
        for row in reader:
            rows.append((reader.line_num, {name: (row.get(name) or "").strip() for name in COLUMNS}, row))
            if len(rows) > MOST_AT_ONCE:
                raise Unreadable(_("The list has more than %d rows: split it.") % MOST_AT_ONCE)
    except csv.Error as error:
        raise Unreadable(
            _("Line %(line)d is not CSV: %(error)s.") % {"line": reader.line_num, "error": error}
        ) from error
    known = dict(
        Edition.objects.filter(isbn__in={_isbn(row["isbn"]) for _line, row, _raw in rows}).values_list("isbn", "pk")
    )
    seen: set[tuple[object, ...]] = set()
    for line, row, raw in rows:
        try:
            if None in raw:
                raise _Wrong(_("there are more fields than columns"))
            wish = _wish(row, known)
            place = (wish.edition_id, wish.currency, wish.starts_at, wish.ends_at)
            if place in seen:
                raise _Wrong(_("the list has a price for this book and time already"))
            seen.add(place)
            found.wishes.append(wish)
        except _Wrong as wrong:
            found.problems.append(_("Line %(line)d (%(isbn)s): %(problem)s.")
                                  % {"line": line, "isbn": row["isbn"][:30] or "–", "problem": wrong})  # fmt: skip
    return found


def _wish(row: Mapping[str, str], known: Mapping[str | None, int]) -> Wish:
    isbn = _isbn(row["isbn"])
    if not isbn:
        raise _Wrong(_("this is no ISBN"))
    if isbn not in known:
        raise _Wrong(_("the shop does not have this book"))
    currency = row["currency"].upper()
    if currency not in CURRENCIES:
        raise _Wrong(_("“%s” is no currency in use (ISO 4217)") % row["currency"][:10])
    starts, ends = _moment(row["starts"], 0), _moment(row["ends"], 1)
    if ends and ends <= max(starts or timezone.now(), timezone.now()):
        raise _Wrong(_("the end must come after the beginning, and after now"))
    if not row["price"]:
        if starts or ends:
            raise _Wrong(_("a time without a price"))
        return Wish(known[isbn], currency, Sum(Operation.GIVE_BACK))
    return Wish(known[isbn], currency, Sum(Operation.SET, _amount(row["price"])), starts, ends)


def _isbn(value: str) -> str:
    try:
        return isbns.normalise(value)
    except isbns.InvalidISBN:
        return ""


def _amount(value: str) -> Decimal:
    """Plain digits with a decimal point, or a comma with at most two digits after it."""
    comma = value.rpartition(",")
    plain = f"{comma[0]}.{comma[2]}" if comma[1] and "." not in value and len(comma[2]) <= 2 else value
    try:
        amount = Decimal(plain) if plain.isascii() and plain.replace(".", "", 1).isdigit() else None
    except InvalidOperation:
        amount = None
    if amount is None or amount > HIGHEST:
        raise _Wrong(_("“%s” is no price") % value[:30])
    return amount


def _moment(value: str, later: int) -> dt.datetime | None:
    """A date and time in the shop's own zone; a day alone begins, or ends, at midnight."""
    if not value:
        return None
    try:
        day = parse_date(value)
        moment = dt.datetime.combine(day + dt.timedelta(days=later), dt.time.min) if day else parse_datetime(value)
        if moment is not None and timezone.is_naive(moment):
            moment = timezone.make_aware(moment)
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise _Wrong(_("“%s” is no date: write 2026-12-24, or 2026-12-24 18:00") % value[:30])
    return moment
