"""How often one household may do something. Nothing is kept but a count that expires."""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

Address = IPv4Address | IPv6Address


def is_too_often(what: str, sender: str, *, limit: int, seconds: int, times: int = 1) -> bool:
    """Count this time (or several), and say whether it is beyond the limit within the seconds since the first.

    The network address is not kept: the key is a keyed hash of it. Where Redis is away, each process counts by itself.
    """
    key = f"throttle.{what}.{_household(sender)}"
    if cache.add(key, times, seconds):
        return times > limit
    try:
        return (cache.incr(key, times) or times) > limit
    except ValueError:  # it ran out between the two calls, or the cache is away
        return False


def sender_of(request: HttpRequest) -> str:
    """The network address that a request comes from; empty where it is not known.

    Anybody may write X-Forwarded-For, so only who connected is believed. Each of TRUSTED_PROXIES adds who connected
    to it at the end: read from there, the first that is no proxy of ours is the sender.
    """
    sender = _address(request.META.get("REMOTE_ADDR", ""))
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        said = _address(hop)
        if said is None or not _is_trusted(sender):
            break
        sender = said
    return str(sender or "")


def _is_trusted(address: Address | None) -> bool:
    """True for a proxy of ours; a local socket has no address, and behind it is the proxy of the same machine."""
    proxies = settings.TRUSTED_PROXIES
    return bool(proxies) if address is None else any(address in network for network in proxies)


def _address(text: str) -> Address | None:
    """An address as servers and proxies write it: `192.0.2.7`, `192.0.2.7:443`, `[2001:db8::7]:443`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _household(sender: str) -> str:
    """A hash of the network address as far as one household shares it: IPv6 gives each of them a whole /64."""
    address = _address(sender)
    if address is None:
        return "unknown"
    shared = IPv6Network((address, 64), strict=False).network_address if isinstance(address, IPv6Address) else address
    return hashlib.blake2b(str(shared).encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=12).hexdigest()
