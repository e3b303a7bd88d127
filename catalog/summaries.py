"""A book in a few plain words: for search engines, feeds and social cards."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

SHORT = 155
"""Characters that search engines show of a description."""

_MARKUP = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"</(?:p|li|h\d|blockquote)>|<br\s*/?>", re.IGNORECASE)
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """The words of rich text in one line, without markup and without characters that no XML may hold."""
    return clean(html.unescape(_MARKUP.sub("", _BREAK.sub(" ", text))))


def clean(text: str) -> str:
    """A plain text in one line, without characters that no XML may hold."""
    return " ".join(_NOT_TEXT.sub("", text).split())


def first_words(text: str, limit: int = SHORT) -> str:
    """As many whole words as fit into `limit` characters; an ellipsis says that there are more."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    words = cut if text[limit - 1].isspace() else cut.rpartition(" ")[0]
    return f"{(words or cut).rstrip(' ,;:–-')}…"


def description_of(short: str, blocks: Iterable[Mapping[str, Any]], limit: int = SHORT) -> str:
    """The book in one sentence, else the first words of its description; nothing where there are neither.

    Args:
        blocks: what a description holds in the database: type and value of each block.
    """
    if short.strip():
        return first_words(plain(short), limit)
    texts = []
    size = 0
    for block in blocks:
        if block["type"] == "text" and isinstance(block["value"], str):
            texts.append(plain(block["value"]))
            size += len(texts[-1])
            if size > limit:
                break
    return first_words(" ".join(texts), limit)
