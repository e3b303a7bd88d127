"""Processes that index while the import goes on: each empties the queue until told that nothing more will come."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any

import django
from django.db import connection

PAUSE = 0.05
"""Seconds between two looks into an empty queue."""


def sensible_workers() -> int:
    """One on SQLite, which has a single writer; else a process for each core, three at most."""
    return 1 if connection.vendor == "sqlite" else max(1, min(3, os.cpu_count() or 1))


@contextmanager
def indexers(count: int) -> Iterator[bool]:
    """Run so many indexing processes around a block; wait for the queue to be empty when it ends.

    Yields whether the block must index by itself: one worker is no process of its own, and others would see
    nothing of a caller's open transaction.
    """
    if count <= 1 or connection.in_atomic_block:
        yield count > 0
        return
    context = multiprocessing.get_context("spawn")
    is_last = context.Event()
    database = {name: connection.settings_dict[name] for name in ("ENGINE", "NAME")}
    processes = [context.Process(target=_work, args=(database, is_last), daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        yield False
    finally:
        is_last.set()
        for process in processes:
            process.join()
        failed = [process.exitcode for process in processes if process.exitcode]
    if failed:
        raise RuntimeError(
            f"{len(failed)} of {count} indexing processes failed; run the import again to index the rest"
        )


def _work(database: dict[str, Any], is_last: Event) -> None:
    django.setup()
    from catalog.importers import queue  # after setup: it needs the models

    connection.settings_dict.update(database)
    while True:
        nothing_follows = is_last.is_set()
        if not queue.index_portion():
            if nothing_follows:
                return
            is_last.wait(PAUSE)
