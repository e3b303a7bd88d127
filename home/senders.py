"""How often one household may ask for something."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.core.cache import cache
from django.http import HttpRequest


def household(sender: str) -> str:
    """The network address as far as one household shares it: IPv6 gives each of them a whole /64."""
    try:
        address = ip_address(sender)
    except ValueError:  # a local socket has no address
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False).network_address)
    return str(address)


def asked(key: str, sender: str, *, seconds: int) -> int:
    """How often a household asked within that time since the first, now included; 1 where the cache is away."""
    counter = f"{key}.{household(sender)}"
    if cache.add(counter, 1, seconds):
        return 1
    try:
        return cache.incr(counter) or 1
    except ValueError:  # it ran out between the two calls, or the cache is away
        return 1


def asks_too_often(key: str, request: HttpRequest, *, limit: int, seconds: int) -> bool:
    """True where the sender's household asked more than `limit` times within that time."""
    return asked(key, request.META.get("REMOTE_ADDR", ""), seconds=seconds) > limit
