"""Where feeds come from: plain files, gzip and zip, opened as bounded streams and told apart by content.

Nothing is unpacked to disk: members of an archive are read in place, so no name inside it can point
anywhere. Size is limited twice: by what an archive declares, and by what really comes out of it.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import BinaryIO

from catalog.importers.decoding import detect
from catalog.importers.records import UnreadableFile

GIB = 1 << 30
MIB = 1 << 20

COMMAND_LIMIT = 4 * GIB
"""Unpacked bytes that the command reads of one file: twice the largest feeds of the trade."""
UPLOAD_LIMIT = 200 * MIB
"""Unpacked bytes of a file that somebody uploads in the browser."""
MAX_ENTRIES = 5_000
MAX_RATIO = 200
"""Real feeds shrink to a tenth or a twentieth. More than this is a bomb, once it passes `RATIO_FLOOR`."""
RATIO_FLOOR = 10 * MIB

_HEAD = 4096


class Kind(StrEnum):
    """What a file is, by its content."""

    ONIX = "ONIX"
    CSV = "CSV"


@dataclass(frozen=True, slots=True)
class Source:
    """One catalogue to read. `name` is the member's name inside a zip file, else empty."""

    name: str
    kind: Kind
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class SkippedMember:
    """A file inside a zip archive that is no catalogue, and why it stays unread."""

    name: str
    reason: str


