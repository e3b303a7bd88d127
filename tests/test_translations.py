"""What shoppers read is there in every language of the shop; what only staff read may be English."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOMS = ("accounts", "catalog", "commerce", "core", "home", "templates")
OFFICE = re.compile(
    r"/office/|/admin/|viewsets|wagtail_hooks|panels|price_(forms|views|lists|sums)|checks\.py|management/|importers/"
    r"|bulk_actions|blocks\.py|held_back|stock_views|catalog/forms\.py|accounting|bank_(files|statements)"
    r"|models/(law|bank|calendar|sandbox|seller|importing|tax|feeds|addresses|listing|consent|modals|navigation|prices"
    r"|invoice)\.py|core/(mail/models|models|approval)\.py|(commerce|home|accounts)/(own_)?privacy\.py"
    r"|home/(consent/(code|hosts)|modals/)|modal_figures|/tests/|/migrations/"
)
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "ngettext_lazy": (1, 2), "pgettext_lazy": ((1, "c"), 2)}
SLOT = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%s|%d|<[^>]+>")


@cache
def spoken(code: str) -> dict[tuple[str, str | None], str]:
    """What the catalogue of a language says, by sentence (its singular) and context."""
    with catalogue(code).open("rb") as file:
        return {(_first(one.id), one.context): _first(one.string) for one in read_po(file, locale=code) if one.id}


def catalogue(code: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / code / "LC_MESSAGES" / "django.po"


def _first(words: str | tuple[str, ...] | list[str]) -> str:
    return words if isinstance(words, str) else words[0]


def sentences() -> set[tuple[str, str | None]]:
    """What the code and the templates say to shoppers."""
    found = set()
    for room in ROOMS:
        for path in sorted((settings.BASE_DIR / room).rglob("*")):
            name = str(path.relative_to(settings.BASE_DIR))
            if path.suffix not in {".py", ".html", ".txt"} or OFFICE.search(name):
                continue
            source = path.read_text()
            if path.suffix != ".py":
                source = "\n".join(line.strip() for line in templatize(source).splitlines())
            for _line, words, _comments, context in extract(
                "python", io.BytesIO(source.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"}
            ):
                found.add((_first(words), context))
    return {(words, context) for words, context in found if words}


OTHERS = [code for code, _name in settings.LANGUAGES if code != "en-gb"]


@pytest.mark.pure
@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_for_shoppers_is_translated(code):
    missing = sorted(words for words, context in sentences() if not spoken(code).get((words, context)))

    assert missing == []


@pytest.mark.pure
@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_fills_in_what_the_sentence_does(code):
    with catalogue(code).open("rb") as file:
        entries = [one for one in read_po(file, locale=code) if one.id]
    wrong = []
    for one in entries:
        asked, said = ([words] if isinstance(words, str) else list(words) for words in (one.id, one.string))
        wanted = set(SLOT.findall(asked[-1]))
        wrong += [text for text in said[-1:] if text and set(SLOT.findall(text)) != wanted]
        wrong += [text for text in said[:-1] if text and not set(SLOT.findall(text)) <= wanted]
    assert wrong == []


@pytest.mark.pure
@pytest.mark.parametrize("code", OTHERS)
def test_the_compiled_catalogue_is_that_of_the_sentences(code):
    with catalogue(code).with_suffix(".mo").open("rb") as file:
        found = [one for one in read_mo(file) if one.id]
    # Babel reads contexts back as bytes.
    compiled = {(_first(one.id), one.context and bytes(one.context).decode()): _first(one.string) for one in found}

    said = {words: text for words, text in spoken(code).items() if text}
    assert {words: text for words, text in compiled.items() if words in said} == said, "run `make messages`"
