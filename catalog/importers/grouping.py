"""Which editions are one work, and so share a page.

The evidence, best first: the same number of the work; a related ISBN, named by either side; the same title,
subtitle, first contributor, translators, language and publisher. Different languages, an abridged and a full text,
box sets and study guides never share a page whatever the evidence says. Where title and author agree and publisher
or subtitle do not, the books stay apart and the report proposes to join them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b

from catalog.choices import Format, Role
from catalog.importers.bulk import found_in
from catalog.importers.names import house_of
from catalog.importers.records import Record
from catalog.models import Edition, ProductPage, WorkKey

_GUIDE = re.compile(
    r"(york|cliffs?|sparks?|monarch|coles|brodie.?s|teacher.?s|study|revision)\s?notes?\b|summary\s(of|and)\b"
    r"|(a\s)?(study|reader.?s|teacher.?s|revision|student)\sguide\b|analysis\sof\b",
    re.IGNORECASE,
)
_PROPRIETARY = "01:"
"""Type of a work's number that only its sender knows (ONIX list 16)."""


class _Evidence(IntEnum):
    TITLE = 1
    RELATED = 2
    WORK = 3


@dataclass(slots=True)
class Work:
    """A page as grouping sees it: one that exists, or one that the same chunk will make."""

    page_id: int | None = None
    page: ProductPage | None = None
    title: str = ""
    subtitle: str = ""
    house: str = ""
    languages: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)

    def add(self, record: Record) -> None:
        """Another edition belongs to it."""
        self.languages |= {language_of(record.language)} - {""}
        self.kinds.add(kind_of(record.title, record.format, record.edition_statement))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record goes: to that work (new where `is_new`); `perhaps` names a work that looks like the same."""

    work: Work
    is_new: bool
    perhaps: str = ""


def keys_of(record: Record) -> set[str]:
    """The signs that a record leaves on its page for editions that come later."""
    return set(_work_keys(record)) | {_key("r", isbn) for isbn in record.related_isbns} | set(_title_keys(record))


def place(records: Sequence[Record]) -> list[Place]:
    """For each record of an unknown edition the work that it belongs to, in their order."""
    works = _candidates(records)
    places = []
    for record in records:
        found, perhaps = works.find(record)
        work = found or Work(title=record.title, subtitle=record.subtitle, house=house_of(record))
        work.add(record)
        works.remember(record, work)
        places.append(Place(work, is_new=found is None, perhaps=perhaps))
    return places


class _Works:
    """Works by their signs and by the ISBNs of their editions."""

    def __init__(self) -> None:
        self.by_key: dict[str, list[Work]] = defaultdict(list)
        self.by_isbn: dict[str, Work] = {}

    def find(self, record: Record) -> tuple[Work | None, str]:
        kind, language = kind_of(record.title, record.format, record.edition_statement), language_of(record.language)
        perhaps = ""
        for evidence, work in self._evidence(record):
            if work.kinds != {kind} or (language and work.languages and language not in work.languages):
                continue
            if evidence is _Evidence.TITLE:
                if language not in work.languages and (language or work.languages):
                    continue
                if not (_agree(record.subtitle, work.subtitle) and _agree(house_of(record), work.house)):
                    perhaps = perhaps or work.title
                    continue
            return work, ""
        return None, perhaps

    def _evidence(self, record: Record) -> Iterable[tuple[_Evidence, Work]]:
        for key in sorted(_work_keys(record)):
            yield from ((_Evidence.WORK, work) for work in self.by_key.get(key, ()))
        for isbn in sorted(record.related_isbns):
            if isbn in self.by_isbn:
                yield _Evidence.RELATED, self.by_isbn[isbn]
        if record.isbn:
            yield from ((_Evidence.RELATED, work) for work in self.by_key.get(_key("r", record.isbn), ()))
        for key in _title_keys(record):
            yield from ((_Evidence.TITLE, work) for work in self.by_key.get(key, ()))

    def remember(self, record: Record, work: Work) -> None:
        for key in keys_of(record):
            if work not in self.by_key[key]:
                self.by_key[key].append(work)
        if record.isbn:
            self.by_isbn[record.isbn] = work


def _candidates(records: Sequence[Record]) -> _Works:
    """What the database knows of the signs that the records bring."""
    works = _Works()
    wanted = {key for record in records for key in keys_of(record)}
    wanted |= {_key("r", record.isbn) for record in records if record.isbn}
    signs = WorkKey.objects.order_by("page_id").values_list("key", "page_id")
    found = sorted(found_in(signs, "key", sorted(wanted)), key=lambda sign: sign[1])
    related = {isbn for record in records for isbn in record.related_isbns}
    isbns = list(found_in(Edition.objects.order_by("pk").values_list("isbn", "product_id"), "isbn", related))
    ids = {page_id for _, page_id in (*found, *isbns)}
    if not ids:
        return works
    pages = ProductPage.objects.order_by("pk").values_list("pk", "title", "subtitle", "publisher__name")
    by_id = {
        pk: Work(pk, title=title, subtitle=subtitle, house=house or "")
        for pk, title, subtitle, house in found_in(pages, "pk", ids)
    }
    editions = Edition.objects.order_by("pk").values_list("product_id", "language", "format", "edition_statement")
    for pk, language, form, statement in found_in(editions, "product_id", ids):
        by_id[pk].languages |= {language_of(language)} - {""}
        by_id[pk].kinds.add(kind_of(by_id[pk].title, form, statement))
    for key, pk in found:
        works.by_key[key].append(by_id[pk])
    works.by_isbn = {isbn: by_id[pk] for isbn, pk in isbns}
    return works


def kind_of(title: str, form: str, statement: str) -> str:
    """What keeps a text apart from others of its title: "set", "guide", "abridged", or nothing."""
    if form == Format.SET:
        return "set"
    if _GUIDE.match(title):
        return "guide"
    words = statement.lower().replace("unabridged", "")
    return "abridged" if "abridged" in words else ""


def language_of(tag: str) -> str:
    """The language without country or script: "pt" of "pt-BR"."""
    return tag.partition("-")[0].lower()


def _work_keys(record: Record) -> list[str]:
    return [
        _key("w", record.sender if work_id.startswith(_PROPRIETARY) else "", work_id) for work_id in record.work_ids
    ]


def _title_keys(record: Record) -> list[str]:
    """One key or none: a title without a person is no evidence ("Diary 2026")."""
    people = record.contributors
    first = next((said for said in people if said.role is Role.AUTHOR), people[0] if people else None)
    title = folded(record.title)
    if first is None or not title:
        return []
    translators = sorted(folded(said.name) for said in people if said.role is Role.TRANSLATOR)
    return [_key("t", title, folded(first.name), *translators)]


def _key(kind: str, *parts: str) -> str:
    return f"{kind}:{blake2b('|'.join(parts).encode(), digest_size=16).hexdigest()}"


def _agree(one: str, other: str) -> bool:
    return not one or not other or folded(one) == folded(other)


@lru_cache(maxsize=10_000)
def folded(text: str) -> str:
    """Letters and figures only, without accents and case."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if char.isalnum())
