"""A message of any release as records: product by product, each by the reader of its release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import BinaryIO

from catalog.importers import codes
from catalog.importers.onix import blocks3, flat2
from catalog.importers.onix.context import Context, read_header
from catalog.importers.onix.draft import Draft
from catalog.importers.onix.identifiers import isbn_of
from catalog.importers.onix.message import Message, Piece
from catalog.importers.onix.part import Part
from catalog.importers.records import Notification, Record, Rejection, UnreadableFile
from catalog.importers.remarks import Refused


def read(
    stream: BinaryIO,
    *,
    currency: str | None = None,
    country: str = "GB",
    shop_currency: str = "GBP",
    today: dt.date | None = None,
) -> Iterator[Record | Rejection]:
    """Read a message product by product; see `reading.read_file` for the arguments.

    A file that breaks off gives out every complete product, then one rejection that names the line.

    Raises:
        UnreadableFile: not ONIX, entities declared in the file, or not one product in it.
    """
    context = Context(
        (currency or "").upper(), country.upper(), shop_currency.upper(), today or dt.datetime.now(dt.UTC).date()
    )
    message = Message(stream)
    position = 0
    of_header: list[str] = []
    for piece in message.pieces():
        if piece.is_header:
            of_header = piece.warnings
            if piece.element is not None:
                context.header = read_header(Part(piece.element))
            else:
                of_header.append(f"The header cannot be read, nor who sent this and in which currency: {piece.fault}.")
            continue
        position += 1
        if piece.element is not None:
            piece.warnings[:0], of_header = of_header, []
        yield _product(piece, position, context)
    if message.broken_at:
        if not position:
            raise UnreadableFile(f"The file breaks off at {message.broken_at}, and no product is complete.")
        yield Rejection(
            position + 1,
            "",
            f"The file breaks off at {message.broken_at}. The {position:,} products before it were read; "
            "ask the sender for the whole file.",
        )
    elif not position:
        raise UnreadableFile("The message has no product in it.")


def _product(piece: Piece, position: int, context: Context) -> Record | Rejection:
    if piece.element is None:
        return Rejection(position, "", f"The product that begins in line {piece.line} is left out: {piece.fault}.")
    product = Part(piece.element)
    reference = product.plain("RecordReference")[:255]
    kind = product.code("NotificationType")
    kind = kind.zfill(2) if kind else ""
    isbn = ""
    try:
        if kind in codes.SKIPPED:
            raise Refused(f"skipped: {codes.SKIPPED[kind]} (notification type {kind})")
        isbn = isbn_of(product, piece.warnings, needed=kind != codes.DELETION or not reference)
        record = Record(
            position=position,
            isbn=isbn,
            reference=reference,
            sender=context.header.sender,
            sent_at=context.header.sent_at,
            warnings=piece.warnings,
        )
        if kind == codes.DELETION:
            record.notification = Notification.DELETE
        else:
            _fill(product, kind, Draft(record, context))
    except Refused as refusal:
        return Rejection(position, reference, str(refusal), isbn)
    return record


def _fill(product: Part, kind: str, draft: Draft) -> None:
    """Read the product into the draft, by its notification type and its release."""
    release = blocks3 if blocks3.has_blocks(product) else flat2
    if kind == codes.BLOCK_UPDATE:
        if release is flat2:
            raise Refused(
                "A partial update (notification type 04) of ONIX 2.1 does not say what it leaves as it was; "
                "ask the sender for a complete record."
            )
        draft.record.notification = Notification.BLOCKS
    elif kind not in codes.COMPLETE:
        shown = f"“{kind[:20]}” is unknown" if kind else "is missing"
        draft.record.warnings.append(f"The notification type {shown}; the record was read as a complete one.")
    release.read(product, draft)
    draft.finish()
