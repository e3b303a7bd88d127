"""What visitors are asked, word for word: on the banner, on the settings page and in the proof."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from wagtail.models import Site
from wagtail.rich_text import expand_db_html

from home.consent.gates import OWN_STATISTICS, Gate, Wording, gates_and_wording
from home.consent.purposes import DESCRIPTIONS, Purpose


@dataclass(frozen=True, slots=True)
class Provided:
    """One thing that may be allowed: of another company, or of our own."""

    key: str
    name: str
    provider: str
    purpose: str
    privacy_url: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A purpose with what serves it."""

    category: str
    title: str
    description: str
    providers: tuple[Provided, ...]


@dataclass(frozen=True)
class Question:
    """All that is asked, in one language."""

    title: str
    text: str
    """HTML"""
    privacy_url: str
    legal_url: str
    version: int
    language: str
    purposes: tuple[Asked, ...]

    @cached_property
    def keys(self) -> dict[str, str]:
        """The category of everything that is asked for, by its key."""
        return {one.key: asked.category for asked in self.purposes for one in asked.providers}

    @property
    def keys_json(self) -> str:
        """The keys, for the script."""
        return json.dumps(list(self.keys))

    @cached_property
    def content(self) -> dict[str, Any]:
        """The words as they are kept for proof."""
        return {
            "title": self.title,
            "text": self.text,
            "links": [self.privacy_url, self.legal_url],
            "buttons": [_("Accept all"), _("Refuse all"), _("Save choices"), _("Close")],
            "purposes": [
                {
                    "category": asked.category,
                    "title": asked.title,
                    "description": asked.description,
                    "providers": [[one.key, one.name, one.provider, one.purpose] for one in asked.providers],
                }
                for asked in self.purposes
            ],
        }

    @cached_property
    def digest(self) -> str:
        """Fingerprint of the words, their language and version."""
        words = json.dumps([self.version, self.language, self.content], sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()


def question_of(gates: Sequence[Gate], wording: Wording) -> Question | None:
    """The question in the language of now; None where there is nothing to ask."""
    purposes = []
    for purpose in Purpose:
        if purpose == Purpose.NECESSARY:
            continue
        providers = [
            Provided(gate.key, gate.name, gate.provider, gate.purpose, gate.privacy_url)
            for gate in gates
            if gate.category == purpose
        ]
        if purpose == Purpose.STATISTICS and wording.own_statistics:
            about = _("Counts whether a visit in which a promotion was seen led to an order. Nobody else gets it.")
            providers.insert(0, Provided(OWN_STATISTICS, _("Our own statistics"), "", about, ""))
        if providers:
            title, description = words_for(purpose, wording)
            purposes.append(Asked(purpose.value, title, description, tuple(providers)))
    if not purposes:
        return None
    return Question(
        title=wording.title or _("May we?"),
        text=expand_db_html(wording.text)
        if wording.text
        else "<p>{}</p>".format(
            _(
                "The shop works without this. With your leave, others help us to measure, to show media and to"
                " advertise, and keep things in your browser for it. You can change your mind at any time."
            )
        ),
        privacy_url=wording.privacy_url,
        legal_url=wording.legal_url,
        version=wording.version,
        language=get_language() or "",
        purposes=tuple(purposes),
    )


def present_question(site: Site | None) -> Question | None:
    """What visitors of a site are asked at this moment."""
    return question_of(*gates_and_wording(site))


def words_for(purpose: Purpose, wording: Wording) -> tuple[str, str]:
    """Title and description of a purpose: the site's, else the shop's."""
    title, description = wording.purposes.get(purpose, ("", ""))
    return title or str(purpose.label), description or str(DESCRIPTIONS[purpose])
