"""Covers for books that have no picture: typographic, drawn from title and byline alone.

The same title and names always give the same cover, in every language, process and machine. The drawing is
an SVG of 200 by 300 with real text; lines and sizes are chosen here, with the widths of a wide
serif and a wide sans, so that the words fit whichever font of the stack a reader has.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

WIDTH, HEIGHT = 200, 300

Face = Literal["serif", "sans", "didone"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Five printing inks. ``ink`` can be read on ``ground``, ``print`` on ``plate``; ``shape`` carries no text."""

    ground: str
    ink: str
    shape: str
    plate: str
    print: str


PALETTES = (
    Palette("#e4702c", "#1d130d", "#f6ead2", "#f8efdc", "#1d130d"),
    Palette("#1f4a3d", "#f3ead3", "#c9a24b", "#f3ead3", "#1b4034"),
    Palette("#1d2f54", "#f2e9d8", "#d65f3c", "#f2e9d8", "#1d2f54"),
    Palette("#6e1f25", "#f5e6cf", "#d9a441", "#f5e6cf", "#6e1f25"),
    Palette("#e0b040", "#1e1a12", "#a83a22", "#fbf3dd", "#1e1a12"),
    Palette("#8dbccb", "#12263a", "#f4efe2", "#f4efe2", "#12263a"),
    Palette("#efe5cf", "#23201a", "#b8351f", "#fffaf0", "#23201a"),
    Palette("#46264f", "#f2e6e0", "#e08a5b", "#f2e6e0", "#46264f"),
    Palette("#25272d", "#efe9dc", "#c8402b", "#efe9dc", "#25272d"),
    Palette("#a9b98f", "#1c2a1c", "#335239", "#f3f0de", "#1c2a1c"),
    Palette("#dfa197", "#3a1420", "#7d1f33", "#fbeee6", "#3a1420"),
    Palette("#0f5560", "#eef0e2", "#e9b44c", "#eef0e2", "#0e4750"),
)


class Chance:
    """The choices that a book's words make: an endless, repeatable row of small numbers."""

    def __init__(self, title: str, names: str) -> None:
        self._seed = hashlib.sha256(f"{title}\n{names}".encode()).digest()
        self._bytes = self._row()

    def _row(self) -> Iterator[int]:
        block = self._seed
        while True:
            yield from block
            block = hashlib.sha256(block).digest()

    def below(self, limit: int) -> int:
        """A number from 0 up to, not including, ``limit`` (at most a few dozen)."""
        return (next(self._bytes) * 256 + next(self._bytes)) % limit


# --- Setting type ------------------------------------------------------------------------------

_SERIF_WIDTHS = {
    0.26: " .,:;'’‘|!·",
    0.33: 'iljI()[]-/"“”',
    0.42: "frtJ",
    0.50: "aceszvxy?*",
    0.57: "gbdhknopqu",
    0.62: "0123456789FLPSTEB&+=–",
    0.72: "ACRKVXYZUD",
    0.80: "GHNOQw",
    0.98: "mMW—…%@",
}
_SANS_WIDTHS = {
    0.25: "ijl|.,:;'’‘!·",
    0.30: " ftI()[]-/",
    0.37: 'r"“”*',
    0.51: "csvxyzkJ?",
    0.57: "abdeghnopqu0123456789L+=–",
    0.63: "FTZ",
    0.69: "ABEKPSVXY&",
    0.75: "CDHNRUw",
    0.80: "GOQ",
    0.88: "mM%",
    1.00: "W—…@",
}


def _by_character(groups: dict[float, str]) -> dict[str, float]:
    return {character: width for width, characters in groups.items() for character in characters}


_WIDTHS: dict[Face, dict[str, float]] = {
    "serif": _by_character(_SERIF_WIDTHS),
    "sans": _by_character(_SANS_WIDTHS),
    "didone": _by_character(_SERIF_WIDTHS),
}


def text_width(text: str, face: Face, *, tracking: float = 0.0) -> float:
    """About how wide a text is, in ems, never less than it will be set."""
    widths = _WIDTHS[face]
    total = 0.0
    for character in text:
        width = widths.get(character)
        if width is None:
            base = unicodedata.normalize("NFD", character)[0]
            if unicodedata.combining(character):
                continue
            if unicodedata.east_asian_width(character) in "WF":
                width = 1.0
            else:
                width = widths.get(base, 0.78 if character.isupper() else 0.62)
        total += width + tracking
    return total


