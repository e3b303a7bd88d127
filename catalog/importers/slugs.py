"""Addresses for what an import makes: from the name, unique, cut to length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from django.utils.text import slugify

LONGEST = 200
"""Characters of a slug made here; the column holds 255, which leaves room for a surname and a number."""


@lru_cache(maxsize=10_000)
def slug_of(name: str, *, otherwise: str = "") -> str:
    """The name as it stands in an address, letters of every script kept; `otherwise` where nothing is left."""
    slug = slugify(name, allow_unicode=True)
    if len(slug) > LONGEST:
        slug = re.sub(r"[-_][^-_]*\Z", "", slug[: LONGEST + 1])[:LONGEST]
    return slug.strip("-_") or otherwise


def free_slugs(wishes: Sequence[Sequence[str]], taken: Callable[[Iterable[str]], Iterable[str]]) -> list[str]:
    """A slug of its own for every wish: the first that is free, else the last with the next free number.

    Args:
        wishes: for each thing its slugs, the best first; never empty.
        taken: says which of some slugs are in use already. Asked once, and again only for numbers.
    """
    used = set(taken({slug for wish in wishes for slug in wish}))
    chosen: list[str] = []
    numbers: dict[str, _Numbers] = {}
    for wish in wishes:
        slug = next((slug for slug in wish if slug not in used), "")
        while not slug:
            if wish[-1] not in numbers:
                numbers[wish[-1]] = _Numbers(wish[-1], taken)
            slug = numbers[wish[-1]].next()
            slug = "" if slug in used else slug
        used.add(slug)
        chosen.append(slug)
    return chosen


class _Numbers:
    """The free numbers behind one slug, asked for in growing portions."""

    def __init__(self, stem: str, taken: Callable[[Iterable[str]], Iterable[str]]) -> None:
        self._stem = stem
        self._taken = taken
        self._from = 2
        self._portion = 20
        self._free: list[str] = []

    def next(self) -> str:
        while not self._free:
            wanted = [f"{self._stem}-{n}" for n in range(self._from, self._from + self._portion)]
            gone = set(self._taken(wanted))
            self._free = [slug for slug in reversed(wanted) if slug not in gone]
            self._from += self._portion
            self._portion *= 4
        return self._free.pop()
