"""One door for every feed: a path in, records and rejections out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from catalog.importers import csv, onix
from catalog.importers.records import Record, Rejection, UnreadableFile
from catalog.importers.sources import COMMAND_LIMIT, Kind, SkippedMember, Source, open_sources


def read_file(
    path: Path | str,
    *,
    currency: str | None = None,
    country: str = "GB",
    shop_currency: str = "GBP",
    today: dt.date | None = None,
    max_unpacked: int = COMMAND_LIMIT,
) -> Iterator[Record | Rejection]:
    """Read a catalogue: ONIX 2.1, 3.0 or 3.1 or CSV; plain, gzip or zip; told apart by content.

    Streams: memory does not grow with the file. A file that turns out to be damaged after something was
    read gives out what came before, then one `Rejection` that says where and why it ends.

    Args:
        currency: for senders that name none; without it such prices are left out.
        country: where the shop sells (ISO 3166-1); decides market, territory and sales rights.
        shop_currency: decides whether a record can be sold (ISO 4217).
        today: prices that ended before this day are left out; the current day if not given.
        max_unpacked: bytes that may come out of an archive; `sources.UPLOAD_LIMIT` for uploads.

    Raises:
        UnreadableFile: nothing could be read.
    """
    path = Path(path)
    given = 0
    position = 0
    try:
        for source in open_sources(path, max_unpacked=max_unpacked):
            if isinstance(source, SkippedMember):
                yield Rejection(0, source.name, f"skipped: {source.reason}")
                continue
            for item in _read(source, currency, country, shop_currency, today):
                given += 1
                position = item.position
                yield _named(item, source.name)
    except UnreadableFile as error:
        if not given:
            raise
        yield Rejection(position + 1, "", str(error))


def _read(
    source: Source, currency: str | None, country: str, shop_currency: str, today: dt.date | None
) -> Iterator[Record | Rejection]:
    if source.kind is Kind.ONIX:
        return onix.read(source.stream, currency=currency, country=country, shop_currency=shop_currency, today=today)
    return csv.read(source.stream, currency=currency, shop_currency=shop_currency, today=today)


def _named(item: Record | Rejection, member: str) -> Record | Rejection:
    """Say in which file of an archive something was found."""
    if not member:
        return item
    if isinstance(item, Rejection):
        return replace(item, reason=f"{member}: {item.reason}")
    item.warnings = [f"{member}: {warning}" for warning in item.warnings]
    return item
