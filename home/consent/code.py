"""What is in the HTML of an integration: scripts to allow by their hash, hosts to allow, and what may not be there.

Browsers compare the hash of a script's exact text, so the text is found by the parser of the HTML standard.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element  # noqa: S405 - the type only: parsing is tinyhtml5's

import tinyhtml5
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from home.consent.hosts import Sources, is_host

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DATA = re.compile(r"(application|text)/(?!(x-)?(javascript|ecmascript)\b)", re.IGNORECASE)
_SCRIPT = re.compile(r"(<script\b.*?</script\s*>)", re.IGNORECASE | re.DOTALL)
_STYLE_ATTRIBUTE = re.compile(r"(<[a-z][^<>]*?\s)style(\s*=)", re.IGNORECASE)
_REFUSED = {"base", "meta", "object", "embed", "template"}
_SOURCES = {
    "script": ("src", "script-src"),
    "img": ("src", "img-src"),
    "iframe": ("src", "frame-src"),
    "video": ("src", "media-src"),
    "audio": ("src", "media-src"),
    "source": ("src", "media-src"),
    "link": ("href", "style-src"),
}


def digest(code: str) -> str:
    """Fingerprint of a piece of code, for the audit log; empty for none."""
    return hashlib.sha256(code.encode()).hexdigest() if code else ""


def validate_code(code: str) -> None:
    """Refuse what the content policy would refuse, and what does not end where it should.

    Raises:
        ValidationError: with a sentence for each thing that is wrong.
    """
    wrong = []
    if _CONTROL.search(code):
        wrong.append(_("There are control characters in it."))
    lower = code.lower()
    if lower.count("<script") != lower.count("</script"):
        wrong.append(_("A <script> is not closed, or closed twice."))
    elements = list(_elements(code))
    if (
        any(element.tag in {"base", "meta", "object", "embed", "template"} for element in elements)
        or "</template" in lower
    ):
        wrong.append(_("<base>, <meta>, <object>, <embed> and <template> are not allowed."))
    for element in elements:
        if any(str(name).lower().startswith("on") for name in element.keys()):  # noqa: SIM118
            wrong.append(_("Attributes such as onclick or onload are not allowed: put what they do into a <script>."))
        for name in ("src", "href"):
            if (address := element.get(name)) and not _is_safe(element.tag, address):
                wrong.append(
                    _("“%(address)s”: scripts, frames and pictures come from https:// and a host with a name.")
                    % {"address": address[:100]}
                )
    if not any(element.tag not in {"html", "head", "body"} for element in elements):
        wrong.append(_("There is no element in it."))
    if wrong:
        raise ValidationError(list(dict.fromkeys(wrong)))


def sources_of(code: str) -> Sources:
    """What a content policy must let in for this code: hosts of what it loads, hashes of what it says."""
    found: Sources = {}
    for element in _elements(code):
        if element.tag in _SOURCES:
            name, directive = _SOURCES[element.tag]
            address = urlsplit(element.get(name) or "")
            if address.scheme == "https" and address.netloc:
                found.setdefault(directive, set()).add(f"https://{address.netloc.lower()}")
        text = "".join(element.itertext())
        if element.tag == "script" and element.get("src") is None and not _DATA.match(element.get("type") or ""):
            found.setdefault("script-src", set()).add(_hash(text))
        elif element.tag == "style":
            found.setdefault("style-src", set()).add(_hash(text))
    return found


def without_style_attributes(code: str) -> str:
    """The code with each `style` as `data-style`, which the script `activate.js` carries out.

    The content policy refuses the attribute already when the code is parsed. Scripts stay as they are.
    """
    parts = _SCRIPT.split(code)
    return "".join(
        part if number % 2 else _STYLE_ATTRIBUTE.sub(r"\1data-style\2", part) for number, part in enumerate(parts)
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _elements(code: str) -> Iterator[Element]:
    root = tinyhtml5.parse(f"<!DOCTYPE html><body>{code}", namespace_html_elements=False)
    return (element for element in root.iter() if isinstance(element.tag, str))


def _is_safe(tag: str, address: str) -> bool:
    parts = urlsplit(address.strip())
    if tag == "a":
        return parts.scheme in {"https", "http", "mailto", "tel", ""}
    return parts.scheme == "https" and is_host(parts.netloc.lower())
