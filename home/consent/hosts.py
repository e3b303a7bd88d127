"""What an integration talks to, as staff write it: one host a line, and what for."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

USES = {
    "script": "script-src",
    "connect": "connect-src",
    "img": "img-src",
    "style": "style-src",
    "font": "font-src",
    "frame": "frame-src",
    "media": "media-src",
}
USUAL = ("script", "connect", "img")
HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}(?::[0-9]{1,5})?\Z")

Sources = dict[str, set[str]]
"""Directives of a content policy, and what each of them lets in."""


def is_host(value: str) -> bool:
    """True for a host name, with a port or with `*.` in front; never for a bare star or an address."""
    return bool(HOST.match(value))


def sources(lines: str) -> Sources:
    """The policy that these lines ask for.

    Raises:
        ValidationError: a line that is no host, or names a use that does not exist.
    """
    found: Sources = {}
    for line in filter(None, (line.strip().lower() for line in lines.splitlines())):
        host, *uses = line.split()
        if not is_host(host):
            raise ValidationError(_("“%(host)s” is not a host such as www.example.com.") % {"host": host})
        if unknown := set(uses) - set(USES):
            raise ValidationError(
                _("“%(word)s” is not one of: %(uses)s.") % {"word": min(unknown), "uses": ", ".join(USES)}
            )
        for use in uses or USUAL:
            found.setdefault(USES[use], set()).add(f"https://{host}")
    return found


def validate_hosts(lines: str) -> None:
    """Validator of a model field."""
    sources(lines)
