"""Bytes to text, without ever losing or inventing a letter in silence.

The byte order mark is believed first, then what the file declares, then UTF-8. Bytes that do not fit are
read as Windows-1252, the commonest undeclared encoding of the trade, and each such place is noted with its
line. U+FFFD (the "unknown character" sign) is never produced.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from catalog.importers.records import UnreadableFile

CHUNK = 1 << 18

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNITS = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_SURE_OF_ITSELF = frozenset({"utf-8", "ascii"})
_LATIN_1 = frozenset({"iso8859-1", "ascii"})

Decode = Callable[[bytes, str, bool], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Note:
    """Something repaired: at which character of the text and in which line, and what."""

    offset: int
    line: int
    message: str


def detect(head: bytes, *, declared: bool = True) -> tuple[str, int, str]:
    """Encoding of a file by its first bytes, length of its byte order mark, and a warning or "".

    Args:
        head: the first bytes, a few hundred at least where the file has them.
        declared: whether an XML declaration may name the encoding.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, len(mark), ""
    wide = _wide_without_mark(head)
    if wide:
        return wide, 0, ""
    found = _DECLARED.match(head[:400]) if declared else None
    if not found:
        return "utf-8", 0, ""
    name = found[1].decode("ascii")
    try:
        codec = codecs.lookup(name)
        usable = codec.name != "utf-7" and codecs.decode(b"<?xml", codec.name) == "<?xml"
    except (LookupError, ValueError, TypeError):
        usable = False
    if usable:
        return codec.name, 0, ""
    return "utf-8", 0, f"The file declares the encoding “{name}”, which it is not written in; read as UTF-8."


def _wide_without_mark(head: bytes) -> str:
    """UTF-16 without a mark: in text of European letters every second byte is zero."""
    sample = head[:512]
    if len(sample) < 8:
        return ""
    if sample[1::2].count(0) > len(sample) * 0.4 and sample[::2].count(0) == 0:
        return "utf-16-le"
    if sample[::2].count(0) > len(sample) * 0.4 and sample[1::2].count(0) == 0:
        return "utf-16-be"
    return ""


class TextReader:
    """Decodes a binary stream piece by piece; what it had to repair is in `notes`, in the order of the text."""

    def __init__(self, stream: BinaryIO, *, declared: bool = True) -> None:
        self._stream = stream
        self._head = _read_some(stream, 1024)
        self.encoding, mark, warning = detect(self._head, declared=declared)
        self._head = self._head[mark:]
        self._line = 1
        self._offset = 0
        self.notes: list[Note] = [Note(0, 1, warning)] if warning else []

    def __iter__(self) -> Iterator[str]:
        """The text in pieces of some hundred thousand characters."""
        decode = _decoder(self.encoding)
        # read1: a stream that breaks off has given out everything before that.
        take = getattr(self._stream, "read1", self._stream.read)
        pending, more = self._head, b"."
        while more:
            more = take(CHUNK)
            data = pending + more if pending else more
            text, pending = self._decode(decode, data, final=not more)
            if text:
                yield text

    def _decode(self, decode: Decode, data: bytes, *, final: bool) -> tuple[str, bytes]:
        parts: list[str] = []
        start = 0
        while True:
            rest = data[start:] if start else data
            try:
                text, used = decode(rest, "strict", final)
            except UnicodeDecodeError as error:
                good, _ = decode(rest[: error.start], "strict", True)
                self._take(good, parts)
                bad = rest[error.start : max(error.end, error.start + 1)]
                self._take(self._repair(bad), parts)
                start += error.start + len(bad)
            else:
                self._take(text, parts)
                return "".join(parts), rest[used:]

    def _take(self, text: str, parts: list[str]) -> None:
        if self.encoding in _LATIN_1 and has_controls(text):
            self.notes.append(
                Note(
                    self._offset,
                    self._line,
                    f"Line {self._line}: the file says {self.encoding} but has characters of Windows-1252; "
                    "read as such. Ask the sender for UTF-8.",
                )
            )
            text = controls_as_letters(text)
        parts.append(text)
        self._offset += len(text)
        self._line += text.count("\n")

    def _repair(self, bad: bytes) -> str:
        shown = " ".join(f"0x{byte:02X}" for byte in bad[:4])
        read = "" if self.encoding in _UNITS else _as_1252(bad)
        outcome = f"read as Windows-1252: “{read}”" if read else "left out"
        self.notes.append(
            Note(
                self._offset,
                self._line,
                f"Line {self._line}: {shown} is not {self.encoding.upper()}; {outcome}. "
                "Compare with the book and ask the sender for UTF-8.",
            )
        )
        return read


