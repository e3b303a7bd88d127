"""What is to be done about a record: pure reasoning over what it says and what is remembered of its edition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from django.utils.translation import gettext as _

from catalog.importers.marks import Memory, core_of, digest_of, mark, mark_of_prices
from catalog.importers.records import Block, Notification, Record
from catalog.models import Edition

NOBODY = "csv"
"""Sender of records whose file names none."""


class Outcome(StrEnum):
    """What became of a record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    REJECTED = "rejected"


@dataclass(slots=True)
class Known:
    """An edition that the shop has, and what it remembers of its feed. `edition` is None in a rehearsal only."""

    edition: Edition | None
    digest: str = ""
    memory: Memory = field(default_factory=Memory)
    is_deleted: bool = False
    sender: str = ""
    sent_at: dt.datetime | None = None

    @classmethod
    def of(cls, edition: Edition) -> Known:
        """What is known of an edition; a feed may never have spoken of it."""
        feed = getattr(edition, "feed_record", None)
        if feed is None:
            return cls(edition)
        return cls(edition, feed.digest, Memory.of(feed), feed.is_deleted, feed.sender, feed.sent_at)


@dataclass(slots=True)
class Decision:
    """What to do. `after` is what is known of the edition then; `remember` says that it must be stored.

    `only_pictures`: the record is a repeat, but its pictures were not there the last time.
    """

    outcome: Outcome
    record: Record
    after: Known
    reason: str = ""
    warnings: list[str] = field(default_factory=list)
    remember: bool = True
    only_pictures: bool = False


def key_of(record: Record) -> str:
    """What one product is known by: its ISBN, else its sender's reference."""
    return record.isbn or f"{record.sender or NOBODY}|{record.reference}"


def decide(record: Record, known: Known | None, source: str, pictures: Sequence[int] | None) -> Decision:
    """Settle what becomes of a record. `pictures` are the rows of its pictures, None where none are looked for."""
    if refusal := _refusal(record, known):
        return Decision(Outcome.REJECTED, record, known or Known(None), refusal, remember=False)
    digest = digest_of(record)
    if known is None:
        if record.notification is Notification.DELETE:
            note = _("there is nothing to delete: the shop does not have this product")
            return Decision(Outcome.UNCHANGED, record, Known(None), warnings=[note], remember=False)
        warnings = []
        if record.notification is Notification.BLOCKS:
            record = replace(record, notification=Notification.FULL, blocks=frozenset(Block))
            warnings.append(_("block update for an unknown product: read as a complete record"))
        return Decision(Outcome.CREATED, record, _applied(record, Known(None), source, digest), warnings=warnings)
    repeated = digest in known.memory.said_by(record.sender or NOBODY, source)
    if record.notification is Notification.DELETE:
        if repeated or known.is_deleted:
            return Decision(Outcome.UNCHANGED, record, known, remember=False)
        return Decision(Outcome.DELETED, record, _applied(record, known, source, digest))
    if repeated or (digest == known.digest and not known.is_deleted):
        decision = Decision(Outcome.UNCHANGED, record, _heard(record, known, source, digest), remember=not repeated)
        has_others = pictures and mark(pictures) != known.memory.said.get("pictures", "")
        if has_others and known.edition is not None and core_of(record) == known.memory.core:
            decision.outcome, decision.only_pictures, decision.remember = Outcome.UPDATED, True, True
        return decision
    warnings = []
    same_file = source == known.memory.source
    if same_file and record.notification is Notification.FULL and core_of(record) == known.memory.core:
        # A row for each category: one book, all the tags.
        if mark_of_prices(record) != known.memory.prices:
            warnings.append(_("the book stands in the file more than once with different prices; the last one counts"))
        record = replace(record, tags=list(dict.fromkeys([*known.memory.tags, *record.tags])))
    return Decision(Outcome.UPDATED, record, _applied(record, known, source, digest), warnings=warnings)


def _refusal(record: Record, known: Known | None) -> str:
    if not record.isbn and not record.reference:
        return _("it has neither an ISBN nor a reference")
    is_whole = Block.DESCRIPTION in record.blocks and record.title
    if record.notification is Notification.BLOCKS and known is None and not is_whole:
        return _("block update for an unknown product: a complete record must come first")
    if record.notification is Notification.FULL and not record.title:
        return _("it has no title")
    if (
        known is not None
        and record.sent_at
        and known.sent_at
        and (record.sender or NOBODY) == known.sender
        and record.sent_at < known.sent_at
    ):
        return _("its message of %(sent)s is older than the one of %(last)s that was applied") % {
            "sent": f"{record.sent_at:%Y-%m-%d %H:%M}",
            "last": f"{known.sent_at:%Y-%m-%d %H:%M}",
        }
    return ""


def _heard(record: Record, known: Known, source: str, digest: str) -> Known:
    """What is known once the record has been heard; `digest` is that of the record as it came."""
    before, sender = known.memory, record.sender or NOBODY
    said = dict.fromkeys([*before.said_by(sender, source), digest])
    memory = replace(before, source=source, heard={**before.heard, sender: [source, *said]})
    return replace(known, memory=memory, sender=sender, sent_at=record.sent_at or known.sent_at)


def _applied(record: Record, known: Known, source: str, digest: str) -> Known:
    """What is known once the record has been applied."""
    after = _heard(record, known, source, digest)
    after.is_deleted = record.notification is Notification.DELETE
    after.digest = digest_of(record)
    if record.notification is Notification.FULL:
        after.memory = replace(
            after.memory, core=core_of(record), tags=list(record.tags), prices=mark_of_prices(record)
        )
    return after


def waves(records: Iterable[Record]) -> list[list[Record]]:
    """The records in rounds, so that a product that comes several times is in one round only once, in its order."""
    rounds: list[list[Record]] = []
    turns: dict[str, int] = {}
    for record in records:
        turn = turns.get(key_of(record), 0)
        turns[key_of(record)] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(record)
    return rounds
