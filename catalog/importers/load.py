"""Records become books: editions found or made, gathered on pages, nothing that people wrote overwritten.

A thousand records at a time, each thousand in one transaction under a lock of the catalogue's page, so that two
imports queue. What must be indexed then waits in `catalog.importers.queue`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import DataError, IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _
from wagtail.models import Page

from catalog import tasks
from catalog.importers import queue
from catalog.importers.bulk import collector_at_rest
from catalog.importers.decisions import NOBODY, Known, Outcome, decide, key_of, waves
from catalog.importers.images import Pictures
from catalog.importers.records import ContributorRecord, Record, Rejection
from catalog.importers.writing import Writer
from catalog.models import CatalogPage, Edition
from core.tasks import enqueue

CHUNK = 1_000
ATTEMPTS = 3
"""Tries of a chunk that met another writer: an ISBN or slug that an editor saved at the same moment, a deadlock."""
PICTURED = 20
"""Books whose pictures one task makes: a minute's work."""
_NAMING = frozenset({Outcome.CREATED, Outcome.UPDATED})
LONGEST = dict.fromkeys(
    ("title", "subtitle", "sort_title", "series", "publisher", "imprint", "edition_statement", "reference", "sender",
     "not_for_sale"), 255,
) | {"series_number": 40, "language": 35}  # fmt: skip
"""Characters that the columns hold."""


@dataclass(slots=True)
class Result:
    """A record and what became of it; `reason` says why it was rejected."""

    position: int
    reference: str
    isbn: str
    title: str
    outcome: Outcome
    reason: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Totals:
    """Counts of an import. Tags and pictures are counted as often as records name them."""

    processed: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    rejected: int = 0
    tags: int = 0
    images: int = 0
    new_tags: set[str] = field(default_factory=set)

    def count(self, result: Result) -> None:
        """One more record."""
        self.processed += 1
        setattr(self, result.outcome, getattr(self, result.outcome) + 1)


class NoCatalogue(Exception):
    """The shop has no page to put books under. The message says what to do, for people."""


def load(
    items: Iterable[Record | Rejection],
    *,
    source: str,
    totals: Totals | None = None,
    pictures: Pictures | None = None,
    dry_run: bool = False,
    index: bool = True,
    tell: Callable[[Result], None] = lambda _result: None,
) -> Totals:
    """Bring records into the shop and return the counts. Safe to run again, and after a crash.

    Args:
        items: what a reader gives; taken a thousand at a time and not kept.
        source: what tells one file from another (a digest of it): a product that stands in a file several times
            is settled by its last record, and the same file again changes nothing.
        totals: counts to add to.
        pictures: where the files are that records name; without it pictures are left alone.
        dry_run: do everything and keep nothing.
        index: fill the indexes after each thousand; else somebody must call `queue.index_all`.
        tell: called with the result of each record, in their order, once it is certain.

    Raises:
        NoCatalogue: there is no page for books.
    """
    run = _Run(source, totals or Totals(), pictures, dry_run, tell)
    stream = iter(items)
    while chunk := list(islice(stream, CHUNK)):
        with collector_at_rest():
            run.chunk(chunk)
        if index and not dry_run:
            queue.index_all()
    return run.totals