_C1 = re.compile("[\x80-\x84\x86-\x9f]")
_C1_BYTES = bytes(code for code in range(0x80, 0xA0) if code != 0x85)


def has_controls(text: str) -> bool:
    """Whether control characters stand in the text that are letters in Windows-1252."""
    if text.isascii():
        return False
    data = text.encode("latin-1", "ignore")  # to leave out bytes is many times faster than to search for them
    return len(data.translate(None, _C1_BYTES)) < len(data)


def controls_as_letters(text: str) -> str:
    """The text with these letters of Windows-1252 in place of control characters."""
    return _C1.sub(lambda found: _as_1252(found[0].encode("latin-1")), text)


_HIGH = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xC0)) + "".join(
    chr(code) for code in range(0x80, 0xA0)
)
_TWICE = re.compile(f"[\u00c2-\u00f4][{re.escape(_HIGH)}]{{1,3}}")


def undo_double_encoding(text: str) -> tuple[str, str]:
    """Text in which “â€™” is the apostrophe again that it was, and the first such place or "".

    That is UTF-8 read as Windows-1252 once on its way to us. Only letters that make sense as UTF-8 are changed.
    """
    if not any(lead in text for lead in _LEADS):
        return text, ""
    first = ""

    def undo(found: re.Match[str]) -> str:
        nonlocal first
        try:
            meant = b"".join(_byte(c) for c in found[0]).decode("utf-8")
        except UnicodeDecodeError:
            return found[0]
        first = first or found[0]
        return meant

    return (_TWICE.sub(undo, text), first) if _TWICE.search(text) else (text, "")


def _byte(character: str) -> bytes:
    return character.encode("cp1252") if character not in _UNDEFINED else character.encode("latin-1")


_LEADS = "ÂÃâÄÅÐÑÎÏ"
"""Letters with which almost all such places begin: a quick look before a slow one."""
_UNDEFINED = frozenset(chr(code) for code in range(0x80, 0xA0))


def _as_1252(data: bytes) -> str:
    """Bytes as Windows-1252; the five that it leaves undefined are dropped."""
    return data.decode("cp1252", "ignore")


def _decoder(encoding: str) -> Decode:
    if encoding in ("utf-8", *_UNITS):
        return getattr(codecs, f"{encoding.replace('-', '_')}_decode")  # type: ignore[no-any-return]
    codec = codecs.lookup(encoding)
    incremental = codec.incrementaldecoder
    if incremental is None or not _keeps_state(encoding):
        return lambda data, errors, final: codec.decode(data, errors)
    state = incremental("strict")

    def decode(data: bytes, errors: str, final: bool) -> tuple[str, int]:
        try:
            return state.decode(data, final), len(data)
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                f"The file is not in the encoding {encoding} that it declares ({error.reason}). "
                "Ask the sender for UTF-8."
            ) from error

    return decode


def _keeps_state(encoding: str) -> bool:
    """Whether one character may take several bytes, so that a piece can end inside one."""
    try:
        return len(bytes(range(256)).decode(encoding, "replace")) != 256
    except UnicodeDecodeError:
        return True


def _read_some(stream: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes: a raw stream may hand them out in smaller portions."""
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            break
        data += more
    return data
