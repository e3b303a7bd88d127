"""Wagtail's own search of the admin, made fit for 100,000 books. What shoppers use is `catalog.search`. ADR 0003.

Three things differ from what the library ships. Saving one page no longer measures the titles of the
whole index (217 of 267 ms a save on PostgreSQL at 120,000 pages); `update_index` still does. On SQLite
results come newest first, because the shipped ranking runs a subquery for each hit and a common word
would hold the process for minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


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
    from modelsearch.backends.database.postgres.postgres import (
        IndexEntry,
        ObjectIndexer,
        PostgresIndex,
        PostgresSearchBackend,
    )
    from modelsearch.index import AutocompleteField
    from modelsearch.utils import get_content_type_pk

    class QuickPostgresIndex(_NormsOnRebuildOnly, PostgresIndex):
        """PostgreSQL's index without the scan at each save.

        Its entries are the library's own, written in a quarter of the time: a row's texts are gathered once
        instead of five times, and go to the database as parameters instead of through query expressions.
        """

        def add_items(self, model: type[Model], objs: Sequence[Model]) -> None:
            """Write the entries of some rows of one model."""
            if not objs or not model.get_search_fields():
                return
            content_type = get_content_type_pk(model)
            rows, params = [], []
            for obj in objs:
                entry = _Entry(ObjectIndexer(obj, self.backend))
                vectors = [entry.vector(part) for part in ("title", "autocomplete", "body")]
                rows.append(f"(%s, %s, {', '.join(sql for sql, _ in vectors)}, 1.0, %s, %s)")
                params += [content_type, str(obj.pk), *(value for _, values in vectors for value in values)]
                params += [entry.text("title"), entry.text("body")]
            columns = "title, autocomplete, body, title_norm, title_text, body_text"
            new = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns.split(", "))
            with self.write_connection.cursor() as cursor:
                cursor.execute(
                    f"INSERT INTO {IndexEntry._meta.db_table} (content_type_id, object_id, {columns})"  # noqa: S608
                    f" VALUES {', '.join(rows)} ON CONFLICT (content_type_id, object_id) DO UPDATE SET {new}",
                    params,
                )

    class _Entry:
        """The texts of one row by the part of the index that they belong to, with their weights."""

        def __init__(self, indexer: ObjectIndexer) -> None:
            self._configs = {"autocomplete": indexer.autocomplete_config}
            self._config = indexer.config
            self._texts: dict[str, list[tuple[str, str]]] = {"title": [], "autocomplete": [], "body": []}
            for outer in indexer.search_fields:
                for field, weight, value in indexer.prepare_field(indexer.obj, outer):
                    if isinstance(field, AutocompleteField):
                        part = "autocomplete"
                    else:
                        part = "title" if field.field_name == "title" else "body"
                    if text := value.strip():
                        self._texts[part].append((text, weight))

        def text(self, part: str) -> str:
            return " ".join(text for text, _weight in self._texts[part])

        def vector(self, part: str) -> tuple[str, list[str]]:
            """SQL of the part's vector, and its parameters."""
            config = self._configs.get(part, self._config)
            words = f"to_tsvector('{config}'::regconfig, %s)" if config else "to_tsvector(%s)"
            sql = " || ".join([f"setweight({words}, %s)"] * len(self._texts[part]))
            return sql or "''::tsvector", [value for pair in self._texts[part] for value in pair]

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

    class SearchBackend(SQLiteSearchBackend):  # type: ignore[no-redef] # one of the two exists
        """The backend on SQLite; Wagtail looks for this name in the module it is told."""

        index_class = QuickSQLiteIndex
        query_compiler_class = UnrankedSearch
        autocomplete_query_compiler_class = UnrankedAutocomplete
