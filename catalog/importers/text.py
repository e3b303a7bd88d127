"""Texts and names as feeds send them, made fit for a page.

Senders mix up plain text, HTML and HTML escaped once or twice, whatever they declare, so the content
decides. What comes out is a short list of harmless elements without attributes, or plain text.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

import langcodes
import nh3

ALLOWED = frozenset({"p", "br", "em", "strong", "i", "b", "ul", "ol", "li", "sub", "sup", "blockquote"})
MAX_TITLE = 255
"""Longest title that the site can hold (a page of Wagtail)."""
ABSURD_TITLE = 2_000
"""From here on it is not a title but something else in its field."""
MAX_TEXT = 100_000
"""Longest description in characters; the longest real ones have some 10,000."""

_SPACE = re.compile(r"[\s\u200b\u2060\ufeff]{2,}|[^\S ]|[\u200b\u2060\ufeff]")
"""White space that is more or other than a single blank."""
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9:._-]*(?:\s[^<>]*)?/?>")
_ESCAPED_TAG = re.compile(r"&(?:amp;)*lt;/?[a-zA-Z]")
_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_BLOCK = re.compile(r"<(?:p|ul|ol|li|blockquote|div|h[1-6]|table)\b", re.IGNORECASE)
_HEADING = re.compile(r"<(/?)(?:div|h[1-6]|tr|dd|dt|section|article)\b[^<>]*>", re.IGNORECASE)
_EMPTY = re.compile(r"<(p|em|strong|i|b|li|ul|ol|sub|sup|blockquote)>(?:\s|&nbsp;|\xa0|<br>)*</\1>")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_BREAKING = re.compile(r"<(?:br|/p|/li|/div|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_TEXT_ONLY = nh3.Cleaner(tags=set())
_HARMLESS = nh3.Cleaner(tags=set(ALLOWED), attributes={}, link_rel=None)


def plain(value: str) -> str:
    """One line of text: entities resolved, tags dropped, white space made single blanks."""
    if "&" in value or "<" in value:
        value = _unescape(value)
        if _TAG.search(value):
            value = html.unescape(_TEXT_ONLY.clean(_BREAKING.sub(" ", value)))
    return " ".join(value.split()) if value.isascii() else _SPACE.sub(" ", value).strip()


def rich(value: str) -> str:
    """Sanitised HTML with the elements of `ALLOWED`, no attributes; plain text gets its paragraphs."""
    value = value.strip()[:MAX_TEXT]
    if not value:
        return ""
    if "&" in value:
        value = _unescape(value)
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if not _TAG.search(value):
        return _paragraphs(html.escape(value, quote=False))
    value = _HARMLESS.clean(_HEADING.sub(r"<\1p>", value))
    if not _BLOCK.search(value):
        value = _paragraphs(value)
    for _ in range(3):  # what was emptied may empty what it stood in
        value, emptied = _EMPTY.subn("", value)
        if not emptied:
            break
    return value.strip()


def _paragraphs(value: str) -> str:
    parts = (part.strip() for part in _BLANK_LINE.split(value))
    return "".join(f"<p>{_SPACE.sub(' ', part)}</p>" for part in parts if part)


def _unescape(value: str) -> str:
    """Undo escaping that was done once or twice too often; text that has real tags already is let be."""
    for _ in range(2):
        if _TAG.search(value):
            return value
        if not (_ESCAPED_TAG.search(value) or _ENTITY.search(value)):
            return value
        value = html.unescape(value)
    return value


# --- Names -------------------------------------------------------------------------------------------

_NOBODY = re.compile(r"(?:no|not)\s+(?:author|a\s+book|applicable|available)\b.*|unknown|none|n/?a|author|tba", re.I)
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|ph\.?d|md|m\.d|esq|obe|cbe|mbe)\.?", re.IGNORECASE)


def is_nobody(name: str) -> bool:
    """Whether the field of a name says that there is none ("No author provided", "<=")."""
    return _NOBODY.fullmatch(name) is not None or not any(c.isalpha() for c in name)


def is_suffix(word: str) -> bool:
    """Whether it belongs behind a name: "Jr.", "III"."""
    return _SUFFIX.fullmatch(word) is not None


def turn_round(inverted: str) -> tuple[str, str]:
    """Name as it is said and as it files, from one that begins with the key name.

    "Sjöwall, Maj" is sure. Without a comma only two capitalised words are turned ("Morton Kate"): with more
    nobody can tell where the key name ends, and departments ("A&U POS", "Faber pos") stay what they are.
    """
    key, comma, rest = inverted.partition(",")
    key, rest = key.strip(), rest.strip()
    if comma and key and rest:
        if ";" in inverted or "&" in inverted or "," in rest and not _SUFFIX.fullmatch(rest.rsplit(",", 1)[1].strip()):
            return inverted, ""
        if _SUFFIX.fullmatch(rest):
            return f"{key}, {rest}", ""
        rest, _, suffix = rest.partition(",")
        said = f"{rest.strip()} {key}"
        return (f"{said}, {suffix.strip()}" if suffix else said), inverted
    words = inverted.split()
    if len(words) == 2 and all(_is_name(word) for word in words):
        return f"{words[1]} {words[0]}", f"{words[0]}, {words[1]}"
    return inverted, ""


def _is_name(word: str) -> bool:
    return word[0].isupper() and "&" not in word and ";" not in word and not (word.isupper() and "." not in word)


# --- Languages ---------------------------------------------------------------------------------------

_NO_LANGUAGE = frozenset({"", "und", "mul", "zxx", "mis"})


@lru_cache(maxsize=2_000)
def language_tag(code: str, country: str = "") -> str:
    """BCP 47 tag for an ISO 639 code ("ger" → "de"), a tag or an English name; "" where there is none.

    A country is kept only where it says something: "pt-BR" is, "fr-FR" is just "fr".
    """
    code = code.strip().replace("_", "-")
    if code.lower() in _NO_LANGUAGE or len(code) > 40:
        return ""
    try:
        language = langcodes.Language.get(code) if len(code) <= 3 or "-" in code else langcodes.find(code)
        if not language.is_valid():
            return ""
        tag = langcodes.Language.get(language.to_tag())
        region = country.strip().upper() or tag.territory
        base = tag.language or ""
        if base in _NO_LANGUAGE:
            return ""
        if not region or langcodes.Language.get(base).maximize().territory == region:
            return langcodes.standardize_tag(base)
        return langcodes.standardize_tag(f"{base}-{region}")
    except (LookupError, ValueError, langcodes.LanguageTagError):
        return ""
