"""Wagtail's own search of the admin, made fit for 100,000 books. What shoppers use is `catalog.search`. ADR 0003.

Three things differ from what the library ships. Saving one page no longer measures the titles of the
whole index (217 of 267 ms a save on PostgreSQL at 120,000 pages); `update_index` still does. On SQLite
results come newest first, because the shipped ranking runs a subquery for each hit and a common word
would hold the process for minutes.
"""

from __future__ import annotations

from typing import Any

from django.db import connection


class _NormsOnRebuildOnly:
    """An index without the scan at each save."""

    def _refresh_title_norms(self, full: bool = False) -> None:
        if full:
            super()._refresh_title_norms(full=True)  # type: ignore[misc]


class _NewestFirst:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "order_by_relevance": False})


# Each of the library's modules can be imported only on its own database: its models exist nowhere else.
if connection.vendor == "postgresql":
    from modelsearch.backends.database.postgres.postgres import PostgresIndex, PostgresSearchBackend

    class QuickPostgresIndex(_NormsOnRebuildOnly, PostgresIndex):
        """PostgreSQL's index without the scan at each save."""

    class SearchBackend(PostgresSearchBackend):
        """The backend on PostgreSQL; Wagtail looks for this name in the module it is told."""

        index_class = QuickPostgresIndex

else:
    from modelsearch.backends.database.sqlite.sqlite import (
        SQLiteAutocompleteQueryCompiler,
        SQLiteIndex,
        SQLiteSearchBackend,
        SQLiteSearchQueryCompiler,
    )

    class QuickSQLiteIndex(_NormsOnRebuildOnly, SQLiteIndex):
        """SQLite's index without the scan at each save."""

    class UnrankedSearch(_NewestFirst, SQLiteSearchQueryCompiler):
        """Search on SQLite, newest first."""

    class UnrankedAutocomplete(_NewestFirst, SQLiteAutocompleteQueryCompiler):
        """Autocomplete on SQLite, newest first."""

    class SearchBackend(SQLiteSearchBackend):
        """The backend on SQLite; Wagtail looks for this name in the module it is told."""

        index_class = QuickSQLiteIndex
        query_compiler_class = UnrankedSearch
        autocomplete_query_compiler_class = UnrankedAutocomplete
