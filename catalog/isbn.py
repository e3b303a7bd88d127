"""ISBN and its relatives: cleaning, checking, converting, hyphenating. Pure functions, no Django.

An ISBN is stored as thirteen digits without hyphens, the same as its barcode (GTIN-13). Nothing is ever
corrected: a number that fails its check digit is refused with the value in the message.

Source: ISBN Users' Manual, 7th edition; the ranges for hyphens come with python-stdnum.
"""

from __future__ import annotations

import re
import unicodedata

from stdnum import ean
from stdnum import isbn as _isbn

_LABEL = re.compile(r"^\s*(?:E-?ISBN|ISBN|EAN|GTIN)(?:[\s-]*1[03](?=[\s:-]))?[\s:.#-]*", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s\-‐-―−.\u200b-\u200f\u2060\ufeff­]+")
_SHAPE = re.compile(r"(?:97[89][0-9]{10}|[0-9]{9}[0-9X])\Z")
_LONGEST_SHOWN = 60


class InvalidISBN(ValueError):
    """The text is not the number it should be. The message is a sentence for people and has the value."""


def clean(text: str) -> str:
    """The bare number: no label, blanks, hyphens or dots; full-width digits made plain; `x` made `X`."""
    plain = unicodedata.normalize("NFKC", text) if not text.isascii() else text
    return _SEPARATORS.sub("", _LABEL.sub("", plain)).upper()


def looks_like_isbn(text: str) -> bool:
    """Whether somebody who typed this meant an ISBN: its shape only, the check digit is not looked at."""
    return len(text) <= _LONGEST_SHOWN and _SHAPE.match(clean(text)) is not None


def to_isbn13(text: str) -> str:
    """The ISBN-13 that the text names, be it written as ISBN-13 or as ISBN-10.

    Raises:
        InvalidISBN: wrong length, wrong check digit, a prefix other than 978 and 979, or 979-0, which is
            the ISMN of printed music (stdnum lets it pass).
    """
    number = clean(text)
    if not number:
        raise InvalidISBN("There is no ISBN.")
    if len(number) == 10:
        if not re.fullmatch(r"[0-9]{9}[0-9X]", number):
            raise InvalidISBN(f"“{_shown(text)}” is not an ISBN: it has characters that no ISBN has.")
        if not _isbn.is_valid(number):
            raise InvalidISBN(f"“{_shown(text)}” is not an ISBN: its check digit is wrong.")
        return str(_isbn.to_isbn13(number))
    _require_13_digits(number, text, "an ISBN")
    if not number.startswith(("978", "979")):
        raise InvalidISBN(f"“{_shown(text)}” is not an ISBN: an ISBN of 13 digits begins with 978 or 979.")
    if number.startswith("9790"):
        raise InvalidISBN(f"“{_shown(text)}” is not an ISBN: 979-0 is the ISMN of printed music.")
    return number


def to_gtin13(text: str) -> str:
    """The checked GTIN-13 (EAN) that the text names; every ISBN-13 and every ISMN is one.

    Raises:
        InvalidISBN: not thirteen digits, or the check digit is wrong.
    """
    number = clean(text)
    _require_13_digits(number, text, "a GTIN-13")
    return number


def normalise(text: str) -> str:
    """The 13 digits of an ISBN-13, an ISBN-10, or of the GTIN-13 of something that is not a book.

    Raises:
        InvalidISBN: it is none of them; the message says the value and what is wrong with it.
    """
    number = clean(text)
    return to_isbn13(text) if len(number) == 10 or number.startswith(("978", "979")) else to_gtin13(text)


def to_isbn10(isbn13: str) -> str:
    """The ISBN-10 of an ISBN-13, or "" where there is none: 979 has no ISBN-10."""
    number = clean(isbn13)
    if not number.startswith("978") or not _isbn.is_valid(number):
        return ""
    return str(_isbn.to_isbn10(number)).replace("-", "")


def hyphenate(isbn13: str) -> str:
    """The number as it is printed in a book; as it stands where no range of the agency holds it."""
    number = clean(isbn13)
    return str(_isbn.format(number)) if _isbn.is_valid(number) else number


def _require_13_digits(number: str, text: str, kind: str) -> None:
    if len(number) != 13 or not (number.isascii() and number.isdigit()):
        size = f"it has {len(number)} characters" if number else "it is empty"
        raise InvalidISBN(f"“{_shown(text)}” is not {kind}: {size}, not 13 digits.")
    if not ean.is_valid(number):
        raise InvalidISBN(f"“{_shown(text)}” is not {kind}: its check digit is wrong.")


def _shown(text: str) -> str:
    """The value as a message can carry it: short, and in one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_SHOWN else flat[: _LONGEST_SHOWN - 1] + "…"
