"""The picture that social networks show of a page without one: drawn from its title or name, 1200 by 630.

The address holds a digest of all that is drawn, so a card is drawn once, kept in the shop's storage and may be
kept by everybody for ever; other words make another address. Colours are those of typographic covers.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_safe
from PIL import Image, ImageDraw, ImageFont, features
from pyroaring import BitMap
from wagtail.models import Page

from catalog import facets, indexing
from catalog.faces import byline
from catalog.models import ProductPage, Publisher, Series
from catalog.models.people import NAMED, Slugged
from catalog.summaries import first_words
from catalog.templatetags.covers import PALETTES, Chance

WIDTH, HEIGHT = 1200, 630

_DRAWING = 1
"""Raised when the drawing changes: every card gets a new address."""
_MARGIN = 90
_TITLE_BOX = HEIGHT - 2 * _MARGIN - 150
_SIZES = (96, 84, 72, 62, 54, 46, 40)
_LONGEST_TITLE = 180
_FONT_FOLDERS = ("", "/usr/share/fonts/truetype/dejavu/", "/usr/share/fonts/dejavu/", "/usr/share/fonts/TTF/")
_NO_GLYPH = "\uffff"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Words = tuple[str, str]


def words_of(thing: Page | Slugged) -> Words:
    """What the card of a page says: title and byline; of a publisher or a series, what it is."""
    if isinstance(thing, Slugged):
        return thing.name, capfirst(str(thing._meta.verbose_name)) if isinstance(thing, Publisher | Series) else ""
    if isinstance(thing, ProductPage):
        listing = getattr(thing, "listing", None)
        people = listing.face.get("people", []) if listing else []
        return thing.title, byline(people)
    return thing.title, ""


def card_url(thing: Page | Slugged) -> str:
    """The address of the card of a page, a contributor, a publisher, a series or a tag."""
    kind = {"kind": thing._meta.model_name} if isinstance(thing, Slugged) else {}
    return reverse("catalog:social_card", kwargs={**kind, "pk": thing.pk, "digest": _digest(words_of(thing))})


@require_safe
def social_card(request: HttpRequest, pk: str, digest: str, kind: str = "") -> HttpResponseBase:
    """The card of what is public; one with other words than it has now leads to the present one."""
    thing = _named(kind, pk) if kind else _page(pk)
    words = words_of(thing)
    if digest != _digest(words):
        return HttpResponseRedirect(card_url(thing))
    storage, name = storages["default"], f"social/{digest}.png"
    response: HttpResponseBase
    if storage.exists(name):
        response = FileResponse(storage.open(name), content_type="image/png")
    else:
        drawn = draw(*words)
        storage.save(name, ContentFile(drawn))
        response = HttpResponse(drawn, content_type="image/png")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _page(pk: str) -> Page:
    page = get_object_or_404(Page.objects.live().public(), pk=pk).specific
    if page.depth < 2:
        raise Http404
    return page


def _named(kind: str, pk: str) -> Slugged:
    """It has a page as long as it has a public book."""
    thing = get_object_or_404(NAMED[kind], pk=pk)
    if not BitMap(indexing.books_of(thing)) & facets.index.state().live:
        raise Http404
    return thing


def draw(title: str, people: str) -> bytes:
    """The card as a PNG. Letters that no font of this machine has are left out rather than drawn as boxes."""
    palette = PALETTES[Chance(title, people).below(len(PALETTES))]
    image = Image.new("RGB", (WIDTH, HEIGHT), palette.ground)
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 0, 28, HEIGHT), fill=palette.shape)
    canvas.rectangle((_MARGIN, HEIGHT - _MARGIN - 62, _MARGIN + 96, HEIGHT - _MARGIN - 56), fill=palette.shape)
    title, people = _readable(first_words(title, _LONGEST_TITLE)), _readable(people)
    y = float(_MARGIN)
    for size in _SIZES:
        font = _font("DejaVuSerif-Bold.ttf", size)
        lines = _wrapped(canvas, title, font)
        if len(lines) * size * 1.2 <= _TITLE_BOX:
            break
    for line in lines[: int(_TITLE_BOX / (size * 1.2))]:
        canvas.text((_MARGIN, y), line, font=font, fill=palette.ink)
        y += size * 1.2
    if people:
        smaller = _font("DejaVuSerif.ttf", 40)
        canvas.text((_MARGIN, y + 22), _cut(canvas, people, smaller), font=smaller, fill=palette.ink)
    name = _font("DejaVuSans-Bold.ttf", 32)
    canvas.text((_MARGIN, HEIGHT - _MARGIN - 36), _readable(_shop()), font=name, fill=palette.ink)
    file = BytesIO()
    image.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()


def _digest(words: Words) -> str:
    return hashlib.sha256("\n".join((str(_DRAWING), _shop(), *words)).encode()).hexdigest()[:20]


def _shop() -> str:
    return str(settings.WAGTAIL_SITE_NAME)


@lru_cache(maxsize=32)
def _font(name: str, size: int) -> Font:
    """DejaVu where the machine has it, else the one letter that comes with Pillow."""
    for folder in _FONT_FOLDERS:
        try:
            return ImageFont.truetype(f"{folder}{name}", size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _readable(text: str) -> str:
    """The text, or nothing where too much of it cannot be set here: a letter is missing, or joins its neighbours."""
    font = _font("DejaVuSerif.ttf", 40)
    missing = _shape(font, _NO_GLYPH)
    kept = "".join(letter for letter in text if letter.isspace() or _shape(font, letter) != missing)
    if any("\u0590" <= letter <= "\u08ff" for letter in kept) and not features.check("raqm"):
        return ""
    return " ".join(kept.split()) if len(kept) * 2 > len(text) else ""


def _shape(font: Font, letter: str) -> Any:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)


def _wrapped(canvas: ImageDraw.ImageDraw, text: str, font: Font) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and canvas.textlength(longer, font=font) <= WIDTH - 2 * _MARGIN:
            lines[-1] = longer
        else:
            lines.append(_cut(canvas, word, font))
    return lines


def _cut(canvas: ImageDraw.ImageDraw, text: str, font: Font) -> str:
    """As much of a line as fits."""
    room = WIDTH - 2 * _MARGIN
    if canvas.textlength(text, font=font) <= room:
        return text
    while text and canvas.textlength(f"{text}…", font=font) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"
