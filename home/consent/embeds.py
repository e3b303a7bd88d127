"""From the address of a video or a map to the frame that shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

_VIDEO = re.compile(r"[A-Za-z0-9_-]{6,20}\Z")
_PLACE = re.compile(r"maps/place/([^/]+)")
_NUMBER = re.compile(r"[0-9]{1,15}\Z")


@dataclass(frozen=True, slots=True)
class Embed:
    """A frame of a known provider."""

    kind: str
    """Key of `PROVIDERS`."""
    frame: str
    """Address for the frame."""
    link: str
    """Address to open instead."""


def embed_of(url: str) -> Embed | None:
    """The frame for an address that people copy from their browser; None for an unknown one."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"}:
        return None
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    path, query = parts.path.strip("/"), parse_qs(parts.query)
    if host in {"youtube.com", "youtu.be", "youtube-nocookie.com"}:
        video = query.get("v", [path.rpartition("/")[2]])[0]
        if _VIDEO.match(video):
            return Embed("youtube", f"https://www.youtube-nocookie.com/embed/{video}", url)
    elif host in {"vimeo.com", "player.vimeo.com"}:
        video = path.rpartition("/")[2]
        if _NUMBER.match(video):
            return Embed("vimeo", f"https://player.vimeo.com/video/{video}?dnt=1", url)
    elif host in {"google.com", "maps.google.com"} and (path.startswith("maps") or host.startswith("maps")):
        if path == "maps/embed":
            return Embed("google-maps", f"https://www.google.com/maps/embed?{parts.query}", url)
        place = query.get("q", [""])[0] or (
            path.split("/")[2].replace("+", " ") if path.startswith("maps/place/") else ""
        )
        if place:
            return Embed("google-maps", f"https://www.google.com/maps?q={quote(place)}&output=embed", url)
    elif host == "openstreetmap.org" and path == "export/embed.html":
        return Embed("openstreetmap", f"https://www.openstreetmap.org/export/embed.html?{parts.query}", url)
    return None
