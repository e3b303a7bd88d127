"""K-05: PostgreSQL is killed and started again under a running shop, which nobody restarts."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.e2e.conftest import Shop, free_port, running_shop
from tests.e2e.test_restart import stand_at_the_review

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/usr/bin"))
OWNER = "postgres"
SOON = 10
"""Seconds after the database is back, by which nobody sees an error any more."""

pytestmark = [
    pytest.mark.skipif(not os.environ.get("DATABASE_URL"), reason="needs PostgreSQL"),
    pytest.mark.skipif(
        os.getuid() != 0 or not (PROGRAMS / "initdb").exists() or not shutil.which("runuser"),
        reason="needs the programs of a PostgreSQL server, and root to start one",
    ),
]


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of our own."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://{OWNER}@127.0.0.1:{self.port}/{OWNER}"

    def run(self, program: str, *arguments: str) -> None:
        command = ["runuser", "-u", OWNER, "--", str(PROGRAMS / program), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c fsync=off"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self.run("pg_ctl", "start", "--wait", "-D", data, "-l", log, "-o", options)

    def kill(self) -> None:
        self.run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.folder / "data"))


@pytest.fixture
def server() -> Iterator[Server]:
    """A PostgreSQL that may be killed."""
    folder = Path(tempfile.mkdtemp(prefix="booktime-postgresql-"))
    shutil.chown(folder, OWNER)
    server = Server(folder, free_port())
    server.run("initdb", "-D", str(folder / "data"), "-A", "trust", "-E", "UTF8", "--no-sync")
    server.start()
    yield server
    server.kill()
    shutil.rmtree(folder)


@contextmanager
def timed(limit: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < limit


def status(shop: Shop, path: str) -> int:
    return requests.get(f"{shop.url}{path}", timeout=30).status_code


def test_soon_after_the_database_is_back_everything_works_and_nothing_is_half_done(server, tmp_path_factory):
    with running_shop(tmp_path_factory.mktemp("restarted"), DATABASE_URL=server.url, REDIS_URL="") as shop:
        guest, action, fields = stand_at_the_review(shop, 1)

        server.kill()
        for _ in range(3):
            with timed(SOON):
                assert guest.post(action, fields, allow_redirects=False, timeout=30).status_code in {500, 503}
        assert (status(shop, "/healthz"), status(shop, "/readyz")) == (200, 503)
        server.start()

        with timed(SOON):
            while {status(shop, path) for path in ("/readyz", "/basket/", "/search/?q=sea", "/account/login/")} != {
                200
            }:
                time.sleep(0.2)
        placed = guest.post(action, fields, allow_redirects=False, timeout=30)
        assert "/checkout/done/" in placed.headers["Location"], "the basket is what it was"
        assert len(shop.mails_to("k04-1@reader.example", within=90)) == 1, "the worker is back by itself, too"
        assert "The books agree" in shop.manage("check_books")