class _Run:
    """One import: what holds from chunk to chunk."""

    def __init__(
        self, source: str, totals: Totals, pictures: Pictures | None, dry_run: bool, tell: Callable[[Result], None]
    ) -> None:
        self.totals = totals
        self._source = source
        self._pictures = pictures
        self._dry_run = dry_run
        self._tell = tell
        self._rehearsed: dict[str, Known] = {}
        """In a dry run: what the shop would know by now of the products that came."""

    def chunk(self, items: Sequence[Record | Rejection]) -> None:
        """Write a chunk and tell its results in the order of the file."""
        records = [_fitted(item) for item in items if isinstance(item, Record)]
        found = self._pictures.find(records, keep=not self._dry_run) if self._pictures else {}
        results = iter(self._write(records, found))
        for item in items:
            result = next(results) if isinstance(item, Record) else _refused(item)
            self.totals.count(result)
            self._tell(result)

    def _write(self, records: Sequence[Record], found: dict[int, list[int]]) -> list[Result]:
        """The results of the records, in their order. A record that the database refuses is alone in that."""
        if not records:
            return []
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._transaction(records, found)
            except (IntegrityError, DataError) as error:
                refusal = str(error).strip().partition("\n")[0]
            except OperationalError:
                if attempt == ATTEMPTS:
                    raise
        if len(records) == 1:
            return [_result(records[0], Outcome.REJECTED, _("the database refused it: %s") % refusal)]
        half = len(records) // 2
        return [*self._write(records[:half], found), *self._write(records[half:], found)]

    def _transaction(self, records: Sequence[Record], found: dict[int, list[int]]) -> list[Result]:
        results: dict[int, Result] = {}
        new_tags: set[str] = set()
        rehearsed: dict[str, Known] = {}
        pictured: set[int] = set()
        with transaction.atomic():
            catalogue = CatalogPage.objects.order_by("path").first()
            if catalogue is None:
                raise NoCatalogue(_("There is no catalogue page yet: make one under the home page, or run “demo”."))
            Page.objects.select_for_update().get(pk=catalogue.pk)
            for wave in waves(records):
                writer = Writer(catalogue)
                results |= self._wave(wave, writer, found, rehearsed)
                new_tags |= writer.new_tags
                pictured |= writer.pictured
            _have_pictures_made(sorted(pictured))
            if self._dry_run:
                transaction.set_rollback(True)
        self._rehearsed |= rehearsed
        self.totals.new_tags |= new_tags
        for record in records:
            if results[id(record)].outcome is not Outcome.REJECTED:
                self.totals.tags += len(record.tags)
                self.totals.images += len(found.get(id(record), ()))
        return [results[id(record)] for record in records]

    def _wave(
        self,
        records: Sequence[Record],
        writer: Writer,
        found: dict[int, list[int]],
        rehearsed: dict[str, Known],
    ) -> dict[int, Result]:
        """Decide on records of different products and write them; their results by `id()`."""
        editions = _editions_of(records)
        decisions = []
        for record in records:
            key = key_of(record)
            known = rehearsed.get(key) or self._rehearsed.get(key) or editions.get(key)
            pictures = None if self._dry_run else found.get(id(record))
            decision = decide(record, known, self._source, pictures)
            decisions.append((record, decision))
            if decision.outcome in _NAMING or decision.after.edition is not None:
                writer.take(decision, pictures)
            if self._dry_run and decision.after.digest:
                rehearsed[key] = decision.after
        writer.write()
        return {
            id(record): _result(record, decision.outcome, decision.reason, decision.warnings)
            for record, decision in decisions
        }


def _editions_of(records: Sequence[Record]) -> dict[str, Known]:
    """What the shop knows of the records' products, by their key; the rows stay locked."""
    locked = Edition.objects.select_for_update(of=("self",), no_key=True).select_related("feed_record").order_by("pk")
    isbns = [record.isbn for record in records if record.isbn]
    known = {str(row.isbn): Known.of(row) for row in locked.filter(isbn__in=isbns)} if isbns else {}
    references: dict[str, list[str]] = {}
    for record in records:
        if not record.isbn and record.reference:
            references.setdefault(record.sender or NOBODY, []).append(record.reference)
    for sender, wanted in references.items():
        for row in locked.filter(isbn=None, feed_record__sender=sender, feed_record__reference__in=wanted):
            known[f"{sender}|{row.feed_record.reference}"] = Known.of(row)
    return known


def _have_pictures_made(page_ids: Sequence[int]) -> None:
    """Have the sizes that pages show made outside the import; the tasks commit, or go, with the books."""
    for start in range(0, len(page_ids), PICTURED):
        enqueue(tasks.make_renditions, page_ids=list(page_ids[start : start + PICTURED]))


def _fitted(record: Record) -> Record:
    """The record with no text longer than its column, and no character that a database refuses."""
    for name, longest in LONGEST.items():
        value = getattr(record, name)
        if "\x00" in value:
            value = value.replace("\x00", "")
            setattr(record, name, value)
        if len(value) > longest:
            setattr(record, name, value[: longest - 1].rstrip() + "…")
            record.warnings.append(_("“%(field)s” was cut to %(count)d characters") % {"field": name, "count": longest})
    record.contributors = [_fitted_person(said) for said in record.contributors if said.name]
    record.tags = list(dict.fromkeys(tag[:255] for tag in record.tags if tag))
    return record


def _fitted_person(said: ContributorRecord) -> ContributorRecord:
    if len(said.name) <= 255 and len(said.sort_name) <= 255:
        return said
    return ContributorRecord(said.name[:255], said.role, said.sort_name[:255], said.biography, said.isni, said.orcid)


def _refused(item: Rejection) -> Result:
    return Result(item.position, item.reference, item.isbn, "", Outcome.REJECTED, item.reason)


def _result(record: Record, outcome: Outcome, reason: str = "", warnings: Iterable[str] = ()) -> Result:
    return Result(
        record.position,
        record.reference,
        record.isbn,
        record.title,
        outcome,
        reason,
        [*record.warnings, *warnings],
    )
