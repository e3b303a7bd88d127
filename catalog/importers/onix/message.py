"""An ONIX message cut into its header and its products, each parsed on its own.

Feeds of 2 GB exist, and one broken product must not cost the others. So the text is cut at the ends of the
products (outside comments and CDATA), and each piece goes through lxml by itself: memory holds one product,
a piece that is not well-formed is one rejection with its line, and reading goes on behind it.

Nothing in front of the root element ever reaches the parser. A document type declaration, which nearly every
ONIX 2.1 file has, is therefore neither fetched nor read; one that declares entities is refused, and the HTML
entities that the DTD would have supplied are known to `repair`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from lxml import etree

from catalog.importers.decoding import Note, TextReader
from catalog.importers.onix.repair import mend, repair_letters
from catalog.importers.records import UnreadableFile

MAX_PROLOG = 1 << 20
"""Characters in front of the root element."""
MAX_PRODUCT = 5_000_000
"""Characters of one product. The longest real ones, with all sales rights spelt out, have some 200,000."""

_ROOTS = {"ONIXMessage", "ONIXmessage", "Product", "product"}
_PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_FIRST_PIECE = re.compile(r"<(?:[\w.-]+:)?(?:[Pp]roduct|[Hh]eader)[\s/>]")
_ROOT = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*))[^<>]*>")
_PARSER_OPTIONS = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def _marks(prefix: str) -> re.Pattern[str]:
    """Where sections and pieces begin and end. It begins with a fixed "<": the search is many times faster so."""
    name = f"(?:{re.escape(prefix)})?" if prefix else ""
    return re.compile(
        r"<(?:(?P<cdata>!\[CDATA\[)|(?P<comment>!--)"
        rf"|(?P<end>/{name}(?:[Pp]roduct|[Hh]eader)\s*>)"
        rf"|(?P<start>(?P<opened>{name}(?P<kind>[Pp]roduct|[Hh]eader))(?=[\s>/]))"
        rf"|(?P<close>/{name}ONIX[Mm]essage\s*>))"
    )


@dataclass(slots=True)
class Piece:
    """The header or one product. `element` is None where it is not well-formed; `fault` then says why."""

    is_header: bool
    line: int
    element: etree._Element | None
    fault: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """An opened message: the attributes of its root, then its pieces in order.

    Raises:
        UnreadableFile: it is not ONIX, or it declares entities of its own.
    """

    stream: BinaryIO
    root: str = ""
    """Local name of the root element."""
    root_tag: str = ""
    """The start tag of the root as it stands in the file."""
    broken_at: str = ""
    """After reading: where and how the file breaks off; empty where it ends as it should."""
    _text: TextReader = field(init=False)
    _chunks: Iterator[str] = field(init=False)
    _rest: str = field(init=False)
    _line: int = 1
    _offset: int = 0
    _damage: str = ""
    _wrap: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        self._text = TextReader(self.stream)
        self._chunks = iter(self._text)
        prolog = ""
        for chunk in self._chunks:
            prolog += chunk
            self._refuse_entities(prolog)
            start = self._skip_prolog(prolog)
            found = _ROOT.match(prolog, start) if start < len(prolog) else None
            if found:
                break
            if len(prolog) > MAX_PROLOG:
                raise UnreadableFile("This XML file does not begin like an ONIX message: no root element is found.")
        else:
            raise UnreadableFile("This XML file breaks off before its first element.")
        self.root, self.root_tag = found[2], found[0]
        if self.root not in _ROOTS:
            raise UnreadableFile(
                f"This XML file is not an ONIX message: its root element is <{found[1][:60]}>, "
                "where <ONIXMessage> is expected."
            )
        begin = start if self.root in ("Product", "product") else found.end()
        if "xmlns:" in self.root_tag and begin == found.end():
            self._wrap = (self.root_tag, f"</{found[1]}>")
        self._advance(prolog, 0, begin)
        self._rest = prolog[begin:]

    @staticmethod
    def _skip_prolog(text: str) -> int:
        """Where the root element begins, as far as the text goes."""
        at = 0
        while found := _PROLOG.match(text, at):
            at = found.end()
        return at

    @staticmethod
    def _refuse_entities(text: str) -> None:
        """Refuse a message that declares entities anywhere in front of its first product or header."""
        first = _FIRST_PIECE.search(text)
        if "<!ENTITY" in text[: first.start() if first else len(text)].upper():
            raise UnreadableFile(
                "The file declares entities of its own (<!ENTITY …>), which can be used to attack the reader. "
                "It is refused; ask the sender for a message without them."
            )

    def _advance(self, text: str, start: int, end: int) -> None:
        """Count the characters and lines that were passed."""
        self._offset += end - start
        self._line += text.count("\n", start, end)

    def pieces(self) -> Iterator[Piece]:
        """Header and products as they come. What stands between them is passed over."""
        parser = etree.XMLParser(encoding="utf-8", **_PARSER_OPTIONS)  # type: ignore[arg-type]
        tag = self.root_tag[1:].split(None, 1)[0].rstrip(">/")
        marks = _marks(tag[: -len(self.root)])
        closed = self.root in ("Product", "product")
        buffer = self._rest
        at = 0  # up to here the buffer was looked at
        done = 0  # up to here lines and characters were counted; behind it begins the piece that is open
        is_open = is_header = oversized = is_last = False
        opening = closing = ""
        while True:
            if is_open and not oversized:
                # By far the most products are plain: no section inside, closed as they were opened.
                following = buffer.find(opening, at)
                end = buffer.find(closing, at, following if following >= 0 else len(buffer))
                if end >= 0 and buffer.find("<!", at, end) < 0:
                    at = end + len(closing)
                    yield self._parse(buffer[done:at], is_header, parser)
                    self._advance(buffer, done, at)
                    done, is_open = at, False
                    continue
            mark = marks.search(buffer, at)
            in_section = False
            if mark and (mark["cdata"] or mark["comment"]):
                opener, closer = ("<![CDATA[", "]]>") if mark["cdata"] else ("<!--", "-->")
                end = buffer.find(closer, mark.end())
                limit = end if end >= 0 else len(buffer)
                is_endless = end < 0 and (is_last or limit - mark.start() > MAX_PRODUCT)
                if is_endless or buffer.find(opener, mark.end(), limit) >= 0:
                    # It was never closed; the end that was found is that of another one.
                    ended = next(
                        (found.end() for found in marks.finditer(buffer, mark.end(), limit) if found["end"]), 0
                    )
                    if is_open and not oversized and ended:
                        fault = "a comment or a CDATA section in it is never closed"
                        yield Piece(is_header, self._line, None, fault, self._warnings(ended - done))
                        self._advance(buffer, done, ended)
                        at, done, is_open = ended, ended, False
                        continue
                    if is_endless or not is_open:
                        at = mark.end()
                        continue
                if end >= 0:
                    at = end + 3
                    continue
                at, in_section = mark.start(), True
            elif mark and mark["start"]:
                if is_open and not oversized:
                    # The one before was never closed: it is lost, this one need not be.
                    warnings = self._warnings(mark.start() - done)
                    yield Piece(is_header, self._line, None, "it is never closed", warnings)
                self._advance(buffer, done, mark.start())
                done, at = mark.start(), mark.end()
                is_open, is_header, oversized = True, mark["kind"].lower() == "header", False
                opening, closing = f"<{mark['opened']}>", f"</{mark['opened']}>"
                continue
            elif mark and mark["end"]:
                at = mark.end()
                if is_open:
                    if not oversized:
                        yield self._parse(buffer[done:at], is_header, parser)
                    self._advance(buffer, done, at)
                    done, is_open = at, False
                continue
            elif mark:
                closed, at = True, mark.end()
                continue
            chunk = self._next()
            if chunk is None and in_section and not is_last:
                is_last = True
                continue
            if chunk is None:
                break
            if not in_section:
                # A mark may be cut by the end of the chunk: look again at as much as the longest one takes.
                at = max(at, len(buffer) - 80)
            if is_open and len(buffer) - done > MAX_PRODUCT:
                if not oversized:
                    fault = f"it is longer than {MAX_PRODUCT:,} characters"
                    yield Piece(is_header, self._line, None, fault)
                oversized = True
            if oversized or not is_open:
                self._advance(buffer, done, at)
                done = at
            buffer = buffer[done:] + chunk
            at, done = at - done, 0
        self._end(buffer[done:], is_open, closed)

    def _next(self) -> str | None:
        """More text, or None at the end, be it that of the file or of what can be read of it."""
        try:
            return next(self._chunks, None)
        except UnreadableFile as error:
            self._damage = str(error)
            return None

    def _end(self, rest: str, is_open: bool, closed: bool) -> None:
        begun = self._line
        self._advance(rest, 0, len(rest))
        if is_open:
            self.broken_at = f"line {self._line}, inside the product that begins in line {begun}"
        elif self._damage or not closed:
            self.broken_at = f"line {self._line}, before the end of the message"
        if self._damage:
            self.broken_at += f" ({self._damage.rstrip('.')})"

    def _parse(self, text: str, is_header: bool, parser: etree.XMLParser) -> Piece:
        warnings = self._warnings(len(text))
        if not text.isascii() or "&#1" in text:
            text = repair_letters(text, warnings)
        before, after = self._wrap
        try:
            element = etree.fromstring(f"{before}{text}{after}".encode(), parser)
        except (etree.XMLSyntaxError, ValueError):
            # Only now, since it is rare: what stops a parser may be an entity or a control character.
            mended = mend(text, self._line, warnings)
            try:
                element = etree.fromstring(f"{before}{mended}{after}".encode(), parser)
            except etree.XMLSyntaxError as error:
                line = self._line + max(error.lineno or 1, 1) - 1 - before.count("\n")
                message = str(error.msg or "").split(", line ")[0]
                return Piece(is_header, self._line, None, f"line {line} is not well-formed XML ({message})", warnings)
            except ValueError as error:
                return Piece(is_header, self._line, None, f"it cannot be read ({error})", warnings)
        if before:
            element = element[0]
        return Piece(is_header, self._line, element, "", warnings)

    def _warnings(self, length: int) -> list[str]:
        """Take the notes of the decoder that fall into the piece: the first few, and how many more."""
        notes = self._text.notes
        count = next((i for i, note in enumerate(notes) if note.offset >= self._offset + length), len(notes))
        taken: list[Note] = notes[:count]
        if taken:
            del notes[:count]
        found = [note.message for note in taken[:3]]
        if count > 3:
            found.append(f"{count - 3:,} more places of the record were not in the encoding of the file.")
        return found