@dataclass(frozen=True, slots=True)
class Setting:
    """Words broken into lines, and the size at which they fit."""

    lines: tuple[str, ...]
    size: float
    leading: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * self.leading


def _fill(words: list[str], width: float, face: Face, tracking: float) -> list[str] | None:
    """Words in lines no wider than ``width`` ems, or None where a word alone is wider."""
    lines: list[str] = []
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if text_width(longer, face, tracking=tracking) <= width:
            line = longer
            continue
        if not line or text_width(word, face, tracking=tracking) > width:
            return None
        lines.append(line)
        line = word
    return [*lines, line] if line else lines


def _balance(words: list[str], width: float, face: Face, tracking: float) -> list[str] | None:
    """As few lines as ``width`` needs, and those as even as they can be."""
    lines = _fill(words, width, face, tracking)
    if lines is None or len(lines) < 2:
        return lines
    narrow, wide = width / len(lines) * 0.8, width
    for _ in range(7):
        middle = (narrow + wide) / 2
        tried = _fill(words, middle, face, tracking)
        if tried is not None and len(tried) == len(lines):
            lines, wide = tried, middle
        else:
            narrow = middle
    return lines


def _chop(text: str, width: float, face: Face, tracking: float) -> list[str]:
    """Words, with those that are wider than a line (or have no spaces, as in Chinese) cut to fit."""
    pieces: list[str] = []
    for word in text.split():
        piece = ""
        for character in word:
            if piece and text_width(piece + character, face, tracking=tracking) > width:
                pieces.append(piece)
                piece = ""
            piece += character
        pieces.append(piece)
    return pieces


def set_text(
    text: str,
    *,
    width: float,
    height: float,
    largest: float,
    smallest: float,
    face: Face = "serif",
    leading: float = 1.12,
    tracking: float = 0.0,
) -> Setting:
    """The largest setting of a text that fits a box; at the smallest size it is cut short with an ellipsis."""
    words = text.split()
    size = largest
    while size >= smallest:
        lines = _balance(words, width / size, face, tracking)
        if lines is not None and len(lines) * size * leading <= height:
            return Setting(tuple(lines), round(size, 1), leading)
        size *= 0.94
    size = smallest
    measure = width / size
    lines = _fill(_chop(text, measure, face, tracking), measure, face, tracking) or []
    room = max(1, int(height / (size * leading)))
    if len(lines) > room:
        last = lines[room - 1]
        while last and text_width(f"{last}…", face, tracking=tracking) > measure:
            last = last[:-1].rstrip()
        lines = [*lines[: room - 1], f"{last.rstrip(' ,;:')}…"]
    return Setting(tuple(lines), size, leading)


# --- Drawing -----------------------------------------------------------------------------------


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<path fill="{fill}" d="M{_number(x)} {_number(y)}h{_number(width)}v{_number(height)}h-{_number(width)}z"/>'


def frame(x: float, y: float, width: float, height: float, stroke: str, weight: float) -> str:
    return (
        f'<path fill="none" stroke="{stroke}" stroke-width="{weight}" '
        f'd="M{_number(x)} {_number(y)}h{_number(width)}v{_number(height)}h-{_number(width)}z"/>'
    )


def disc(x: float, y: float, radius: float, fill: str) -> str:
    return f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}" fill="{fill}"/>'


def lines_of(
    setting: Setting,
    *,
    x: float,
    top: float,
    fill: str,
    face: Face = "serif",
    anchor: Literal["start", "middle", "end"] = "middle",
    weight: int = 400,
    tracking: float = 0.0,
    italic: bool = False,
) -> str:
    """The lines of a setting from ``top`` downwards."""
    step = setting.size * setting.leading
    attributes = f'class="cover-{face}" font-size="{_number(setting.size)}" fill="{fill}"'
    if anchor != "start":
        attributes += f' text-anchor="{anchor}"'
    if weight != 400:
        attributes += f' font-weight="{weight}"'
    if tracking:
        attributes += f' letter-spacing="{_number(setting.size * tracking)}"'
    if italic:
        attributes += ' font-style="italic"'
    # The first baseline: ascenders of these faces reach about three quarters of the size.
    baseline = top + (step - setting.size) / 2 + setting.size * 0.8
    spans = "".join(
        f'<tspan x="{_number(x)}" y="{_number(baseline + number * step)}">{escape(line)}</tspan>'
        for number, line in enumerate(setting.lines)
    )
    return f"<text {attributes}>{spans}</text>"


def _byline(text: str, *, width: float, height: float, face: Face = "sans", largest: float = 12.5) -> Setting:
    return set_text(text, width=width, height=height, largest=largest, smallest=8, face=face, leading=1.25)


