"""The shop as `make run` starts it, with its worker and clock, and a real browser in front of it.

Black box: these tests know addresses, labels and mails, never a model. On services (DATABASE_URL set) the
shop gets a database of its own beside the named one.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

# Playwright keeps an event loop in this thread, which Django takes for asynchronous code in later tests.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
DATABASE = "booktime.sqlite3"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every story of this folder is marked; without a Chromium it is reported as skipped."""
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="no Chromium found (install chromium or set CHROMIUM)"))


@dataclass(frozen=True)
class Shop:
    """A running shop: its address, the folder it writes to, and the environment it runs in."""

    url: str
    var: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def manage(self, *arguments: str) -> str:
        """What a management command of this shop prints."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=REPOSITORY, env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout

    def mails_to(self, address: str, *, about: str = "", within: float = 60) -> list[EmailMessage]:
        """Mails to an address, waiting for the first one whose subject fits `about`, a regular expression."""
        until = time.monotonic() + within
        while True:
            found = [
                mail for mail in self._mails() if address in str(mail["To"]) and re.search(about, str(mail["Subject"]))
            ]
            if found or time.monotonic() > until:
                return found
            time.sleep(0.2)

    def _mails(self) -> list[EmailMessage]:
        mails = []
        for path in sorted((self.var / "mail").glob("*.log")):
            for raw in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):
                if raw.strip():
                    mails.append(message_from_bytes(raw.lstrip(), policy=policy.default))
        return mails


@contextmanager
def own_database(name: str) -> Iterator[str]:
    """A database beside the one of DATABASE_URL, gone afterwards; nothing where that is not set."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield ""
        return
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


_first_start: list[tempfile.TemporaryDirectory[str]] = []
"""A folder with what the first shop of this run had made when it was ready."""


def _keep_first_start(var: Path) -> None:
    kept = tempfile.TemporaryDirectory(prefix="booktime-first-start-")
    folder = Path(kept.name)
    shutil.copytree(var / "static", folder / "static")
    if (var / DATABASE).exists():
        with closing(sqlite3.connect(var / DATABASE)) as now, closing(sqlite3.connect(folder / DATABASE)) as copy:
            now.backup(copy)
    _first_start.append(kept)


def _begin_with_first_start(var: Path, *, with_database: bool) -> None:
    """Static files need not be collected twice, nor the same demo shop be loaded."""
    for kept in _first_start:
        folder = Path(kept.name)
        shutil.copytree(folder / "static", var / "static", dirs_exist_ok=True)
        if with_database and (folder / DATABASE).exists() and not (var / DATABASE).exists():
            shutil.copy(folder / DATABASE, var / DATABASE)


@contextmanager
def running_shop(var: Path, **settings: str) -> Iterator[Shop]:
    """`python -m booktime.embedded` in an empty folder: migrated, with the demo shop, worker and clock.

    Only the first one of a run begins with nothing at all.
    """
    _begin_with_first_start(var, with_database=not settings)
    port = free_port()
    with own_database(f"booktime_e2e_{os.getpid()}_{port}") as database, (var / "shop.log").open("wb") as log:
        environment = {
            **os.environ,
            "SECRET_KEY": "only-for-tests-" + "x" * 40,
            "DJANGO_SETTINGS_MODULE": "booktime.settings.production",
            "VAR_DIR": str(var),
            "DATABASE_URL": database,
            "SITE_URL": f"http://127.0.0.1:{port}",
            "EMAIL_URL": "",
            "PORT": str(port),
            "HOST": "127.0.0.1",
            **settings,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "booktime.embedded"], cwd=REPOSITORY, env=environment, stdout=log, stderr=log
        )
        shop = Shop(f"http://127.0.0.1:{port}", var, environment, process)
        try:
            _wait_until_ready(shop, process)
            if not settings and not _first_start:
                _keep_first_start(var)
            yield shop
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="session")
def shop_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop of all stories that need no other settings."""
    with running_shop(tmp_path_factory.mktemp("var")) as shop:
        yield shop


def _wait_until_ready(shop: Shop, process: subprocess.Popen[bytes], seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{shop.url}/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    raise RuntimeError("The shop did not start:\n" + (shop.var / "shop.log").read_text()[-4000:])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A person with a browser of their own."""

    page: Page
    problems: list[str]


@pytest.fixture
def visit(chromium: Browser, shop_running: Shop, request: pytest.FixtureRequest) -> Iterator:
    """`visit(viewport=PHONE, javascript=False)` gives a fresh visitor's page; a script error fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def fresh(viewport: dict[str, int] = DESK, *, javascript: bool = True, **options: object) -> Page:
        options.setdefault("base_url", shop_running.url)
        context = chromium.new_context(viewport=viewport, java_script_enabled=javascript, **options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: problems.append(f"{page.url}: {message.text}") if message.type == "error" else None,
        )
        return page

    yield fresh
    for context in contexts:
        context.close()
    harmless = ("status of 4", "Transition was aborted", "htmx:error: signal is aborted")  # what htmx stopped
    if request.path.name in {
        "test_pages.py",
        "test_account_pages.py",
    }:  # the accessibility checker puts styles of its own into the page
        harmless += ("Applying inline style violates",)
    unexpected = [problem for problem in problems if not any(words in problem for words in harmless)]
    assert unexpected == []
