"""How often one household may do something. Nothing is kept but a count that expires."""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.core.cache import cache


def is_too_often(what: str, sender: str, *, limit: int, seconds: int) -> bool:
    """Count this time, and say whether it is beyond the limit within the seconds since the first.

    The network address is not kept: the key is a keyed hash of it. Without a cache nothing is too often.
    """
    key = f"throttle.{what}.{_household(sender)}"
    if cache.add(key, 1, seconds):
        return False
    try:
        return (cache.incr(key) or 1) > limit
    except ValueError:  # it ran out between the two calls, or the cache is away
        return False


def _household(sender: str) -> str:
    """A hash of the network address as far as one household shares it: IPv6 gives each of them a whole /64."""
    try:
        address = ip_address(sender)
    except ValueError:  # a local socket has no address
        return "unknown"
    shared = IPv6Network((address, 64), strict=False).network_address if isinstance(address, IPv6Address) else address
    return hashlib.blake2b(str(shared).encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=12).hexdigest()
