"""What a sender said and what the import wrote, kept as short marks beside each edition.

They answer three questions without keeping a second copy of the catalogue: is this record a repeat; did the sender
change this field since; did an editor change it since. They live in `FeedRecord.digest` and `FeedRecord.written`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from catalog.importers.records import Block, Record
from catalog.models import FeedRecord

_ATTRIBUTES = re.compile(r"<(/?[a-zA-Z0-9]+)(?:\s[^<>]*)?/?>")
_SAME = {"strong": "b", "em": "i"}
_SPACE = re.compile(r"\s+")


@dataclass(slots=True)
class Memory:
    """What is remembered of an edition (`FeedRecord.written`)."""

    source: str = ""
    """The file that said it last."""
    heard: dict[str, list[str]] = field(default_factory=dict)
    """By sender: the last file that changed or confirmed the edition, then digests of all that it said of it. All of
    that is a repeat when the file comes again, whatever another sender has said since."""
    core: str = ""
    """Digest without tags and prices: rows of one book in several categories agree in it."""
    tags: list[str] = field(default_factory=list)
    """Names of the tags that were said."""
    prices: str = ""
    """Mark of the prices that were said."""
    said: dict[str, str] = field(default_factory=dict)
    """Mark of each field as the sender said it last."""
    wrote: dict[str, Any] = field(default_factory=dict)
    """Mark of each field as the import wrote it last; keys of rows for tags and pictures."""
    withdrew: bool = False
    """The page was taken off the site by a deletion, not by an editor."""

    @classmethod
    def of(cls, feed: FeedRecord | None) -> Memory:
        """The memory of an edition; an empty one where no feed has spoken of it."""
        written = feed.written if feed is not None else {}
        return cls(**{name: written[name] for name in cls.__slots__ if name in written})

    def said_by(self, sender: str, source: str) -> list[str]:
        """Digests of what this sender has said in this file; none where its last file was another one."""
        file, *digests = self.heard.get(sender, [""])
        return digests if file == source else []

    def as_json(self) -> dict[str, Any]:
        """As `FeedRecord.written` keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}


def mark(value: object) -> str:
    """A short sign of a value: equal values, equal signs. Nothing has the empty sign."""
    if value is None or value == "" or value == []:
        return ""
    return blake2b(str(value).encode(), digest_size=6).hexdigest()


def mark_of_html(markup: str) -> str:
    """The mark of a text: the same before and after an editor opened and saved it without a change."""
    plain = _ATTRIBUTES.sub(lambda tag: f"<{_bare(tag[1])}>", markup)
    return mark(_SPACE.sub(" ", html.unescape(plain).replace("\xa0", " ")).strip())


def _bare(name: str) -> str:
    slash, name = ("/", name[1:]) if name.startswith("/") else ("", name)
    return slash + _SAME.get(name.lower(), name.lower())


def digest_of(record: Record) -> str:
    """The content of a record: not its place in the file, the time of the message, or the stock, which is read once."""
    return _digest(_core(record), record.tags, _prices(record), record.not_for_sale)


def core_of(record: Record) -> str:
    """The content without tags and price."""
    return _digest(_core(record))


def _digest(*parts: object) -> str:
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _core(record: Record) -> tuple[object, ...]:
    published = record.publication_date
    return (
        record.notification.value,
        () if len(record.blocks) == len(Block) else sorted(block.value for block in record.blocks),
        record.title,
        record.subtitle,
        record.sort_title,
        record.edition_statement,
        str(record.format),
        [(p.name, str(p.role), p.sort_name, p.biography, p.isni, p.orcid) for p in record.contributors],
        (record.series, record.series_number, record.language),
        (record.pages, record.duration_minutes),
        (record.weight_g, record.height_mm, record.width_mm, record.thickness_mm),
        (record.description, record.short_description, record.images),
        (record.publisher, record.imprint),
        (str(published.date), str(published.precision)) if published else None,
        str(record.embargo_date or ""),
        (sorted(record.work_ids), sorted(record.related_isbns)),
        str(record.availability),
    )


def _prices(record: Record) -> list[tuple[object, ...]]:
    return [
        (f"{p.amount.normalize():f}", p.currency, p.tax_included, p.fixed, str(p.starts_on or ""), str(p.ends_on or ""))
        for p in record.prices
    ]


def mark_of_prices(record: Record) -> str:
    """The mark of what the record asks for the edition."""
    return mark(_prices(record))


def merged_ids(present: list[int], wrote: Iterable[int], said: list[int]) -> list[int]:
    """Rows after the feed spoke: what it said, what editors added stays, what they took away stays away."""
    ours = set(wrote)
    if set(present) == ours:
        return said
    kept = [pk for pk in present if pk not in ours or pk in said]
    return kept + [pk for pk in said if pk not in ours and pk not in present]
