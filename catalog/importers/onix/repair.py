"""What a product's XML needs before a parser takes it, or takes it as it was meant: letters and entities."""

from __future__ import annotations

import html.entities
import re

from catalog.importers.decoding import controls_as_letters, has_controls, undo_double_encoding

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_C1_REFERENCE = re.compile("&#(1(?:2[89]|[345][0-9]));")
_UNUSUAL_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#39|#34|#38);)")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,8});|#[xX]([0-9a-fA-F]{1,7});|([A-Za-z][A-Za-z0-9]*);)?")
_SECTION = re.compile(r"<!\[CDATA\[.*?\]\]>|<!--.*?-->", re.DOTALL)
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


def repair_letters(text: str, warnings: list[str]) -> str:
    """Letters that XML lets pass although they are none: encoded twice, or numbered as in Windows-1252."""
    text, twice = undo_double_encoding(text)
    if twice:
        warnings.append(f"“{twice}” is UTF-8 that was encoded twice; read as it was meant. Tell the sender.")
    if has_controls(text):
        warnings.append("Control characters of Windows-1252 stand for letters; read as these. Tell the sender.")
        text = controls_as_letters(text)
    return _C1_REFERENCE.sub(lambda found: bytes([int(found[1])]).decode("cp1252", "ignore"), text)


def mend(text: str, line: int, warnings: list[str]) -> str:
    """Text that an XML parser takes: named HTML entities supplied, characters that XML forbids left out."""
    bad = _FORBIDDEN.search(text)
    if bad:
        where = line + text.count("\n", 0, bad.start())
        warnings.append(
            f"Line {where}: control character 0x{ord(bad[0]):02X} left out; compare the text around it with the book."
        )
        text = _FORBIDDEN.sub("", text)
    if _UNUSUAL_REFERENCE.search(text) is None:
        return text
    done, parts = 0, []
    for section in _SECTION.finditer(text):
        parts.append(_references(text[done : section.start()], warnings))
        parts.append(section[0])
        done = section.end()
    parts.append(_references(text[done:], warnings))
    return "".join(parts)


def _references(text: str, warnings: list[str]) -> str:
    def supply(found: re.Match[str]) -> str:
        decimal, hexadecimal, name = found.groups()
        if name in _XML_NAMES:
            return found[0]
        if name:
            known = html.entities.html5.get(f"{name};")
            if known:
                return "".join(f"&#{ord(c)};" for c in known)
            warnings.append(f"“&{name[:30]};” is no known entity; kept as it stands.")
            return f"&amp;{name};"
        if decimal or hexadecimal:
            number = int(decimal) if decimal else int(hexadecimal, 16)
            if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF or _FORBIDDEN.match(chr(number)):
                warnings.append(f"“{found[0]}” is a character that XML forbids; left out.")
                return ""
            return found[0]
        if not any(warning.startswith("A bare “&”") for warning in warnings):
            warnings.append("A bare “&” stands where “&amp;” is due; read as “&”.")
        return "&amp;"

    return _REFERENCE.sub(supply, text)
