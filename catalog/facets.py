"""Which books have what: an index of bitmaps in the memory of each process. ADR 0003.

`index.state()` asks the database once what is newer than what it knows, and gives a snapshot that is never
changed: threads read it without a lock. A snapshot says which books are live, which have a facet key, and
how many have each value under what is chosen.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from django.db import connection
from pyroaring import BitMap

from catalog.folding import fold
from catalog.models.people import Tag

FORMAT: Final = "f"
LANGUAGE: Final = "l"
AVAILABILITY: Final = "a"
PRICE: Final = "p"
TAG: Final = "t"
EDITION: Final = "e"
PUBLISHER: Final = "b"
SECTION: Final = "s"
PICTURED: Final = "i:1"
GROUPS: Final = (FORMAT, LANGUAGE, AVAILABILITY, PRICE, TAG)
"""The kinds of facet that a shopper can choose from, in the order of the address."""
OF_EDITION: Final = (FORMAT, LANGUAGE, AVAILABILITY, PRICE)
"""Those that one edition must have together: a hardback under £5 is not a hardback with an eBook under £5.

A key `e:` names all four of an edition, in this order: `e:hardback,en,now,2`, with nothing for what it has not.
"""

_READ_AT_ONCE = 10_000
_REMEMBERED = 512
_NOTHING: Final = BitMap()

_NEWER = """
    SELECT v.epoch, v.number, l.page_id, l.is_live, l.facets
    FROM catalog_listingversion v LEFT JOIN catalog_booklisting l ON l.version > %s
    WHERE v.id = 1