def open_sources(path: Path, *, max_unpacked: int = COMMAND_LIMIT) -> Iterator[Source | SkippedMember]:
    """Every catalogue in the file, one after the other; each stream is to be read before the next is taken.

    Raises:
        UnreadableFile: missing, empty, a bomb, encrypted, damaged, or neither ONIX nor CSV.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be opened: {error.strerror}.") from error
    with file:
        head = file.read(_HEAD)
        file.seek(0)
        if not head:
            raise UnreadableFile(f"{path.name} is empty.")
        if head.startswith(b"\x1f\x8b"):
            packed = path.stat().st_size
            unzipped = GzipFile(fileobj=file)
            stream = _bounded(unzipped, path.name, max_unpacked, packed)
            yield Source("", _kind(stream, path.name), stream)
        elif head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            yield from _members(file, path.name, max_unpacked)
        else:
            stream = _bounded(file, path.name, max_unpacked, None)
            yield Source("", _kind(stream, path.name), stream)


def _members(file: BinaryIO, name: str, max_unpacked: int) -> Iterator[Source | SkippedMember]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise UnreadableFile(f"{name} is a damaged zip file ({error}). Send it again.") from error
    with archive:
        entries = archive.infolist()
        _refuse_office_files({entry.filename for entry in entries[:50]}, name)
        if len(entries) > MAX_ENTRIES:
            raise UnreadableFile(f"{name} holds {len(entries):,} files; at most {MAX_ENTRIES:,} are read.")
        unpacked = sum(entry.file_size for entry in entries)
        packed = sum(entry.compress_size for entry in entries)
        if unpacked > max_unpacked:
            raise UnreadableFile(f"{name} unpacks to {_size(unpacked)}; at most {_size(max_unpacked)} are read.")
        if unpacked > RATIO_FLOOR and unpacked > MAX_RATIO * max(packed, 1):
            raise UnreadableFile(f"{name} is packed more tightly than any catalogue: it looks like a zip bomb.")
        left, found, skipped = max_unpacked, 0, 0
        for entry in entries:
            if entry.is_dir() or _is_clutter(entry.filename):
                continue
            if entry.flag_bits & 0x1:
                raise UnreadableFile(f"{name} is protected by a password. Send it without one.")
            shown = _printable(entry.filename)
            try:
                stream = _bounded(archive.open(entry), shown, left, entry.compress_size)
                kind = _kind(stream, shown)
            except (zipfile.BadZipFile, NotImplementedError) as error:
                raise UnreadableFile(f"{name} is a damaged zip file ({error}). Send it again.") from error
            except UnreadableFile as error:
                skipped += 1
                yield SkippedMember(shown, str(error))
                continue
            found += 1
            with stream:
                yield Source(shown, kind, stream)
                left = max(left - stream.tell(), 0)
        if not found:
            raise UnreadableFile(f"{name} holds no catalogue: none of its {skipped} files is ONIX or CSV.")


def _refuse_office_files(names: set[str], archive: str) -> None:
    if "[Content_Types].xml" in names or "META-INF/manifest.xml" in names:
        raise UnreadableFile(f"{archive} is an office document. Save the sheet as “CSV UTF-8” and import that.")
    if "META-INF/container.xml" in names:
        raise UnreadableFile(f"{archive} is an ebook (EPUB), not a catalogue.")


def _is_clutter(name: str) -> bool:
    """What computers leave in archives without being asked."""
    last = name.rsplit("/", 1)[-1]
    return name.startswith("__MACOSX/") or last.startswith(".") or last.lower() in ("thumbs.db", "desktop.ini")


_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_OTHERS = {
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document; save the sheet as “CSV UTF-8”",
    b"PK\x03\x04": "an archive inside an archive; unpack it first",
    b"\x1f\x8b": "an archive inside an archive; unpack it first",
    b"BZh": "a bzip2 archive; send it plain, as gzip or as zip",
    b"\xfd7zXZ": "an xz archive; send it plain, as gzip or as zip",
    b"7z\xbc\xaf": "a 7-Zip archive; send it plain, as gzip or as zip",
    b"Rar!": "a RAR archive; send it plain, as gzip or as zip",
    b"SQLite": "a database",
}


def _kind(stream: io.BufferedReader, name: str) -> Kind:
    head = stream.peek(_HEAD)[:_HEAD]
    if not head.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile(f"{name} is empty.")
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        raise UnreadableFile(f"{name} is a picture, not a catalogue.")
    for magic, what in _OTHERS.items():
        if head.startswith(magic):
            raise UnreadableFile(f"{name} is {what}. A catalogue is ONIX (XML) or CSV.")
    encoding, mark, _ = detect(head)
    text = head[mark:].decode(encoding, "ignore").lstrip()
    if text.startswith("<"):
        if re.match(r"<(?:!doctype\s+)?html\b", text, re.IGNORECASE):
            raise UnreadableFile(f"{name} is a web page, perhaps an error page saved in place of the feed.")
        return Kind.ONIX
    strange = len(re.findall(r"[\x00-\x08\x0e-\x1f]", text))
    if strange * 20 > len(text):
        raise UnreadableFile(f"{name} is neither XML nor CSV: it is not text.")
    return Kind.CSV


class _Bounded(io.RawIOBase):
    """Hands on bytes until there are too many of them."""

    def __init__(self, source: BinaryIO, name: str, limit: int, packed: int | None) -> None:
        self._source = source
        self._name = name
        self._limit = limit
        self._packed = packed
        self._seen = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._seen

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        # read1 hands out what there is before it stumbles over the end of a broken archive.
        take = getattr(self._source, "read1", self._source.read)
        try:
            data: bytes = take(len(buffer))
        except EOFError as error:
            raise UnreadableFile(f"{self._name} breaks off: the archive is not complete. Send it again.") from error
        except (BadGzipFile, zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError) as error:
            raise UnreadableFile(f"{self._name} is damaged ({error}). Send it again.") from error
        self._seen += len(data)
        if self._seen > self._limit:
            raise UnreadableFile(f"{self._name} is larger than {_size(self._limit)} unpacked; nothing more is read.")
        if self._packed is not None and self._seen > RATIO_FLOOR and self._seen > MAX_RATIO * max(self._packed, 1):
            raise UnreadableFile(f"{self._name} is packed more tightly than any catalogue: it looks like a bomb.")
        buffer[: len(data)] = data
        return len(data)


def _bounded(source: object, name: str, limit: int, packed: int | None) -> io.BufferedReader:
    raw = _Bounded(source, name, limit, packed)  # type: ignore[arg-type]  # GzipFile and ZipExtFile read bytes
    return io.BufferedReader(raw, buffer_size=1 << 16)


def _printable(name: str) -> str:
    """A member's name for a report: no control characters, no tricks with the direction of writing."""
    return "".join(c if c.isprintable() else "?" for c in name)[-120:]


def _size(count: int) -> str:
    return f"{count / GIB:.0f} GB" if count >= GIB else f"{count / MIB:.0f} MB"
