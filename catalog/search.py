"""Finding books by words. ADR 0003.

Candidates come in tiers, the best first, and never more than `MOST` of them: titles that begin with the
query, names that hold all its words, then texts. Only those are compared and ranked, so the cost does not
grow with the catalogue. Both databases give the same order, because it is made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from rapidfuzz.distance import OSA

from catalog import isbn as isbns
from catalog.addresses import tag_url
from catalog.faces import Card, card_of_face
from catalog.facets import State
from catalog.folding import fold, words
from catalog.models.editions import Edition
from catalog.models.listing import SHORTEST_LEARNED, BookListing, SearchWord
from catalog.models.people import Tag

MOST = 480
"""Candidates of a tier that are looked at, twenty pages: a shopper who gets more needs other words."""
LONGEST_QUERY = 200
MOST_WORDS = 10
SUGGESTED = 6
_TITLES = 200
_FOR_SUGGESTIONS = 100
_SLICE = 8192
"""Books of a slice, by id: as the functions of migration 0007 have it."""
_LAST = "\U0010ffff"
_SHORTEST_PREFIX = 3
"""Letters from which a word that is being typed is taken as a beginning; two letters begin too many."""
_ENOUGH = 24
"""With so many books that have the whole word, it is not also taken as a beginning."""
_FEWEST_TYPED = 2
_SHORT = 5
"""Letters up to which a word is taken to have one typing error at most; a longer one may have two."""
_MOST_VOCABULARY = 5_000

_ROWS = "SELECT page_id, substr(names, 1, 400) FROM catalog_booklisting"
"""The ranking compares the first 400 characters of the names: title, subtitle and people."""
_FTS5_NAMES = "SELECT rowid, substr(names, 1, 400) FROM catalog_names WHERE catalog_names MATCH %s ORDER BY rowid DESC"
_FTS5_WORDS = "SELECT rowid, '' FROM catalog_words WHERE catalog_words MATCH %s ORDER BY rowid DESC"


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of books, best first."""

    ids: Sequence[int]
    is_capped: bool


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What may be meant by the beginning of a query."""

    books: list[Card]
    contributors: list[dict[str, str]]
    tags: list[dict[str, str]]


def cleaned(query: str) -> str:
    """A query as it is shown and searched: without control characters, not too long."""
    return " ".join("".join(c if c.isprintable() else " " for c in query[:LONGEST_QUERY]).split())


def book_with_isbn(query: str) -> str | None:
    """The slug of the one live book that has this ISBN, written with hyphens, blanks or as ISBN-10; else None."""
    if not isbns.looks_like_isbn(query):
        return None
    try:
        number = isbns.to_isbn13(query)
    except isbns.InvalidISBN:
        return None
    return (
        Edition.objects.filter(isbn=number, is_active=True, product__listing__is_live=True)
        .values_list("product__slug", flat=True)
        .first()
    )


def find(query: str, state: State) -> Found:
    """The live books that match a query, best first, at most `MOST` of them."""
    asked = words(query)[:MOST_WORDS]
    if not asked:
        return Found((), False)
    newest = state.live.max() if state.live else 0
    names, titles = _matching((_by_names(asked, newest), MOST), (_by_title(asked), _TITLES))
    beginnings, texts = _matching(
        (_by_beginnings(asked) if len(names) < _ENOUGH else None, MOST),
        # Those that hold the words anywhere are the same and more: this tier is cut only where the catalogue has more.
        (_by_words(asked, newest) if len(names) < MOST else None, MOST),
    )
    places = dict(names) | dict(beginnings) | dict(titles)
    ranked = _ranked(asked, places, {page_id for page_id, _names in texts} - places.keys(), state)
    return Found(ranked[:MOST], max(map(len, (names, beginnings, texts))) >= MOST)


def correct(query: str) -> str | None:
    """The query with each unknown word replaced by the nearest known one; None where nothing is near.

    Words too short to be learned (“of”, initials) stay as they are.
    """
    asked = words(query)[:MOST_WORDS]
    known = set(SearchWord.objects.filter(word__in=asked).values_list("word", flat=True))
    unknown = {word for word in asked if len(word) >= SHORTEST_LEARNED and word not in known and not word.isdecimal()}
    nearest = _nearest(unknown)
    if not unknown or unknown - nearest.keys():
        return None
    return " ".join(nearest.get(word, word) for word in asked)


def suggest(query: str, state: State) -> Suggestions:
    """Books, contributors and tags that the beginning of a query may mean, or what it may have been meant to be.

    Three queries; three more where nothing begins so.
    """
    asked = words(query)[:MOST_WORDS]
    if not state.live or len("".join(asked)) < _FEWEST_TYPED:
        return Suggestions([], [], [])
    tiers = (_by_title(asked), _by_names(asked, state.live.max()), _by_beginnings(asked))
    names = {
        page_id: lines for found in _matching(*((tier, _FOR_SUGGESTIONS) for tier in tiers)) for page_id, lines in found
    }
    ranked = [page_id for page_id in _ranked(asked, names, (), state) if page_id in state.live]
    tags = _tags_named(query, state)
    if not (ranked or tags) and (meant := correct(query)):
        return suggest(meant, state)
    people = _people_among(asked, names)
    rows = BookListing.objects.only("face", "offers").in_bulk([*ranked[:SUGGESTED], *people.values()])
    now = timezone.now()
    return Suggestions(
        books=[
            card_of_face(rows[page_id].face, rows[page_id].offers, now)
            for page_id in ranked[:SUGGESTED]
            if page_id in rows
        ],
        contributors=[
            {"name": name, "url": reverse("catalog:contributor", args=[slug])}
            for key, page_id in people.items()
            if page_id in rows
            for name, slug in {(name, slug) for name, slug, _role in rows[page_id].face["people"] if fold(name) == key}
        ],
        tags=[{"name": tag.name, "url": tag_url(tag.slug)} for tag in tags],
    )


# --- Candidates ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Statement:
    sql: str
    parameters: tuple[str, ...]


def _matching(*tiers: tuple[_Statement | None, int]) -> list[list[tuple[int, str]]]:
    """Ids and names of the candidates of each tier, at most as many as its limit; one query for all."""
    found: list[list[tuple[int, str]]] = [[] for _tier in tiers]
    wanted = [(number, statement, limit) for number, (statement, limit) in enumerate(tiers) if statement]
    if wanted:
        parts = (
            f"SELECT {number}, t{number}.* FROM ({statement.sql} LIMIT %s) t{number}"  # noqa: S608 - our own text
            for number, statement, _limit in wanted
        )
        values: list[str | int] = [
            value for _number, statement, limit in wanted for value in (*statement.parameters, limit)
        ]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            for number, page_id, names in cursor.fetchall():
                found[number].append((page_id, names))
    return found


def _by_title(asked: Sequence[str]) -> _Statement:
    """Books whose title files under the query, by the title index."""
    begin = " ".join(asked)
    return _Statement(
        f"{_ROWS} WHERE is_live AND title_key >= %s AND title_key < %s ORDER BY title_key",
        (begin, begin + _LAST),
    )


def _by_names(asked: Sequence[str], newest: int) -> _Statement:
    """Books whose names hold all words."""
    if connection.vendor == "postgresql":
        return _newest_first("catalog_names(names, page_id)", "pg_catalog.simple", asked, newest)
    return _Statement(_FTS5_NAMES, (" ".join(f'"{word}"' for word in asked),))


def _by_beginnings(asked: Sequence[str]) -> _Statement | None:
    """Books whose names hold all words, of the last one its beginning; None where that is too short."""
    *whole, last = asked
    if len(last) < _SHORTEST_PREFIX and last.isascii():
        return None
    if connection.vendor == "postgresql":
        return _Statement(
            f"{_ROWS} WHERE catalog_names(names, page_id) @@ to_tsquery('pg_catalog.simple', %s)",
            (" & ".join([*(f"'{word}'" for word in whole), f"'{last}':*"]),),
        )
    return _Statement(_FTS5_NAMES, (" ".join([*(f'"{word}"' for word in whole), f'"{last}"*']),))


def _by_words(asked: Sequence[str], newest: int) -> _Statement:
    """Books whose names, tags and description hold all words, in any of their forms."""
    if connection.vendor == "postgresql":
        return _newest_first("catalog_words(names, body, page_id)", "pg_catalog.english", asked, newest)
    return _Statement(_FTS5_WORDS, (" ".join(f'"{word}"' for word in asked),))


def _newest_first(document: str, config: str, asked: Sequence[str], newest: int) -> _Statement:
    """On PostgreSQL: the matches in the newest slices, then those anywhere else.

    A GIN index gives its whole list for a word before the first row; the lexeme of a slice lets it skip. The
    second part is not run where the first one has enough.
    """
    terms = " & ".join(f"'{word}'" for word in asked)
    slices = f"'#{newest // _SLICE}' | '#{max(0, newest // _SLICE - 1)}'"
    query = f"to_tsquery('{config}', %s)"
    # A query of nothing but stop words is empty, and empty AND a slice would be the slice.
    part = f"{_ROWS} WHERE numnode({query}) > 0 AND {document} @@"  # noqa: S608 - our own text
    return _Statement(
        f"(({part} ({query} && %s::tsquery)) UNION ALL ({part} ({query} && !!(%s::tsquery))))",
        (terms, terms, slices) * 2,
    )


# --- Order ---------------------------------------------------------------------------------------

EXACT_TITLE, EXACT_NAME, TITLE_BEGINS, IN_TITLE, IN_NAMES, IN_TEXT = range(6)


def _ranked(asked: Sequence[str], names: dict[int, str], texts: Iterable[int], state: State) -> list[int]:
    """Live books by where the words stand, then by what can be had at once, then the latest added."""
    query = " ".join(asked)
    now, buyable = state.having("a:now"), state.priced

    def rank(place: int, page_id: int) -> tuple[int, int, int]:
        return place, 0 if page_id in now else 1 if page_id in buyable else 2, -page_id

    ranks = [rank(_place(query, asked, lines), page_id) for page_id, lines in names.items() if page_id in state.live]
    ranks += [rank(IN_TEXT, page_id) for page_id in texts if page_id in state.live]
    return [-minus for _place_, _availability, minus in sorted(ranks)]


def _place(query: str, asked: Sequence[str], lines: str) -> int:
    title, *others = lines.split("\n")
    if title == query:
        return EXACT_TITLE
    if query in others:
        return EXACT_NAME
    if title.startswith(query):
        return TITLE_BEGINS
    *whole, last = asked
    in_title = title.split()
    if all(word in in_title for word in whole) and any(word.startswith(last) for word in in_title):
        return IN_TITLE
    return IN_NAMES


# --- Typing errors -------------------------------------------------------------------------------


def _nearest(unknown: Iterable[str]) -> dict[str, str]:
    """For each word the known one with the fewest typing errors; none for a word that nothing is near.

    Only words that begin or end with the same letters are compared: few, however many the vocabulary has.
    One error leaves the beginning or the end of a word as it was, and so do most pairs of errors.
    """
    errors = {word: 1 if len(word) <= _SHORT else 2 for word in unknown if len(word) >= _SHORTEST_PREFIX}
    if not errors:
        return {}
    alike = Q()
    for word, most in errors.items():
        same = min(3, (len(word) - 1) // 2)
        begin, end = word[:same], word[: -same - 1 : -1]
        alike |= Q(length__range=(len(word) - most, len(word) + most)) & (
            Q(word__gte=begin, word__lt=begin + _LAST) | Q(backwards__gte=end, backwards__lt=end + _LAST)
        )
    vocabulary = SearchWord.objects.filter(alike).order_by().values_list("word", flat=True)[:_MOST_VOCABULARY]
    near: dict[str, tuple[int, bool, int, str]] = {}
    for known in vocabulary:
        for word, most in errors.items():
            distance = OSA.distance(word, known, score_cutoff=most)
            if distance <= most:
                rank = (distance, known[0] != word[0], -len(known), known)
                near[word] = min(near.get(word, rank), rank)
    return {word: rank[-1] for word, rank in near.items()}


# --- Suggestions ---------------------------------------------------------------------------------


def _people_among(asked: Sequence[str], names: dict[int, str]) -> dict[str, int]:
    """Folded names that hold all words, most frequent first, each with a book that has it."""
    *whole, last = asked
    books: dict[str, list[int]] = {}
    for page_id, lines in names.items():
        for line in lines.split("\n")[2:]:
            parts = line.split()
            if all(word in parts for word in whole) and any(part.startswith(last) for part in parts):
                books.setdefault(line, []).append(page_id)
    frequent = sorted(books, key=lambda name: (-len(books[name]), name))[:SUGGESTED]
    return {name: books[name][0] for name in frequent}


def _tags_named(query: str, state: State) -> list[Tag]:
    """Tags with books of which a word begins with the query, whatever the accents."""
    asked = fold(query)
    return [tag for folded, tag in state.tags if asked and f" {asked}" in folded][:SUGGESTED]
