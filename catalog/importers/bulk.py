"""Many pages at once: into the tree, and into the indexes that Wagtail keeps beside it.

Saving page by page costs some fifty statements a page and reads the tree each time. Here a chunk of pages is a
dozen statements. What Wagtail does on saving and what must not be forgotten: path, depth and `numchild` by treebeard's
own functions under a lock of the parent; the log; the search index; the reference index.
"""

from __future__ import annotations

import gc
import io
import random
import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F
from django.utils import timezone
from psycopg2.extras import Json
from treebeard.exceptions import PathOverflow
from wagtail.models import Page, PageLogEntry, ReferenceIndex
from wagtail.search.backends import get_search_backends

PARAMETERS = 5_000
"""Values in one list of a statement; SQLite takes some 32,000 in all."""

_PLAIN_FIELDS = (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.ForeignKey)
_PLAIN_VALUES = frozenset({str, int, bool, type(None)})
"""What those fields give to the database as it is."""
_SPECIAL = re.compile(r"[\\\n\r\t]")
_ESCAPED = {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}

LAST_PLACE = len(Page.alphabet) ** Page.steplen - 1
"""Children that one page of the tree can have: 1,679,615."""


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Nothing looks for reference cycles meanwhile: for work on so many objects at once that are all wanted to its end.

    Python's collector would walk them a few hundred times, which was measured as a fifth of an import.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def add_children(parent_id: int, pages: Sequence[Page]) -> None:
    """Append new, published pages of one model to a page of the tree, in their order.

    Nothing is validated: the caller answers for titles, and for slugs that no sibling has. Call it in a
    transaction; the parent stays locked until it ends, so two writers never get the same place.

    Raises:
        PathOverflow: the parent has as many children as the tree can hold.
    """
    if not pages:
        return
    parent = Page.objects.select_for_update().get(pk=parent_id)
    _place(parent, pages)
    keys = insert_rows(Page, pages, key=Page._meta.pk)
    for page, pk in zip(pages, keys, strict=True):
        page.pk = page.id = page.page_ptr_id = pk
    model = type(pages[0])
    insert_rows(model, pages)
    for page in pages:
        page._state.adding = False
        page._state.db = router.db_for_write(model)
    Page.objects.filter(pk=parent.pk).update(numchild=F("numchild") + len(pages))
    _log_creation(pages)


def _place(parent: Page, pages: Sequence[Page]) -> None:
    depth = parent.depth + 1
    last = (
        Page.objects.filter(path__range=Page._get_children_path_interval(parent.path), depth=depth)
        .order_by("-path")
        .values_list("path", flat=True)
        .first()
    )
    taken = Page._str2int(last[-Page.steplen :]) if last else 0
    if taken + len(pages) > LAST_PLACE:
        raise PathOverflow(f"“{parent}” cannot hold {len(pages)} more pages")
    content_type = ContentType.objects.get_for_model(pages[0], for_concrete_model=False)
    now = timezone.now()
    for place, page in enumerate(pages, taken + 1):
        page.path = Page._get_path(parent.path, depth, place)
        page.depth = depth
        page.numchild = 0
        page.url_path = f"{parent.url_path}{page.slug}/"
        page.draft_title = page.title
        page.locale_id = parent.locale_id
        page.content_type = content_type
        page.live = True
        page.first_published_at = page.last_published_at = now


def insert_rows(
    table: type[models.Model],
    things: Iterable[models.Model],
    columns: Sequence[models.Field] | None = None,
    *,
    key: models.Field | None = None,
    ignore_conflicts: bool = False,
    replace_by: models.Field | None = None,
) -> list[Any]:
    """Write rows of one table from objects that have its fields, and return the keys that the database gave.

    Django's `bulk_create` refuses models that inherit from another table, and takes twice the time: it treats
    each value as a possible expression. Here values are plain; each field prepares its own for the database, and
    PostgreSQL takes new rows by COPY, which it need not parse.

    Args:
        columns: all but an automatic key, where none are named.
        key: the automatic key, where it is wanted.
        ignore_conflicts: leave out what is there already.
        replace_by: the unique column by which a row is known: one that is there already is overwritten.
    """
    rows = list(things)
    if not rows:
        return []
    if columns is None:
        columns = [field for field in table._meta.local_concrete_fields if field is not table._meta.auto_field]
    connection = connections[router.db_for_write(table)]
    if connection.vendor == "postgresql" and not (ignore_conflicts or replace_by):
        return _copy(connection, table, rows, columns, key)
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in columns)
    head = f"INSERT INTO {quote(table._meta.db_table)} ({names}) VALUES "  # noqa: S608 - names of our own tables
    row = f"({', '.join(['%s'] * len(columns))})"
    tail = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    if replace_by:
        known_by = quote(str(replace_by.column))
        new = ", ".join(f"{name} = excluded.{name}" for name in names.split(", ") if name != known_by)
        tail = f" ON CONFLICT ({known_by}) DO UPDATE SET {new}"
    tail += f" RETURNING {quote(str(key.column))}" if key else ""
    size = connection.ops.bulk_batch_size(columns, rows)
    values = list(zip(*(_values(field, rows, connection) for field in columns), strict=True))
    keys: list[Any] = []
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            portion = values[start : start + size]
            cursor.execute(head + ", ".join([row] * len(portion)) + tail, list(chain.from_iterable(portion)))
            if key:
                keys += [returned[0] for returned in cursor.fetchall()]
    return keys


