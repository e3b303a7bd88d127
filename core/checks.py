"""What is looked at before a page is published: problems that stop it, and others that editors are told of.

Rooms add their own checks to `checks` and name them in `RULES`. The result is shown in three places: in the
panel "Before publishing" of the editor, live in Wagtail's side panel "Checks" (the preview carries a mark for each
problem, and a rule of the checker finds it), and as a message when somebody publishes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.blocks import BaseStreamBlock, BaseStructBlock, Block, ListBlock
from wagtail.documents import get_document_model
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageChooserBlock
from wagtail.images.models import AbstractImage
from wagtail.models import Page

from core.links import Goal, goal_of

LONGEST_TITLE = 65
SHORTEST_DESCRIPTION, LONGEST_DESCRIPTION = 50, 160
"""Characters: of more, search engines show a part; of fewer, they take other words from the page."""

_PAGE_LINK = re.compile(r'<a\b[^>]*\blinktype="page"[^>]*>')
_DOCUMENT_LINK = re.compile(r'<a\b[^>]*\blinktype="document"[^>]*>')
_PICTURE = re.compile(r'<embed\b[^>]*\bembedtype="image"[^>]*/?>')
_ADDRESS = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
_ID = re.compile(r'\bid="(\d{1,18})"')
_ALT = re.compile(r'\balt="\s*[^"\s]')


class Rule(NamedTuple):
    """What may be wrong, in words: the problem, and what to do about it."""

    label: Any
    help: Any
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a page: the code of its rule, and which part of the page it is."""

    code: str
    detail: str = ""

    @property
    def stops(self) -> bool:
        """True where the page may not be published like this."""
        return RULES[self.code].stops

    @property
    def message(self) -> str:
        """The problem in a sentence."""
        rule = RULES[self.code]
        return f"{rule.label}: {self.detail}. {rule.help}" if self.detail else f"{rule.label}. {rule.help}"


Check = Callable[[Page], Iterable[Problem]]

RULES: dict[str, Rule] = {
    "link-broken": Rule(
        gettext_lazy("A link leads nowhere"), gettext_lazy("What it leads to was deleted: change or remove it."), True
    ),
    "link-unpublished": Rule(
        gettext_lazy("A link leads to a page that is not published"),
        gettext_lazy("Visitors do not find it: publish that page first."),
    ),
    "picture-alt": Rule(
        gettext_lazy("A picture has no alternative text"),
        gettext_lazy("Say what it shows, for those who cannot see it."),
    ),
    "title-length": Rule(
        gettext_lazy("The title is long for search engines"),
        gettext_lazy("Give a shorter one under Promote: they show about 65 characters."),
    ),
    "title-duplicate": Rule(
        gettext_lazy("Another page has the same title"),
        gettext_lazy("Give each its own under Promote, or readers cannot tell them apart in a list of results."),
    ),
    "description-length": Rule(
        gettext_lazy("The description for search engines is too short or too long"),
        gettext_lazy("Between 50 and 160 characters are shown whole."),
    ),
    "description-duplicate": Rule(
        gettext_lazy("Another page has the same description for search engines"), gettext_lazy("Give each its own.")
    ),
}


def problems_of(page: Page) -> list[Problem]:
    """What is wrong with a page as it stands in memory, the worst first."""
    found = dict.fromkeys(problem for check in checks for problem in check(page))
    return sorted(found, key=lambda problem: not problem.stops)


def found_by_search_engines(page: Page) -> Iterator[Problem]:
    """Title and description: their length, and whether another page has the same."""
    title = page.get_object_title() if hasattr(page, "get_object_title") else page.seo_title or page.title
    if len(title) > LONGEST_TITLE:
        yield Problem("title-length", _("%(count)d characters") % {"count": len(title)})
    others = Page.objects.live().exclude(pk=page.pk).filter(locale=page.locale_id)
    same = others.filter(seo_title=page.seo_title) if page.seo_title else others.filter(title=page.title, seo_title="")
    for other in same.specific()[:3]:
        if not hasattr(other, "get_object_title") or other.get_object_title() == title:
            yield Problem("title-duplicate", other.title)
            break
    description = page.search_description
    if description and not SHORTEST_DESCRIPTION <= len(description) <= LONGEST_DESCRIPTION:
        yield Problem("description-length", _("%(count)d characters") % {"count": len(description)})
    if description and (other := others.filter(search_description=description).first()):
        yield Problem("description-duplicate", other.title)


def links_and_pictures(page: Page) -> Iterator[Problem]:
    """Links inside the site, chosen or typed, and pictures in texts and blocks."""
    text = "\n".join(_texts_of(page))
    linked = _ids(_PAGE_LINK, text)
    live = dict(Page.objects.filter(pk__in=linked).values_list("pk", "live")) if linked else {}
    titles = dict(Page.objects.filter(pk__in=linked).values_list("pk", "title")) if linked else {}
    for pk in linked:
        if pk not in live:
            yield Problem("link-broken", _("page %(number)d") % {"number": pk})
        elif not live[pk]:
            yield Problem("link-unpublished", titles[pk])
    documents = _ids(_DOCUMENT_LINK, text)
    kept = set(get_document_model().objects.filter(pk__in=documents).values_list("pk", flat=True)) if documents else ()
    for pk in documents:
        if pk not in kept:
            yield Problem("link-broken", _("document %(number)d") % {"number": pk})
    for href in dict.fromkeys(html.unescape(href) for href in _ADDRESS.findall(text)):
        match goal_of(href, page):
            case Goal.NOWHERE:
                yield Problem("link-broken", href)
            case Goal.UNPUBLISHED:
                yield Problem("link-unpublished", href)
    pictures = _ids(_PICTURE, text)
    shown = dict(get_image_model().objects.filter(pk__in=pictures).values_list("pk", "title")) if pictures else {}
    for tag in _PICTURE.findall(text):
        number = _ID.search(tag)
        if number and int(number[1]) in shown and not _ALT.search(tag):
            yield Problem("picture-alt", shown[int(number[1])])
    for field in page._meta.get_fields():
        if isinstance(field, StreamField):
            for image, alt in _pictures_in(field.stream_block, getattr(page, field.name)):
                if image and not (alt or image.description):
                    yield Problem("picture-alt", image.title)


def _pictures_in(block: Block, value: Any, alt: str = "") -> Iterator[tuple[AbstractImage | None, str]]:
    """The pictures that an editor placed in a block, each with the words beside it."""
    if isinstance(block, ImageChooserBlock):
        yield value, alt
    elif isinstance(block, BaseStructBlock):
        for name, child in block.child_blocks.items():
            yield from _pictures_in(child, value.get(name), value.get("alt") or "")
    elif isinstance(block, BaseStreamBlock):
        for part in value:
            yield from _pictures_in(part.block, part.value)
    elif isinstance(block, ListBlock):
        for item in value:
            yield from _pictures_in(block.child_block, item)


def _ids(pattern: re.Pattern[str], text: str) -> list[int]:
    found = (_ID.search(tag) for tag in pattern.findall(text))
    return list(dict.fromkeys(int(number[1]) for number in found if number))


def _texts_of(page: Page) -> Iterator[str]:
    for field in page._meta.get_fields():
        if isinstance(field, RichTextField):
            yield getattr(page, field.name) or ""
        elif isinstance(field, StreamField):
            stream = getattr(page, field.name)
            yield from _strings(stream.stream_block.get_prep_value(stream))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)


checks: list[Check] = [found_by_search_engines, links_and_pictures]
