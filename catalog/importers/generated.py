"""Invented books in any number, for trials at scale: the same numbers give the same books, everywhere.

Words are frequent and rare as in real titles (Zipf's law over 20,000 words), so that searching and filtering
cost what they cost in a real shop. The ISBNs begin with 979-9, which the ISBN agency has given to nobody:
they pass every check and belong to no real book.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import accumulate
from typing import Any, TypeVar

from catalog.choices import DatePrecision, Format, Role, SupplierAvailability
from catalog.importers.records import ContributorRecord, PartialDate, PriceRecord, Record

T = TypeVar("T")
SENDER = "generated"
FIRST_DAY = dt.date(1965, 1, 1)
DAYS = 22_600
"""From the first day to late 2026."""

_ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gl",
    "gr",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "sh",
    "sk",
    "sl",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "oa", "ou"]
_ENDS = ["n", "r", "s", "t", "l", "m", "nd", "rk", "st", "ll", "ck", "ng", "sh", "th", "w", "y"]
_SMALL = [
    "the",
    "of",
    "and",
    "in",
    "a",
    "to",
    "with",
    "from",
    "for",
    "on",
    "by",
    "at",
    "after",
    "under",
    "between",
    "beyond",
    "without",
]
_FIRST = [
    "Ada",
    "Amara",
    "Anna",
    "Beatriz",
    "Carlos",
    "Chidi",
    "Clara",
    "Daniel",
    "Elena",
    "Emeka",
    "Émile",
    "Fatima",
    "George",
    "Hanna",
    "Ingrid",
    "Isabel",
    "Jakob",
    "Jean",
    "Jorge",
    "Kofi",
    "Laura",
    "Léa",
    "Liam",
    "Lucía",
    "Maj",
    "Marta",
    "Mei",
    "Mohammed",
    "Nadia",
    "Ngozi",
    "Noor",
    "Olga",
    "Pablo",
    "Petra",
    "Quentin",
    "Rosa",
    "Samuel",
    "Sofía",
    "Søren",
    "Tariq",
    "Thomas",
    "Ursula",
    "Vera",
    "Wanjiru",
    "Yusuf",
    "Zadie",
]
_FORMATS = {
    Format.PAPERBACK: 50,
    Format.HARDBACK: 22,
    Format.EBOOK: 15,
    Format.AUDIOBOOK: 6,
    Format.BOARD_BOOK: 4,
    Format.SHEET_MUSIC: 1,
    Format.GIFT: 2,
}
_LANGUAGES = {"en": 74, "fr": 9, "de": 7, "es": 5, "it": 3, "pt-BR": 1, "cy": 1}
_AVAILABILITIES = {
    SupplierAvailability.AVAILABLE: 62,
    SupplierAvailability.STOCK_ONLY: 8,
    SupplierAvailability.SPECIAL_ORDER: 8,
    SupplierAvailability.PRINT_ON_DEMAND: 6,
    SupplierAvailability.TEMPORARILY_OUT: 5,
    SupplierAvailability.OUT_OF_PRINT: 9,
    SupplierAvailability.FORTHCOMING: 2,
}
_THEMES = [
    "Stories",
    "Lives",
    "Histories",
    "Letters",
    "Journeys",
    "Gardens",
    "Kitchens",
    "Seas",
    "Cities",
    "Mountains",
    "Machines",
    "Songs",
]
_KINDS = ["Fiction", "Crime", "Poetry", "History", "Science", "Nature", "Travel", "Children", "Art", "Food"]


def records(titles: int, seed: int = 1) -> Iterator[Record]:
    """The editions of so many invented titles: one each, and another format of every tenth."""
    world = _World(seed)
    position = 0
    for number in range(titles):
        for record in world.title(number):
            position += 1
            record.position = position
            yield record


def isbn(number: int) -> str:
    """A valid ISBN-13 of nobody's range, for the number-th edition (up to 99,999,999)."""
    digits = f"9799{number:08d}"
    check = -sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10
    return f"{digits}{check}"