def bands(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """Three bands, the words on the light one in the middle."""
    name = set_text(title, width=160, height=78, largest=28, smallest=9, face="sans", leading=1.14)
    by = _byline(byline, width=160, height=32)
    body = name.height + (by.height + 15 if byline else 0)
    top = 150 - body / 2
    parts = [
        rectangle(0, 0, 200, 300, colour.ground),
        rectangle(0, 84, 200, 132, colour.plate),
        lines_of(name, x=100, top=top, fill=colour.print, face="sans", weight=700),
        (disc(100, 42, 15, colour.shape), disc(100, 42, 15, colour.plate), "")[chance.below(3)],
        f'<path fill="{colour.plate}" d="M100 247l11 14-11 14-11-14z"/>',
    ]
    if byline:
        rule = top + name.height + 7
        parts += [
            rectangle(88, rule, 24, 1.2, colour.print),
            lines_of(by, x=100, top=rule + 8, fill=colour.print, face="sans"),
        ]
    return "".join(parts)


def framed(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """A double frame, a printer's flower between title and author."""
    name = set_text(title, width=142, height=138, largest=34, smallest=10)
    by = _byline(byline, width=140, height=42, face="serif", largest=14)
    flowers = (
        "M100 196c9 0 14 7 14 13-7 0-12-4-14-9-2 5-7 9-14 9 0-6 5-13 14-13zm0 14 4 7-4 7-4-7z",
        "M100 194l5 12 12 5-12 5-5 12-5-12-12-5 12-5z",
        "M66 211h24l10-7 10 7h24v1.5h-24l-10 7-10-7h-24z",
    )
    return "".join(
        [
            rectangle(0, 0, 200, 300, colour.ground),
            frame(12, 12, 176, 276, colour.ink, 2.5),
            frame(17, 17, 166, 266, colour.ink, 0.8),
            lines_of(name, x=100, top=40 + (142 - name.height) / 2, fill=colour.ink),
            f'<path fill="{colour.shape}" d="{flowers[chance.below(3)]}"/>',
            lines_of(by, x=100, top=236 + (40 - by.height) / 2, fill=colour.ink, italic=True),
        ]
    )


def plate(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """The title on a disc, as on a record or a moon."""
    name = set_text(title, width=126, height=104, largest=30, smallest=9)
    by = _byline(byline, width=160, height=38)
    return "".join(
        [
            rectangle(0, 0, 200, 300, colour.ground),
            disc(100, 122, 92, colour.shape) if chance.below(2) else disc(100, 122, 89, colour.ink),
            disc(100, 122, 86, colour.plate),
            lines_of(name, x=100, top=122 - name.height / 2, fill=colour.print),
            rectangle(84, 230, 32, 1.5, colour.ink),
            lines_of(by, x=100, top=240, fill=colour.ink, face="sans"),
        ]
    )


def sunrise(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """Rings that rise from the foot of the cover."""
    name = set_text(title, width=168, height=96, largest=36, smallest=10, leading=1.06)
    by = _byline(byline, width=168, height=30)
    x = (100, 0, 200)[chance.below(3)]
    reach = 150 if x != 100 else 132
    rings = "".join(
        disc(x, 300, reach - number * 25, colour.shape if number % 2 == 0 else colour.ground)
        for number in range(6)
        if reach - number * 25 > 5
    )
    return "".join(
        [
            rectangle(0, 0, 200, 300, colour.ground),
            rings,
            lines_of(name, x=16, top=16, fill=colour.ink, anchor="start", weight=600),
            lines_of(by, x=16, top=22 + name.height, fill=colour.ink, face="sans", anchor="start"),
        ]
    )


def initial(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """The first letter, as large as the cover allows."""
    bare = title
    for article in ("The ", "A ", "An ", "Le ", "La ", "Les ", "Der ", "Die ", "Das "):
        bare = bare.removeprefix(article) if len(bare) > len(article) + 1 else bare
    letter = next((character for character in bare if character.isalnum()), "B").upper()
    size = min(250.0, 176 / text_width(letter, "didone"))
    name = set_text(title, width=168, height=56, largest=22, smallest=9)
    by = _byline(byline, width=168, height=24, largest=11.5)
    top = 278 - by.height - name.height
    return "".join(
        [
            rectangle(0, 0, 200, 300, colour.ground),
            f'<text class="cover-didone" font-size="{_number(size)}" fill="{colour.shape}" '
            f'text-anchor="middle" x="100" y="{_number(104 + size * 0.34)}">{escape(letter)}</text>',
            rectangle(16, top - 8, 168, 1.5, colour.ink),
            lines_of(name, x=16, top=top, fill=colour.ink, anchor="start", weight=600),
            lines_of(by, x=16, top=top + name.height + 4, fill=colour.ink, face="sans", anchor="start"),
        ]
    )


def rules(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """Loud grotesque on paper over rules that swell."""
    name = set_text(title, width=168, height=112, largest=40, smallest=10, face="sans", leading=1.0)
    by = _byline(byline, width=168, height=32)
    parts = [
        rectangle(0, 0, 200, 300, colour.plate),
        lines_of(name, x=16, top=16, fill=colour.print, face="sans", anchor="start", weight=700),
        lines_of(by, x=16, top=24 + name.height, fill=colour.print, face="sans", anchor="start"),
    ]
    x, length = ((0, 200), (16, 168))[chance.below(2)]
    y = 186.0
    for number in range(6):
        thick = 2 + number * 3.4
        fill = colour.shape if number == 3 else colour.ground
        parts.append(rectangle(x, y, length, thick, fill))
        y += thick + 8.2
    return "".join(parts)


def _motifs(kind: int) -> str:
    """A cloth pattern over the whole cover as one path."""
    steps: list[str] = []
    if kind == 0:  # diamonds
        for row in range(16):
            for column in range(11):
                steps.append(f"M{column * 20 + (row % 2) * 10} {row * 20 - 6}l5 7-5 7-5-7z")
    elif kind == 1:  # leaves
        for row in range(14):
            for column in range(9):
                lean = "q9 2 9 13q-9-2-9-13z" if (row + column) % 2 else "q-9 2-9 13q9-2 9-13z"
                steps.append(f"M{column * 25 + 2} {row * 23 - 4}{lean}")
    elif kind == 2:  # scales
        for row in range(20):
            for column in range(9):
                steps.append(
                    f"M{column * 25 + (row % 2) * 12.5 - 12.5:g} {row * 16}a12.5 12.5 0 0 0 25 0h-3a9.5 9.5 0 0 1-19 0z"
                )
    elif kind == 3:  # stripes
        steps += [f"M{column * 14 + 2} 0h6v300h-6z" for column in range(15)]
    elif kind == 4:  # chevrons
        for row in range(17):
            zigzag = "".join("l12.5-9 12.5 9" for _ in range(8))
            back = "".join("l-12.5-9-12.5 9" for _ in range(8))
            steps.append(f"M0 {row * 20}{zigzag}v6{back}z")
    else:  # stars
        star = "l2.5 6.5 6.5 2.5-6.5 2.5-2.5 6.5-2.5-6.5-6.5-2.5 6.5-2.5z"
        for row in range(13):
            for column in range(9):
                steps.append(f"M{column * 25 + (row % 2) * 12.5:g} {row * 25 - 4}{star}")
    return "".join(steps)


def label(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """Patterned paper with a pasted label, as on small German hardbacks."""
    name = set_text(title, width=118, height=74, largest=23, smallest=8.5)
    by = _byline(byline, width=118, height=28, face="serif", largest=11)
    height = max(70, name.height + by.height + 38)
    top = 44
    body = name.height + (by.height + 8 if byline else 0)
    start = top + (height - body) / 2
    return "".join(
        [
            rectangle(0, 0, 200, 300, colour.ground),
            f'<path fill="{colour.shape}" d="{_motifs(chance.below(6))}"/>',
            rectangle(28, top, 144, height, colour.plate),
            frame(32, top + 4, 136, height - 8, colour.print, 1),
            lines_of(name, x=100, top=start, fill=colour.print),
            lines_of(by, x=100, top=start + name.height + 8, fill=colour.print, italic=True),
        ]
    )


def tiles(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """Quarter circles, turned by chance."""
    name = set_text(title, width=168, height=66, largest=27, smallest=9, face="sans", leading=1.06)
    by = _byline(byline, width=168, height=18, largest=11.5)
    turns = (
        "a50 50 0 0 1 50 50h-50z",  # from the upper left corner
        "h50a50 50 0 0 1-50 50z",
        "h50v50a50 50 0 0 1-50-50z",
        "m50 0v50h-50a50 50 0 0 1 50-50z",
    )
    layers: dict[str, list[str]] = {colour.shape: [], colour.plate: []}
    for row in range(4):
        for column in range(4):
            fill = (colour.shape, colour.plate)[chance.below(2)]
            layers[fill].append(f"M{column * 50} {100 + row * 50}{turns[chance.below(4)]}")
    return "".join(
        [
            rectangle(0, 0, 200, 300, colour.ground),
            *(f'<path fill="{fill}" d="{"".join(shapes)}"/>' for fill, shapes in layers.items() if shapes),
            lines_of(name, x=14, top=8, fill=colour.ink, face="sans", anchor="start", weight=700),
            lines_of(by, x=14, top=10 + name.height, fill=colour.ink, face="sans", anchor="start"),
        ]
    )


def hills(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """A low sun over hills."""
    name = set_text(title, width=164, height=92, largest=32, smallest=10)
    by = _byline(byline, width=164, height=32, face="serif", largest=13.5)
    heights = [chance.below(40) for _ in range(6)]
    sun = 40 + chance.below(120)
    far = f"M0 {208 + heights[0]}C50 {168 + heights[1]} 90 {178 + heights[2]} 200 {214 - heights[3] // 2}V300H0z"
    near = f"M0 {262 - heights[4] // 2}C70 {272 - heights[5]} 130 {214 + heights[1]} 200 {236 + heights[0] // 2}V300H0z"
    return "".join(
        [
            rectangle(0, 0, 200, 300, colour.ground),
            disc(sun, 196, 34, colour.plate),
            f'<path fill="{colour.shape}" d="{far}"/>',
            f'<path fill="{colour.print}" d="{near}"/>',
            lines_of(name, x=100, top=18, fill=colour.ink),
            lines_of(by, x=100, top=24 + name.height, fill=colour.ink, italic=True),
        ]
    )


def quarter_bound(title: str, byline: str, colour: Palette, chance: Chance) -> str:
    """A cloth back and paper sides."""
    name = set_text(title, width=122, height=150, largest=32, smallest=9, face="didone", leading=1.1)
    by = _byline(byline, width=122, height=46, face="serif", largest=13)
    top = 34 if chance.below(2) else 52
    return "".join(
        [
            rectangle(0, 0, 200, 300, colour.plate),
            rectangle(0, 0, 44, 300, colour.ground),
            rectangle(44, 0, 3, 300, colour.shape),
            lines_of(name, x=62, top=top, fill=colour.print, face="didone", anchor="start"),
            rectangle(62, top + name.height + 9, 26, 2, colour.print),
            lines_of(by, x=62, top=top + name.height + 18, fill=colour.print, anchor="start", italic=True),
            f'<path fill="{colour.ground}" d="M173 262l9 12-9 12-9-12z"/>',
        ]
    )


Layout = Callable[[str, str, Palette, Chance], str]

LAYOUTS: tuple[Layout, ...] = (
    bands,
    framed,
    plate,
    sunrise,
    initial,
    rules,
    label,
    tiles,
    hills,
    quarter_bound,
)

# The fold where a paperback opens: a dark line and the light beside it.
_HINGE = (
    '<path d="M7 0v300" stroke="#000" stroke-opacity=".14"/><path d="M8.5 0v300" stroke="#fff" stroke-opacity=".14"/>'
)


@lru_cache(maxsize=4096)
def drawing(title: str, byline: str, names: str) -> str:
    """What stands inside the SVG element: safe markup, of the same kind and colours for the same title and names."""
    chance = Chance(title, names)
    layout = LAYOUTS[chance.below(len(LAYOUTS))]
    colour = PALETTES[chance.below(len(PALETTES))]
    return layout(title, byline, colour, chance) + _HINGE


@register.simple_tag
def typographic_cover(book: Any, labelled: bool = False) -> SafeString:
    """The cover of a book without a picture, as inline SVG.

    Args:
        book: anything with a title, a byline in the language of the page, and names; where there are none, the
            byline is as good.
        labelled: say title and byline to screen readers; otherwise the words stand beside the
            cover and the drawing is silent.
    """
    title = " ".join(str(book.title).split())
    byline = " ".join(str(getattr(book, "byline", "") or "").split())
    if labelled:
        speech = format_html('role="img" aria-label="{}"', f"{title}, {byline}" if byline else title)
    else:
        speech = mark_safe('aria-hidden="true"')  # noqa: S308 - a constant
    return format_html(
        '<svg class="cover__typographic" viewBox="0 0 200 300" width="200" height="300" focusable="false" {}>{}</svg>',
        speech,
        mark_safe(drawing(title, byline, str(getattr(book, "names", "") or byline))),  # noqa: S308 - every text in it went through escape()
    )
