"""Generations of what each process remembers for itself, so that a change in one is seen by all.

What is remembered has its generation in its key. The mark of the generation lies in the cache that every process
reads (`caches["pages"]`: files, or Redis), so what the worker, the clock or another server changed is read anew.
"""

from __future__ import annotations

import uuid
from functools import partial

from django.core.cache import caches
from django.db import transaction

SITE = "core.site.generation"
"""Of sites, menus, footer and the settings of the site."""


def generation(name: str) -> str:
    """The present generation; a mark that was never made, or was lost, is made anew and brings nothing old back."""
    cache = caches["pages"]
    mark: str | None = cache.get(name)
    if mark is None:
        cache.add(name, uuid.uuid4().hex, None)
        mark = cache.get(name, "")
    return str(mark)


def begin(name: str) -> None:
    """Begin a new generation, now and once more when the change is committed.

    The second time is for a request that read the old rows in between.
    """
    _mark(name)
    transaction.on_commit(partial(_mark, name))


def _mark(name: str) -> None:
    caches["pages"].set(name, uuid.uuid4().hex, None)
