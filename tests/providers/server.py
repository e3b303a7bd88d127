"""What the local providers have in common: a server on a free port, troubles on demand, signed notifications."""

from __future__ import annotations

import html
import json
import secrets
import socket
import struct
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

BEFORE = {"500", "503", "429", "slow", "reset", "html", "nothing", "deep", "redirect"}
"""What goes wrong before anything is done."""
AFTER = {"swallow", "trickle", "huge", "fine"}
"""What is done, and answered in this way. `fine` goes well."""


@dataclass(frozen=True)
class Call:
    """A request that came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What goes out. A text is a page, anything else JSON."""

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def redirect(url: str) -> Reply:
    """To another page."""
    return Reply("", 303, {"Location": url})


def new_id(prefix: str) -> str:
    """A name as providers give them."""
    return f"{prefix}{secrets.token_hex(12)}"


class Provider:
    """A payment provider. Use it as a context: it listens from the beginning to the end."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.troubles: deque[str] = deque()
        self.events: list[dict[str, Any]] = []
        """All notifications so far, oldest first."""
        self.webhook_url = ""
        """Where notifications go by themselves, before the shopper is sent back. Empty: nowhere, they are lost."""
        self.lock = threading.RLock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        # Looks often whether it is to end, so that tests do not wait for it.
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def trouble(self, *kinds: str) -> None:
        """The next calls go wrong in these ways, one each."""
        assert set(kinds) <= BEFORE | AFTER
        self.troubles.extend(kinds)

    def api(self, call: Call) -> Reply:
        """The answer to a call of the shop."""
        raise NotImplementedError

    def page(self, call: Call) -> Reply:
        """The page on which the shopper pays, and what its buttons do."""
        raise NotImplementedError

    def is_page(self, path: str) -> bool:
        """Whether browsers come here, and not the shop."""
        raise NotImplementedError

    def sign(self, body: bytes, **how: Any) -> dict[str, str]:
        """The header that vouches for a notification. With another secret it is forged."""
        raise NotImplementedError

    def signed(self, event: Mapping[str, Any], **how: Any) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a notification."""
        body = json.dumps(event).encode()
        return body, self.sign(body, **how)

    def emit(self, event: dict[str, Any]) -> None:
        """Something happened."""
        self.events.append(event)
        if self.webhook_url:
            self.send(event)

    def send(self, event: Mapping[str, Any], **how: Any) -> int:
        """Notify the shop; the status of its answer."""
        body, headers = self.signed(event, **how)
        request = urllib.request.Request(self.webhook_url, body, {"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One request, with whatever trouble is due."""
        length = int(handler.headers.get("Content-Length") or 0)
        call = Call(handler.command, handler.path, dict(handler.headers), handler.rfile.read(length))
        if self.is_page(urlsplit(call.path).path):
            with self.lock:
                reply = self.page(call)
            return _write(handler, reply)
        with self.lock:
            self.calls.append(call)
            trouble = self.troubles.popleft() if self.troubles else ""
        if trouble in {"500", "503", "429"}:
            return _write(handler, Reply({"error": {"message": "out of order"}}, int(trouble)))
        if trouble == "slow":
            self._closing.wait(30)
            return _reset(handler)
        if trouble == "reset":
            return _reset(handler)
        if trouble == "redirect":
            return _write(handler, Reply({}, 307, {"Location": f"{self.url}{call.path}"}))
        odd = {"html": "<h1>Bad gateway</h1>", "nothing": {}, "deep": '{"a":' * 100_000 + "1" + "}" * 100_000}
        if trouble in odd:
            return _write(handler, Reply(odd[trouble]))
        with self.lock:
            reply = self.api(call)
        if trouble == "swallow":
            return _reset(handler)
        if trouble == "huge":
            reply = Reply({**reply.content, "padding": "x" * 1_100_000}, reply.status, reply.headers)
        return _write(handler, reply, pause=0.1 if trouble == "trickle" else 0)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that was broken on purpose is no news."""
        if not isinstance(sys.exc_info()[1], OSError | ValueError):
            super().handle_error(request, client_address)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Every method goes the same way."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            provider.answer(self)

        do_POST = do_DELETE = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """End the connection without a word, as a broken network does."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def _write(handler: BaseHTTPRequestHandler, reply: Reply, pause: float = 0) -> None:
    is_text = isinstance(reply.content, str)
    body = (reply.content if is_text else json.dumps(reply.content)).encode()
    try:
        handler.send_response(reply.status)
        handler.send_header("Content-Type", "text/html; charset=utf-8" if is_text else "application/json")
        handler.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        for place in range(0, len(body), 1 if pause else max(len(body), 1)):
            handler.wfile.write(body[place : place + 1] if pause else body)
            time.sleep(pause)
    except OSError:
        handler.close_connection = True  # the shop has hung up


def payment_page(name: str, what: str, amount: str) -> str:
    """A page with a button to pay and one to cancel."""
    return (
        f"<!doctype html><html lang='en'><title>{html.escape(name)}</title>"
        f"<main><h1>{html.escape(name)}</h1><p>{html.escape(what)}: <strong>{html.escape(amount)}</strong></p>"
        "<form method='post'><button name='do' value='pay'>Pay</button> "
        "<button name='do' value='cancel'>Cancel</button></form></main></html>"
    )
