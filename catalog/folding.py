"""How words are made alike for finding and for filing: one function for what is stored and what is asked."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = re.compile("['’ʼ‘`´]")
_WORD = re.compile(r"[^\W_]+")
_INITIALS = re.compile(r"(?:\b[^\W\d_] ){2,}")
_TRANSLATION = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ł": "l", "Ł": "l"}
    | {"đ": "d", "Đ": "d", "ı": "i", "þ": "th", "Þ": "th", "ð": "d"}
)
LONGEST_WORD = 64


def words(text: str) -> list[str]:
    """The words of a text in lower case, without accents and signs: "L’Été d’Anaïs" is lete, danais."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.translate(_TRANSLATION))
        text = "".join(character for character in decomposed if not "\u0300" <= character <= "\u036f")
    return [word[:LONGEST_WORD] for word in _WORD.findall(_APOSTROPHES.sub("", text).lower())]


def fold(text: str) -> str:
    """The words of a text with one blank between them."""
    return " ".join(words(text))


def joined_initials(folded: str) -> str:
    """The initials of a folded name as one word, so that "JRR Tolkien" finds J. R. R. Tolkien; else nothing."""
    return " ".join(run.replace(" ", "") for run in _INITIALS.findall(folded + " "))
