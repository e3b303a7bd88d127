"""What goes over the wire to a provider and what comes back: within limits of time, of size and of form."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from commerce.gateways.protocol import GatewayError, Unreachable

SECONDS = 8
"""For one call of a gateway, whatever it sends for it."""
PATIENCE = 9
"""For all calls that a page waits for together: the whole page has ten."""
CONNECT_SECONDS = 3
ANSWER_BYTES = 1_000_000
NOTIFICATION_BYTES = 256_000

_PRIVATE = re.compile(r"\S+@\S+|\b(?:[a-z]{2,5}_(?:test|live)|pk|sk|hsk|whsec)[_.]\S+", re.IGNORECASE)
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]+")


_patience_ends: ContextVar[float] = ContextVar("patience_ends", default=float("inf"))


@contextmanager
def patience() -> Iterator[float]:
    """All calls within share the time that a visitor waits for a page; when it ends, by the monotonic clock."""
    ends = min(time.monotonic() + PATIENCE, _patience_ends.get())
    token = _patience_ends.set(ends)
    try:
        yield ends
    finally:
        _patience_ends.reset(token)


@dataclass(frozen=True)
class Response:
    """What a provider answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body. Raises Unreachable for one that nobody can read: it says nothing."""
        try:
            return read_json(self.body)
        except ValueError:
            raise Unreachable(f"an answer that cannot be read (HTTP {self.status})") from None

    @property
    def says_nothing(self) -> bool:
        """Whether the provider is busy or broken, so that nobody knows what it did."""
        return self.status == 429 or self.status >= 500


class Line:
    """A line to a provider for one call of a gateway. All that is sent over it shares its time."""

    def __init__(self) -> None:
        self._ends = min(time.monotonic() + SECONDS, _patience_ends.get())

    def send(self, method: str, url: str, headers: Mapping[str, str], body: str | bytes | None = None) -> Response:
        """One request, never repeated by itself, never redirected.

        Raises:
            Unreachable: no answer, an answer that was cut off, too slow or too long.
        """
        try:
            with requests.request(
                method,
                url,
                headers={"Accept-Encoding": "identity", **headers},
                data=body,
                timeout=(min(CONNECT_SECONDS, self._left()), self._left()),
                auth=_as_it_is,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return Response(answer.status_code, answer.headers, self._read(answer.raw))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"no answer ({type(error).__name__})") from None

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Unreachable("no answer in time")
        return left

    def _read(self, raw: urllib3.HTTPResponse) -> bytes:
        """The body as it arrives, piece by piece: one that trickles in has no more time than any other."""
        found = bytearray()
        while piece := raw.read1(2**16):
            found += piece
            if len(found) > ANSWER_BYTES:
                raise Unreachable("an answer that is too long")
            self._left()
        return bytes(found)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps `requests` from putting what a .netrc holds in the place of our key."""
    return request


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object that every reader reads the same way, and that a database can keep.

    Raises:
        ValueError: not UTF-8, no object, a name given twice, a number that is none or too long, half a character,
            a zero character, or nested too deeply.
    """
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_each_once)
        if not isinstance(found, dict):
            raise ValueError("no object")
        # Half a character cannot be encoded, and NaN or 1e999 cannot be written.
        if b"\\u0000" in json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8"):
            raise ValueError("a zero character")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name given twice")
    return found


def words(text: object) -> str:
    """What a provider said, for staff and logs: one short line without addresses of people and without keys."""
    return _PRIVATE.sub("…", _BLANK.sub(" ", str(text or ""))).strip()[:200]


def is_name(value: object, longest: int = 255) -> bool:
    """Whether that could be the name of something at a provider: a text that is not empty and not too long."""
    return isinstance(value, str) and 0 < len(value) <= longest


def web_address(value: object) -> str:
    """The address of a page to send a browser to. Raises GatewayError for anything else."""
    if not is_name(value, 2000) or urlsplit(str(value)).scheme not in {"http", "https"}:
        raise GatewayError("the provider gave no page to pay on")
    return str(value)