"""

_ALL = "SELECT page_id, is_live, facets FROM catalog_booklisting WHERE page_id > %s ORDER BY page_id LIMIT %s"

Choice = Mapping[str, tuple[str, ...]]
"""Chosen facet keys by kind: `{"f": ("f:paperback", "f:ebook")}`. One of each kind is enough, all kinds must hold, and
those of `OF_EDITION` for one edition."""


@dataclass(frozen=True)
class State:
    """The facets of the catalogue at one version."""

    epoch: str = ""
    number: int = 0
    live: BitMap = field(default_factory=BitMap)
    keys: Mapping[str, BitMap] = field(default_factory=dict)
    orders: dict[str, Sequence[int]] = field(default_factory=dict)
    """Ids in the orders of long lists, as far as somebody paged into their depths: kept by `catalog.listing`."""
    _counts: dict[object, dict[str, int]] = field(default_factory=dict)

    def having(self, key: str) -> BitMap:
        """The live books with a facet key."""
        return self.keys.get(key, _NOTHING)

    @property
    def priced(self) -> BitMap:
        """The live books that can be bought."""
        return BitMap.union(_NOTHING, *(books for key, books in self.keys.items() if key.startswith("p:")))

    @cached_property
    def tags(self) -> list[tuple[str, Tag]]:
        """The tags with live books in the order of their names, each with its name folded and a blank before it."""
        tags = Tag.objects.only("name", "slug").order_by("name")
        return [(f" {fold(tag.name)}", tag) for tag in tags if self.having(f"t:{tag.pk}")]

    def chosen(self, base: BitMap, choice: Choice, but: str = "") -> BitMap:
        """The books of `base` that a choice leaves, without regard to the kind `but`."""
        asked = {kind: keys for kind, keys in choice.items() if keys and kind != but}
        of_edition: dict[str, tuple[str, ...]] = {kind: asked.pop(kind) for kind in OF_EDITION if kind in asked}
        if len(of_edition) == 1:
            asked |= of_edition
        elif of_edition:
            base = base & BitMap.union(_NOTHING, *(books for _parts, books in self._editions_with(of_edition)))
        for keys in asked.values():
            base = base & BitMap.union(_NOTHING, *(self.having(key) for key in keys))
        return base

    def _editions_with(self, asked: Choice) -> Iterator[tuple[dict[str, str], BitMap]]:
        """What an edition can have of `OF_EDITION` with what is asked, and the books that have such a one."""
        for parts, books in self._combinations:
            if all(parts[kind] in keys for kind, keys in asked.items()):
                yield parts, books

    @cached_property
    def _combinations(self) -> list[tuple[dict[str, str], BitMap]]:
        return [
            ({kind: f"{kind}:{value}" for kind, value in zip(OF_EDITION, key[2:].split(","), strict=True)}, books)
            for key, books in self.keys.items()
            if key.startswith(f"{EDITION}:")
        ]

    def counts(self, base: BitMap, choice: Choice, remember: str = "") -> dict[str, dict[str, int]]:
        """How many books each key would leave, by kind: chosen with the other kinds' choice applied.

        Args:
            remember: a name for `base` under which the answer may be kept as long as the state lives.
        """
        return {kind: self._counts_of(kind, base, choice, remember) for kind in GROUPS}

    def _counts_of(self, kind: str, base: BitMap, choice: Choice, remember: str) -> dict[str, int]:
        name = (remember, kind, *(keys for other, keys in sorted(choice.items()) if keys and other != kind))
        if remember and name in self._counts:
            return self._counts[name]
        pool = self.chosen(base, choice, but=kind)
        prefix = f"{kind}:"
        of_edition = {other: keys for other, keys in choice.items() if keys and other != kind and other in OF_EDITION}
        if kind in OF_EDITION and of_edition:
            with_both: dict[str, list[BitMap]] = defaultdict(list)
            for parts, books in self._editions_with(of_edition):
                with_both[parts[kind]].append(books)
            found = {
                key: number
                for key, sets in with_both.items()
                if key != prefix and (number := pool.intersection_cardinality(BitMap.union(*sets)))
            }
        elif pool == self.live:
            found = {key: len(books) for key, books in self.keys.items() if key.startswith(prefix)}
        else:
            found = {
                key: number
                for key, books in self.keys.items()
                if key.startswith(prefix) and (number := pool.intersection_cardinality(books))
            }
        if remember and len(self._counts) < _REMEMBERED:
            self._counts[name] = found
        return found


class FacetIndex:
    """The index of one process."""

    def __init__(self) -> None:
        self._state = State()
        self._lock = threading.Lock()

    def state(self) -> State:
        """The facets as the database has them now, for one query."""
        known = self._state
        with connection.cursor() as cursor:
            cursor.execute(_NEWER, [known.number])
            rows = cursor.fetchmany(_READ_AT_ONCE)
            if not rows:
                return State()  # no book was ever written
            epoch, number = rows[0][:2]
            if (epoch, number) == (known.epoch, known.number):
                return known
            if epoch == known.epoch and number > known.number:
                changes = _Changes()
                while rows:
                    changes.take(rows)
                    rows = cursor.fetchmany(_READ_AT_ONCE)
                return self._advance(known, changes, epoch, number)
        self._rebuild(known)
        return self.state()

    def _advance(self, known: State, changes: _Changes, epoch: str, number: int) -> State:
        state = changes.applied_to(known, epoch, number)
        with self._lock:
            if self._state is known or self._state.number < number:
                self._state = state
        return state

    def _rebuild(self, known: State) -> None:
        """Read everything: at the first request of a process, or where the database is another one."""
        with self._lock:
            if self._state is not known:
                return  # another thread did it
            with connection.cursor() as cursor:
                # The number comes first: what changes while we read is newer, and read again by the next request.
                cursor.execute("SELECT epoch, number FROM catalog_listingversion WHERE id = 1")
                epoch, number = cursor.fetchone()
                changes, last = _Changes(), 0
                while True:
                    cursor.execute(_ALL, [last, _READ_AT_ONCE])
                    rows = cursor.fetchall()
                    if not rows:
                        break
                    changes.take([(epoch, number, *row) for row in rows])
                    last = rows[-1][0]
            self._state = changes.applied_to(State(), epoch, number)


class _Changes:
    """What was read of newer rows."""

    def __init__(self) -> None:
        self.seen = BitMap()
        self.live = BitMap()
        self.by_key: dict[str, list[int]] = defaultdict(list)

    def take(self, rows: list[tuple[str, int, int | None, bool, str]]) -> None:
        by_key = self.by_key
        for _epoch, _number, page_id, is_live, keys in rows:
            if page_id is None:
                continue
            self.seen.add(page_id)
            if is_live:
                self.live.add(page_id)
                for key in keys.split():
                    by_key[key].append(page_id)

    def applied_to(self, state: State, epoch: str, number: int) -> State:
        """A new state: the books that were seen leave every bitmap and enter those that they are in now."""
        keys = {key: books if books.isdisjoint(self.seen) else books - self.seen for key, books in state.keys.items()}
        for key, page_ids in self.by_key.items():
            keys[key] = keys.get(key, _NOTHING) | BitMap(page_ids)
        return State(
            epoch=epoch,
            number=number,
            live=(state.live - self.seen) | self.live,
            keys={key: books for key, books in keys.items() if books},
        )


index = FacetIndex()
