"""Codes that people type, and addresses that people write in many ways."""

from __future__ import annotations

import re

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits of made codes: none that look alike."""

_SIGNS = re.compile(r"[\W_]+")


def bare(code: str) -> str:
    """A code as it is compared: capitals, without blanks, hyphens and signs."""
    return _SIGNS.sub("", code).upper()[:40]


def plain_address(email: str) -> str:
    """One spelling of the many of one mailbox: small letters, without what follows a plus."""
    name, _at, host = email.strip().lower().rpartition("@")
    return f"{name.partition('+')[0]}@{host}"