def _copy(
    connection: BaseDatabaseWrapper,
    table: type[models.Model],
    rows: Sequence[models.Model],
    columns: Sequence[models.Field],
    key: models.Field | None,
) -> list[Any]:
    """Write rows by PostgreSQL's COPY in its text format; keys are drawn from the sequence before."""
    quote = connection.ops.quote_name
    names = [quote(str(field.column)) for field in columns]
    written = [[_written(value) for value in _values(field, rows, connection)] for field in columns]
    keys: list[Any] = []
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if key:
            sequence = [table._meta.db_table, key.column, len(rows)]
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", sequence)
            keys = [drawn[0] for drawn in cursor.fetchall()]
            names.append(quote(str(key.column)))
            written.append([str(drawn) for drawn in keys])
        lines = "".join(f"{line}\n" for line in map("\t".join, zip(*written, strict=True)))
        cursor.copy_expert(f"COPY {quote(table._meta.db_table)} ({', '.join(names)}) FROM STDIN", io.StringIO(lines))
    return keys


def _written(value: Any) -> str:
    """A value as COPY reads it: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format"."""
    if value is None:
        return r"\N"
    if isinstance(value, Json):
        value = value.dumps(value.adapted)
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], str(value))


def _values(field: models.Field, rows: Sequence[models.Model], connection: BaseDatabaseWrapper) -> list[Any]:
    """What rows have in one column, as the database takes it."""
    if type(field).pre_save is models.Field.pre_save:
        given = map(attrgetter(field.attname), rows)
    else:  # the present time, a file
        given = (field.pre_save(thing, True) for thing in rows)
    if isinstance(field, _PLAIN_FIELDS):
        return [
            value if value.__class__ in _PLAIN_VALUES else field.get_db_prep_save(value, connection) for value in given
        ]
    return [field.get_db_prep_save(value, connection) for value in given]


def new_uuid() -> uuid.UUID:
    """A random UUID that need not be secret: `uuid4` asks the kernel for each one, which is a tenth of a row's cost."""
    return uuid.UUID(int=random.getrandbits(128), version=4)


def _log_creation(pages: Sequence[Page]) -> None:
    act = uuid.uuid4()
    now = timezone.now()
    insert_rows(
        PageLogEntry,
        (
            PageLogEntry(
                page_id=page.pk,
                content_type_id=page.content_type_id,
                label=page.title,
                action="wagtail.create",
                data={},
                timestamp=now,
                uuid=act,
                content_changed=True,
            )
            for page in pages
        ),
    )


def add_to_search(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Put rows of one model into Wagtail's search index."""
    if rows:
        for backend in get_search_backends(with_auto_update=True):
            backend.add_bulk(model, rows)


def add_to_references(pages: Sequence[Page], children: dict[str, dict[int, list[models.Model]]]) -> None:
    """Bring Wagtail's reference index ("used in …") up to date for pages of one model.

    Args:
        pages: unchanged since they were read.
        children: for every child relation of the model its rows by page, so that none is asked for one by one.
    """
    if not pages:
        return
    for page in pages:
        page._cluster_related_objects = {name: rows.get(page.pk, []) for name, rows in children.items()}
    content_type = ContentType.objects.get_for_model(pages[0], for_concrete_model=False)
    base = ReferenceIndex._get_base_content_type(pages[0])
    known: dict[str, dict[tuple[Any, ...], int]] = defaultdict(dict)
    found = ReferenceIndex.objects.filter(base_content_type=base, object_id__in=[str(page.pk) for page in pages])
    for row in found.values_list("object_id", "to_content_type_id", "to_object_id", "model_path", "content_path", "pk"):
        known[row[0]][row[1:5]] = row[5]
    new: list[ReferenceIndex] = []
    for page in pages:
        there = known.pop(str(page.pk), {})
        for reference in set(ReferenceIndex._extract_references_from_object(page)):
            if there.pop(reference, None) is None:
                new.append(_reference(content_type, base, page.pk, *reference))
        if there:
            known[str(page.pk)] = there
    insert_rows(ReferenceIndex, new, ignore_conflicts=True)
    gone: Collection[int] = [pk for there in known.values() for pk in there.values()]
    if gone:
        ReferenceIndex.objects.filter(pk__in=gone).delete()


def _reference(
    content_type: ContentType, base: ContentType, pk: int, to_type: int, to_id: str, model_path: str, content_path: str
) -> ReferenceIndex:
    return ReferenceIndex(
        content_type_id=content_type.pk,
        base_content_type_id=base.pk,
        object_id=pk,
        to_content_type_id=to_type,
        to_object_id=to_id,
        model_path=model_path,
        content_path=content_path,
        content_path_hash=ReferenceIndex._get_content_path_hash(content_path),
    )


def delete_rows(rows: models.QuerySet[Any]) -> None:
    """Delete rows that nothing refers to, in one statement and without a signal for each.

    The signals would refresh lists and references book by book; the queue does both for the whole chunk.
    """
    rows.order_by()._raw_delete(rows.db)


def found_in(rows: models.QuerySet[Any], column: str, values: Iterable[Any]) -> Iterator[Any]:
    """What a queryset gives for some values of a column, in portions: a statement takes only so many parameters."""
    wanted = list(values)
    for start in range(0, len(wanted), PARAMETERS):
        yield from rows.filter(**{f"{column}__in": wanted[start : start + PARAMETERS]})


def rows_by_page(model: type[models.Model], page_ids: Collection[int]) -> dict[int, list[models.Model]]:
    """Rows of a child relation (with a `page`), in order, by page."""
    rows: dict[int, list[models.Model]] = defaultdict(list)
    for row in model._default_manager.filter(page_id__in=page_ids).order_by("page_id", "sort_order", "pk"):
        rows[row.page_id].append(row)
    return rows
