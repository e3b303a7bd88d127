"""Codes of gift cards: money for whoever has one. Made, recognised, read again for a mail or a print. ADR 0019."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import get_random_string

from commerce.codes import ALPHABET, bare

LENGTH = 18
"""Random letters of a code: 90 bits, of which staff know the 20 of the last four."""


def new_code() -> str:
    """A code that nobody guesses, in three groups of six: K7Q2MX-9RT4HB-XA3DZ8."""
    letters = get_random_string(LENGTH, ALPHABET)
    return f"{letters[:6]}-{letters[6:12]}-{letters[12:]}"


def digest_of(code: str) -> str:
    """What is stored to recognise a code, however it is typed. It needs no key, so no change of keys loses money."""
    return hashlib.sha256(f"gift-card:{bare(code)}".encode()).hexdigest()


def seal(code: str) -> str:
    """The code so that only this shop reads it again."""
    return _box().encrypt(code.encode()).decode()


def unseal(sealed: str) -> str:
    """A sealed code; empty where the shop's keys have changed since: the card is good, and gets another code."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""


def _box() -> MultiFernet:
    """Sealed with SECRET_KEY; what older ones sealed is read with SECRET_KEY_FALLBACKS."""
    keys = (hashlib.sha256(f"gift-card:{key}".encode()).digest() for key in _secrets())
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def _secrets() -> list[str]:
    return [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