class _World:
    """Words, names and subjects, and how often each is met."""

    def __init__(self, seed: int) -> None:
        self._random = chance = random.Random(seed)  # noqa: S311
        self._seed = seed
        words = list(_SMALL)
        known = set(words)
        while len(words) < 20_000:
            word = "".join(chance.choice(part) for part in (_ONSETS, _VOWELS, _ENDS) * chance.choice((1, 1, 2)))
            if word not in known:
                known.add(word)
                words.append(word)
        self._words = words
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
        surnames = [word.capitalize() for word in chance.sample(words[100:], 6_000)]
        self._people = [f"{chance.choice(_FIRST)} {chance.choice(surnames)}" for _ in range(40_000)]
        self._people_weights = list(accumulate(1 / (rank + 40) for rank in range(len(self._people))))
        self._publishers = [
            f"{chance.choice(surnames)} {house}" for house in ("Press", "Books", "& Sons") for _ in range(80)
        ]
        self._series = [self._phrase(2, 3) for _ in range(3_000)]
        self._tags = [f"{kind}: {theme}" for kind in _KINDS for theme in _THEMES]
        self._tag_weights = list(accumulate(1 / (rank + 2) for rank in range(len(self._tags))))

    def title(self, number: int) -> Iterator[Record]:
        chance = self._random
        form = _one(chance, _FORMATS)
        title = self._phrase(2, 5)
        author = self._person()
        contributors = [ContributorRecord(author, Role.AUTHOR, sort_name=_inverted(author))]
        if chance.random() < 0.15:
            contributors.append(ContributorRecord(self._person(), Role.TRANSLATOR))
        if form is Format.AUDIOBOOK:
            contributors.append(ContributorRecord(self._person(), Role.NARRATOR))
        in_series = chance.random() < 0.2
        sentence = self._phrase(9, 14) + "."
        record = Record(
            position=0,
            isbn=isbn(number * 2),
            reference=f"{self._seed}-{number}",
            sender=SENDER,
            title=title,
            subtitle=self._phrase(3, 6) if chance.random() < 0.3 else "",
            format=form,
            contributors=contributors,
            series=chance.choice(self._series) if in_series else "",
            series_number=str(chance.randint(1, 12)) if in_series else "",
            language=_one(chance, _LANGUAGES),
            tags=list(dict.fromkeys(chance.choices(self._tags, cum_weights=self._tag_weights, k=chance.randint(1, 4)))),
            description="".join(f"<p>{self._phrase(25, 45)}.</p>" for _ in range(chance.randint(1, 3))),
            short_description=sentence,
            publisher=chance.choice(self._publishers),
            publication_date=PartialDate(
                FIRST_DAY + dt.timedelta(days=int(DAYS * chance.random() ** 0.4)), DatePrecision.DAY
            ),
            work_ids=frozenset({f"01:{self._seed}-{number}"}),
            **self._offer(form),
        )
        yield record
        if number % 10 == 0:
            other = Format.EBOOK if form is not Format.EBOOK else Format.PAPERBACK
            yield _another(record, isbn(number * 2 + 1), other, self._offer(other))

    def _offer(self, form: Format) -> dict[str, Any]:
        chance = self._random
        heard = form is Format.AUDIOBOOK
        carried = not heard and form is not Format.EBOOK
        price = Decimal(chance.randint(3, 34)) + Decimal("0.99")
        return {
            "pages": None if heard else chance.randint(24, 900),
            "duration_minutes": chance.randint(90, 1200) if heard else None,
            "weight_g": chance.randint(80, 1400) if carried else None,
            "availability": _one(chance, _AVAILABILITIES),
            "prices": [PriceRecord(price, "GBP")],
            "stock": chance.choice((0, 0, 0, 1, 2, 5, 9)) if carried else None,
        }

    def _phrase(self, least: int, most: int) -> str:
        chance = self._random
        words = chance.choices(self._words, cum_weights=self._weights, k=chance.randint(least, most))
        return " ".join(words).capitalize()

    def _person(self) -> str:
        return self._random.choices(self._people, cum_weights=self._people_weights)[0]


def _another(record: Record, number: str, form: Format, offer: dict[str, Any]) -> Record:
    return Record(
        position=0,
        isbn=number,
        reference=f"{record.reference}-b",
        sender=record.sender,
        title=record.title,
        subtitle=record.subtitle,
        format=form,
        contributors=record.contributors,
        series=record.series,
        series_number=record.series_number,
        language=record.language,
        tags=record.tags,
        description=record.description,
        short_description=record.short_description,
        publisher=record.publisher,
        publication_date=record.publication_date,
        work_ids=record.work_ids,
        **offer,
    )


def _one(chance: random.Random, weighted: Mapping[T, int]) -> T:
    return chance.choices(list(weighted), weights=list(weighted.values()))[0]


def _inverted(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}"
