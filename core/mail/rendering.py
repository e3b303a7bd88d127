"""From a kind, a language and contents to a letter: subject, text and HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import css_inline
from django.conf import settings
from django.template.loader import render_to_string

from core.languages import speaking
from core.mail import texts
from core.mail.kinds import Contents, Kind

if TYPE_CHECKING:
    from core.mail.models import MailText


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in words."""

    subject: str
    text: str
    html: str


def render(kind: Kind, contents: Contents, words: MailText) -> Letter:
    """The letter in the active language; `words` are those of staff, and the kind's own where they are empty."""
    values = {**contents.values, "shop": settings.WAGTAIL_SITE_NAME, "service": settings.CUSTOMER_SERVICE_EMAIL}
    subject, opening, closing = (getattr(words, part) or str(getattr(kind, part)) for part in words.TEXTS)
    frame: dict[str, Any] = {
        "subject": texts.as_line(subject, values),
        "site_name": settings.WAGTAIL_SITE_NAME,
        "site_url": settings.SITE_URL,
        "service": settings.CUSTOMER_SERVICE_EMAIL,
        "unsubscribe_url": contents.unsubscribe_url,
    }
    context = {**contents.context, **frame}
    text = {
        "opening": texts.as_text(opening, values),
        "middle": render_to_string(f"{kind.template}.txt", context).strip() if kind.template else "",
        "closing": texts.as_text(closing, values),
    }
    html = {
        "opening": texts.as_html(opening, values),
        "middle": render_to_string(f"{kind.template}.html", context) if kind.template else "",
        "closing": texts.as_html(closing, values) if closing else "",
    }
    plain = render_to_string("mail/base.txt", {**frame, **text})
    page = render_to_string("mail/base.html", {**frame, **html})
    return Letter(frame["subject"][:255], re.sub(r"\n{3,}", "\n\n", plain).strip() + "\n", _inliner().inline(page))


def example(kind: Kind, language: str, words: MailText) -> Letter:
    """The letter with made-up data, in a language."""
    with speaking(language):
        return render(kind, kind.example_contents(), words)


@cache
def _inliner() -> css_inline.CSSInliner:
    """Writes the styles into the elements, for readers that drop `<style>`; what depends on the screen stays there."""
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
