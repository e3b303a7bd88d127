"""The typographic covers: the same words, the same cover; the words fit and can be read."""

from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings
from lxml import etree

from catalog.templatetags import covers

BOOKS = [
    ("Emma", "Jane Austen"),
    ("The Odyssey", "Homer, translated by Emily Wilson"),
    ("It", "Stephen King"),
    ("We", ""),
    ("1984", "George Orwell"),
    ("Les Fleurs du mal", "Charles Baudelaire"),
    ("Война и мир", "Лев Толстой"),
    ("紅樓夢", "曹雪芹"),
    ("吾輩は猫であるとその他の長い長い物語を集めた全集", "夏目漱石"),
    ("ألف ليلة وليلة", "مجهول"),
    ("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz", "N. N."),
    ("Tom & Jerry <script>alert(1)</script>", 'A "quoted" author & son'),
    ("The Strange Case of Dr Jekyll and Mr Hyde, and Other Tales of Terror and Mystery " * 3, "R. L. Stevenson " * 12),
    ("…", "?"),
]


def book(title: str, byline: str) -> SimpleNamespace:
    return SimpleNamespace(title=title, byline=byline)


def every_drawing(title: str, byline: str) -> list[str]:
    """The book in every layout and with every palette."""
    return [
        layout(title, byline, palette, covers.Chance(title, byline))
        for layout in covers.LAYOUTS
        for palette in covers.PALETTES
    ]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", covers.PALETTES, ids=lambda palette: palette.ground)
def test_every_text_colour_can_be_read_on_its_ground(palette: covers.Palette) -> None:
    assert contrast(palette.ink, palette.ground) >= 4.5
    assert contrast(palette.print, palette.plate) >= 4.5


@pytest.mark.parametrize(("title", "byline"), BOOKS)
def test_words_fit_the_cover_in_every_layout(title: str, byline: str) -> None:
    for drawing in every_drawing(title, byline):
        root = etree.fromstring(f"<svg>{drawing}</svg>")
        for text in root.iter("text"):
            size = float(text.get("font-size", "0"))
            face = text.get("class", "").removeprefix("cover-")
            for span in text.iter("tspan"):
                width = covers.text_width(span.text or "", face) * size  # type: ignore[arg-type]
                x, y = float(span.get("x", "0")), float(span.get("y", "0"))
                left = {"middle": x - width / 2, "end": x - width}.get(text.get("text-anchor", ""), x)
                assert left >= 8, (title, span.text)
                assert left + width <= covers.WIDTH - 8 + 0.5, (title, span.text)
                assert size * 0.7 <= y <= covers.HEIGHT - 6, (title, span.text)


@pytest.mark.parametrize(("title", "byline"), BOOKS)
def test_the_markup_is_well_formed_escaped_and_needs_no_inline_style(title: str, byline: str) -> None:
    markup = covers.typographic_cover(book(title, byline), labelled=True)
    etree.fromstring(markup)
    assert "<script" not in markup
    assert not re.search(r"\sstyle=|\sid=|\son\w+=", markup)


def test_an_ordinary_title_is_shown_whole() -> None:
    for drawing in every_drawing("The Importance of Being Earnest and Other Plays", "Oscar Wilde"):
        words = " ".join(etree.fromstring(f"<svg>{drawing}</svg>").itertext())
        assert "…" not in words
        assert "Earnest" in words


def test_a_very_long_title_is_cut_short_with_an_ellipsis() -> None:
    setting = covers.set_text("word " * 200, width=100, height=50, largest=20, smallest=9)
    assert setting.lines[-1].endswith("…")
    assert setting.height <= 50


def test_lines_are_balanced() -> None:
    setting = covers.set_text("Pride and Prejudice", width=100, height=80, largest=20, smallest=9)
    assert setting.lines == ("Pride and", "Prejudice")


def test_the_same_words_give_the_same_cover_in_another_process() -> None:
    code = (
        "import django; django.setup(); "
        "from catalog.templatetags.covers import drawing; print(drawing('Emma', 'Jane Austen', 'Jane Austen'), end='')"
    )
    other = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=settings.BASE_DIR,
        env={"DJANGO_SETTINGS_MODULE": "booktime.settings.test", "PYTHONHASHSEED": "7", "PATH": ""},
    )
    assert other.stdout == covers.drawing("Emma", "Jane Austen", "Jane Austen")


def test_a_cover_is_the_same_in_every_language_but_for_the_words() -> None:
    inks = set()
    for byline in ("Homer, translated by Emily Wilson", "Homer, traduit par Emily Wilson"):
        book = SimpleNamespace(title="The Odyssey", byline=byline, names="Homer, Emily Wilson")
        inks.add(tuple(re.findall(r'fill="(#\w+)"', covers.typographic_cover(book))))
    assert len(inks) == 1


def test_the_byline_changes_the_cover() -> None:
    drawings = {covers.drawing("Selected Poems", f"Poet {number}", f"Poet {number}") for number in range(20)}
    assert len(drawings) == 20


def test_a_shop_full_of_covers_uses_every_layout_and_palette() -> None:
    chances = [covers.Chance(f"Book {number}", "Somebody") for number in range(500)]
    pairs = {(chance.below(len(covers.LAYOUTS)), chance.below(len(covers.PALETTES))) for chance in chances}
    assert {layout for layout, _ in pairs} == set(range(len(covers.LAYOUTS)))
    assert {palette for _, palette in pairs} == set(range(len(covers.PALETTES)))


def test_beside_its_title_a_cover_is_silent_and_alone_it_says_what_it_is() -> None:
    assert 'aria-hidden="true"' in covers.typographic_cover(book("Emma", "Jane Austen"))
    alone = covers.typographic_cover(book("Emma", "Jane Austen"), labelled=True)
    assert 'role="img" aria-label="Emma, Jane Austen"' in alone
