"""Texts with placeholders: checked and filled in. A fixed map, never a template: `{{ 7*7 }}` is printed as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from django.utils.html import escape, format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe

_PLACEHOLDER = r"(?<!\{)\{(?P<name>[a-z_]+)\}(?!\})"
_URL = r"""(?P<url>https?://[^\s<>"{}]*[^\s<>"{}.,;:!?)])"""
_TOKEN = re.compile(f"{_PLACEHOLDER}|{_URL}")
_MEANT_AS_ONE = re.compile(r"(?<!\{)\{\s*([^\W\d]\w*)\s*\}(?!\})")


def unknown_placeholders(text: str, known: Collection[str]) -> list[str]:
    """What stands in braces like a placeholder and is none, as it was written."""
    found = (match for match in _MEANT_AS_ONE.finditer(text) if match[0] not in {f"{{{name}}}" for name in known})
    return list(dict.fromkeys(match[0] for match in found))


def as_line(text: str, values: Mapping[str, str]) -> str:
    """One line of plain text: for a subject. What would begin a new header is a blank."""
    return " ".join(as_text(text, values).split())


def as_text(text: str, values: Mapping[str, str]) -> str:
    """Plain text, each placeholder replaced once; values are not looked into."""
    return _TOKEN.sub(lambda found: values.get(found["name"] or "", found[0]), text)


def as_html(text: str, values: Mapping[str, str]) -> SafeString:
    """Paragraphs of escaped text. Addresses that staff wrote become links; what stands in a value does not."""
    return mark_safe(linebreaks("".join(_escaped(text, values)), autoescape=False))  # noqa: S308 - escaped piece by piece


def _escaped(text: str, values: Mapping[str, str]) -> Iterator[str]:
    end = 0
    for found in _TOKEN.finditer(text):
        yield escape(text[end : found.start()])
        if found["url"]:
            yield format_html('<a href="{}">{}</a>', found["url"], found["url"])
        else:
            yield escape(values.get(found["name"], found[0]))
        end = found.end()
    yield escape(text[end:])
