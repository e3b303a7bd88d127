"""Wagtail's own search of the admin, made fit for 100,000 books. What shoppers use is `catalog.search`. ADR 0003.

Three things differ from what the library ships. Saving one page no longer measures the titles of the
whole index (217 of 267 ms a save on PostgreSQL at 120,000 pages); `update_index` still does. On SQLite
results come newest first, because the shipped ranking runs a subquery for each hit and a common word
would hold the process for minutes.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from modelsearch.backends.database.postgres.postgres import PostgresIndex, PostgresSearchBackend
from modelsearch.backends.database.sqlite.sqlite import (
    SQLiteAutocompleteQueryCompiler,
    SQLiteIndex,
    SQLiteSearchBackend,
    SQLiteSearchQueryCompiler,
)


class _NormsOnRebuildOnly:
    def _refresh_title_norms(self, full: bool = False) -> None:
        if full:
            super()._refresh_title_norms(full=True)  # type: ignore[misc]


class _NewestFirst:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "order_by_relevance": False})


class QuickPostgresIndex(_NormsOnRebuildOnly, PostgresIndex):
    """PostgreSQL's index without the scan at each save."""


class QuickSQLiteIndex(_NormsOnRebuildOnly, SQLiteIndex):
    """SQLite's index without the scan at each save."""


class UnrankedSearch(_NewestFirst, SQLiteSearchQueryCompiler):
    """Search on SQLite, newest first."""


class UnrankedAutocomplete(_NewestFirst, SQLiteAutocompleteQueryCompiler):
    """Autocomplete on SQLite, newest first."""


class QuickPostgresSearchBackend(PostgresSearchBackend):
    """The backend on PostgreSQL."""

    index_class = QuickPostgresIndex


class QuickSQLiteSearchBackend(SQLiteSearchBackend):
    """The backend on SQLite."""

    index_class = QuickSQLiteIndex
    query_compiler_class = UnrankedSearch
    autocomplete_query_compiler_class = UnrankedAutocomplete


def SearchBackend(params: dict[str, Any]) -> PostgresSearchBackend | SQLiteSearchBackend:  # noqa: N802
    """The backend for the default database; Wagtail looks for this name in the module it is told."""
    if connection.vendor == "postgresql":
        return QuickPostgresSearchBackend(params)
    return QuickSQLiteSearchBackend(params)
