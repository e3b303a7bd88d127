"""A mail server on this machine that can be told to refuse, to hang up and to be silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Server:
    """Takes mail, unless `says` answers a command (RCPT or DATA) for an address otherwise; `None` hangs up."""

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.received: list[EmailMessage] = []
        self.asked: list[str] = []
        self.says: Callable[[str, str], str | None] = lambda _command, _address: "250 OK"
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def start(self) -> Server:
        """From now on it answers."""
        self._controller.start()
        return self

    def stop(self) -> None:
        """From now on nobody listens."""
        self._controller.stop()

    async def handle_RCPT(self, server: SMTP, _session: Session, envelope: Envelope, address: str, _o: Any) -> str:  # noqa: N802
        """The address is checked."""
        self.asked.append(address)
        envelope.rcpt_tos.append(address)
        return self._answer(server, "RCPT", address)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail is taken."""
        answer = self._answer(server, "DATA", envelope.rcpt_tos[0])
        if answer.startswith("250"):
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return answer

    def _answer(self, server: SMTP, command: str, address: str) -> str:
        said = self.says(command, address)
        if said is None:
            server.transport.abort()
            return "250 OK"
        return said

    @property
    def addresses(self) -> list[str]:
        """To whom mail was taken."""
        return [str(message["To"]) for message in self.received]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def silent_server() -> Iterator[list[int]]:
    """Takes calls and says nothing; gives its port."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        stopping = threading.Event()

        def take() -> None:
            while not stopping.is_set():
                try:
                    held.append(listener.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield [listener.getsockname()[1]]
        finally:
            stopping.set()
            thread.join()
            for call in held:
                call.close()
