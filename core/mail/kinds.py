"""What the shop mails: each kind is declared in code, by the room that knows it, when the shop starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Kept(Enum):
    """What stays of a mail that was sent, for thirty days."""

    ALL = "all"
    ENVELOPE = "envelope"
    """Not its words: they hold a secret, such as the link that resets a password. No colleague reads them before."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A word in braces that staff may use, what stands for it, and an example."""

    label: Any
    example: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What one mail says: values of its placeholders, and what its fixed part shows."""

    values: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    reply_to: str = ""
    """Who gets the answers; empty: customer service."""
    unsubscribe_url: str = ""
    """For mail that people asked for and may end: a page that asks, and takes a POST without a question (RFC 8058)."""


@dataclass(frozen=True)
class Kind:
    """One kind of mail: when it is sent, what staff may change in it, and how its contents are found."""

    name: str
    title: Any
    purpose: Any
    subject: Any
    opening: Any
    compose: Callable[..., Contents | None]
    """Called with what `outbox.post` was given, in the worker. None: there is nothing to say any more."""
    closing: Any = ""
    placeholders: Mapping[str, Placeholder] = field(default_factory=dict)
    template: str = ""
    """The part that code renders, between opening and closing: `template`.txt and .html. Empty: there is none."""
    example: Callable[[], Mapping[str, Any]] = dict
    """A context for the template with made-up data, for preview and test."""
    kept: Kept = Kept.ALL
    is_fixed: bool = False
    """True where staff do not write its words."""

    @property
    def known(self) -> dict[str, Placeholder]:
        """Every placeholder of its texts."""
        return {**self.placeholders, **EVERYWHERE}

    def example_contents(self) -> Contents:
        """What a mail of this kind might say."""
        return Contents({name: one.example for name, one in self.placeholders.items()}, self.example())


EVERYWHERE = {
    "shop": Placeholder(_("Name of the shop"), ""),
    "service": Placeholder(_("Address of customer service"), ""),
}
"""Placeholders of every kind; the settings say what stands for them."""

kinds: dict[str, Kind] = {}


def editable() -> list[Kind]:
    """The kinds whose words staff may write."""
    return [kind for kind in kinds.values() if not kind.is_fixed]


def register(*declared: Kind) -> None:
    """Add kinds. Called in `AppConfig.ready`."""
    for kind in declared:
        if kinds.get(kind.name, kind) is not kind:
            raise ValueError(f"Two kinds of mail are called {kind.name}")
        kinds[kind.name] = kind
