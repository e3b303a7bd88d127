"""What a reader says of a record besides its contents: a warning that goes with it, or why it stays out."""

from __future__ import annotations

from collections.abc import Callable

Warn = Callable[[str], None]
"""Takes one sentence for people: what was repaired or left out of the record."""


class Refused(Exception):
    """The record stays out; the message says why, for people."""
