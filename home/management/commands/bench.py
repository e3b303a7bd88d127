"""Measure imports and pages at several sizes, on the embedded database and on PostgreSQL. docs/performance.md."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import SUPPRESS, ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from psycopg2 import sql

from catalog.importers import queue
from catalog.importers.generated import records
from catalog.importers.load import load
from catalog.importers.records import Record
from catalog.models import Contributor, Edition, ProductPage, Tag
from core import page_cache
from home.models import HomePage, PageModal, StandardPage, ThirdPartyIntegration

SIZES = "1000,10000,100000"
LOCAL_SERVER = "postgres://postgres@127.0.0.1:5432/postgres"
OWN_DATABASE = "booktime_bench"
WARM_UP = 3
SEED = 1
CONNECTIONS = 4
TURNS = 9
SERVER_SECONDS = 60
CPU = "/bench/cpu"
ONLY_AFTER_AN_ORDER = "orders.js"
"""A script that no page with a modal has."""


class Command(BaseCommand):
    """Print one table for each database."""

    help = "Measure imports and pages on SQLite and PostgreSQL; uses databases of its own and removes them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Sizes and patience; `--measure` is for the processes that this command starts."""
        parser.add_argument("--sizes", default=SIZES, help=f"numbers of titles (default {SIZES})")
        parser.add_argument("--quick", action="store_true", help="1,000 titles, few repetitions: a minute")
        parser.add_argument("--measure", type=int, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure each size in a process of its own, so that memory is that of one import."""
        if options["measure"]:
            self.stdout.write(json.dumps(_measure(options["measure"], 5 if options["quick"] else 25)))
            return
        try:
            sizes = [1000] if options["quick"] else [int(size) for size in options["sizes"].split(",")]
        except ValueError as error:
            raise CommandError("--sizes takes numbers and commas: 1000,10000") from error
        for name, database in (("SQLite, embedded", _sqlite), ("PostgreSQL", _postgresql)):
            columns = []
            for size in sizes:
                with database() as url:
                    if not url:
                        self.stdout.write(f"\n{name}: no server answers at DATABASE_URL or {LOCAL_SERVER}; left out.")
                        break
                    columns.append(_in_process(url, size, options["quick"]))
            if columns:
                self._print(name, sizes, columns)

    def _print(self, name: str, sizes: list[int], columns: list[dict[str, str]]) -> None:
        labels = list(columns[0])
        width = max(map(len, labels)) + 2
        self.stdout.write(f"\n{name:<{width}}" + "".join(f"{f'{size:,} titles':>24}" for size in sizes))
        for label in labels:
            self.stdout.write(f"{label:<{width}}" + "".join(f"{column[label]:>24}" for column in columns))


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="booktime-bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'shop.sqlite3'}"


@contextmanager
def _postgresql() -> Iterator[str]:
    """A database of its own on the configured or the local server; "" where none answers."""
    server = os.environ.get("DATABASE_URL", "")
    server = server if server.startswith("postgres") else LOCAL_SERVER
    try:
        administrator = psycopg2.connect(server, connect_timeout=5)
    except psycopg2.OperationalError:
        yield ""
        return
    administrator.autocommit = True
    own = sql.Identifier(OWN_DATABASE)
    try:
        with administrator.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(own))
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(own))
            yield urlunsplit(urlsplit(server)._replace(path=f"/{OWN_DATABASE}"))
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(own))
    finally:
        administrator.close()


def _in_process(url: str, size: int, quick: bool) -> dict[str, str]:
    command = [sys.executable, "manage.py", "bench", "--measure", str(size), *(["--quick"] if quick else [])]
    with tempfile.TemporaryDirectory(prefix="booktime-bench-") as var:
        environment = {**os.environ, "DATABASE_URL": url, "REDIS_URL": "", "VAR_DIR": var}
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        raise CommandError(f"Measuring {size} titles failed; its own message stands above.")
    return dict(json.loads(done.stdout.splitlines()[-1]))


# --- In the process that measures -----------------------------------------------------------------


def _measure(size: int, times: int) -> dict[str, str]:
    call_command("migrate", verbosity=0)
    figures: dict[str, str] = {}
    clock = _Clock()
    totals = load(clock.leaving_out(records(size, SEED)), source="bench", index=False)
    figures["import, rows alone"] = clock.rate(totals.created)
    queue.index_all()
    figures["import, complete"] = clock.rate(totals.created)
    clock = _Clock()
    load(clock.leaving_out(records(size, SEED)), source="bench")
    figures["the same file again"] = clock.rate(totals.created)
    figures["peak memory"] = f"{_peak():.0f} MB"
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plain_files = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(STORAGES={**settings.STORAGES, **plain_files}):  # so that nothing need be collected first
        pages = _pages()
        for label, path in pages.items():
            figures[label] = _page(path, times)
        figures["a book, from the cache"] = _page(pages["a book"], times, cached=True)
        figures |= _over_http({label: path for label, path in pages.items() if "search" not in path}, times / 25)
        figures |= _added(pages["a book"], times)
        figures |= _told_by("measure_guessing", times * 2)
        figures |= _told_by("measure_sales", times)
    return figures


def _told_by(command: str, times: int) -> dict[str, str]:
    """What another room measures, which this one does not know."""
    said = io.StringIO()
    call_command(command, times=times, stdout=said)
    return dict(json.loads(said.getvalue()))


class _Clock:
    """Time and processor time since it was made, without what it took to invent the books."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def leaving_out(self, things: Iterable[Record]) -> Iterator[Record]:
        """The same things; the time in which they are made does not count."""
        source = iter(things)
        while True:
            wall, cpu = time.perf_counter(), time.process_time()
            thing = next(source, None)
            self._wall += time.perf_counter() - wall
            self._cpu += time.process_time() - cpu
            if thing is None:
                return
            yield thing

    def rate(self, count: int) -> str:
        """Records a second by the clock, and the processor time of one in this process."""
        spent = 1000 * (time.process_time() - self._cpu) / count
        return f"{count / (time.perf_counter() - self._wall):,.0f}/s {spent:6.2f} ms"


def _peak() -> float:
    """Largest memory of this process in megabytes; macOS counts bytes, Linux kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def _pages() -> dict[str, str]:
    """What is measured: a name and an address of each kind of page.

    A list that is short is as short at every size: else the number of cards would be compared, not the catalogue.
    """
    about = HomePage.objects.get().add_child(
        instance=StandardPage(title="About us", slug="about-us", intro="<p>A shop of books.</p>")
    )
    about.save_revision().publish()
    page = ProductPage.objects.order_by("pk")[ProductPage.objects.count() // 2]
    tag = Tag.objects.order_by("pk")[0]
    person = Contributor.objects.annotate(books=Count("contributions")).filter(books=3).order_by("pk")[0]
    of_a_series = ProductPage.objects.exclude(series=None).order_by("pk").select_related("series", "publisher")[0]
    words = Counter(
        word.lower()
        for title in ProductPage.objects.order_by("pk").values_list("title", flat=True)
        for word in title.split()
        if len(word) > 5
    )
    common, rare = words.most_common(1)[0][0], words.most_common()[-1][0]
    isbn = Edition.objects.order_by("pk").values_list("isbn", flat=True)[0]
    return {
        "home": "/",
        "all books": "/books/",
        "filtered by two facets": "/books/?format=paperback&language=en",
        "second page": "/books/?page=2",
        "all tags": "/tags/",
        "a tag": f"/tags/{tag.slug}/",
        "a contributor of 3 books": person.get_absolute_url(),
        "a publisher": of_a_series.publisher.get_absolute_url(),
        "a series": of_a_series.series.get_absolute_url(),
        "a company page": "/about-us/",
        "search: common word": f"/search/?q={common}",
        "search: word of one title": f"/search/?q={rare}",
        "search: mistyped word": f"/search/?q={common[:2] + common[3] + common[2] + common[4:]}",
        "search: ISBN": f"/search/?q={isbn}",
        "suggestions": f"/search/suggest/?q={common[:4]}",
        "a book": f"/books/{page.slug}/",
    }


def _page(path: str, times: int, *, cached: bool = False) -> str:
    """Queries and CPU of one address: the median after a warm-up, built anew each time or given from the cache."""
    client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)

    def ask() -> tuple[float, int]:
        if not cached:
            page_cache.purge(page_cache.SITE)
        began = time.process_time()
        response = client.get(path)
        return time.process_time() - began, response.status_code

    for _ in range(WARM_UP):
        _cost, status = ask()
    with CaptureQueriesContext(connection) as queries:
        ask()
        asked = len(queries)
    cost = statistics.median(ask()[0] for _ in range(times))
    fault = "" if status in {200, 301, 302} else f" ({status})"
    return f"{asked} queries {1000 * cost:6.1f} ms{fault}"


# --- What modals and consent add ------------------------------------------------------------------


def _added(path: str, times: int) -> dict[str, str]:
    """Compressed bytes and processor time that a modal and an integration add to a page, and their scripts."""
    figures = {}
    before = _weight(path, times)
    modal = PageModal.objects.create(name="Bench", slug="bench", title="A table for the winter", live=False)
    modal.save_revision().publish()
    with_modal = _weight(path, times)
    figures["a modal adds"] = _more(before, with_modal, "modals")
    ThirdPartyIntegration.objects.create(
        name="Bench", purpose="Counts.", category="statistics", code="<script>count()</script>", is_active=True
    )
    figures["consent adds"] = _more(with_modal, _weight(path, times), "consent")
    return figures


def _weight(path: str, times: int) -> tuple[int, float]:
    """Compressed bytes of a page and the milliseconds of building it."""
    client = Client(headers={"host": "127.0.0.1"})

    def ask() -> tuple[float, int]:
        page_cache.purge(page_cache.SITE)
        began = time.process_time()
        response = client.get(path)
        return time.process_time() - began, len(gzip.compress(response.content, 6))

    asked = [ask() for _ in range(WARM_UP + times)][WARM_UP:]
    return asked[-1][1], 1000 * statistics.median(cost for cost, _size in asked)


def _more(before: tuple[int, float], after: tuple[int, float], script: str) -> str:
    folder = settings.BASE_DIR / "static" / "js"
    files = [folder / f"{script}.js", *(folder / script).glob("*.js")]
    scripts = sum(len(gzip.compress(file.read_bytes(), 9)) for file in files if file.name != ONLY_AFTER_AN_ORDER)
    return f"{after[0] - before[0]} B {after[1] - before[1]:+.1f} ms, js {scripts} B"


# --- Over HTTP, on the server that `make run` starts ----------------------------------------------


def _over_http(pages: dict[str, str], seconds: float) -> dict[str, str]:
    """Requests a second and processor time of one: a bare view with the same bytes, cached, and uncached.

    The two that are compared take turns, page by page and slice by slice, so that a machine whose speed moves moves
    both; the last column is the median of what the cached page took of the bare view's time in the same turn.
    """
    figures = {}
    with tempfile.TemporaryDirectory(prefix="booktime-bench-") as folder:
        bodies = Path(folder)
        for number, path in enumerate(pages.values()):
            body = Client(headers={"host": "127.0.0.1"}).get(path).content
            (bodies / f"{number:03}").write_bytes(gzip.compress(body, 6))
        with _server("bare", bodies) as bare, _server("cached", bodies) as cached, _server("uncached", bodies) as built:
            for number, (label, path) in enumerate(pages.items()):
                turns = [
                    (_load(bare, f"/{number}/", seconds / TURNS), _load(cached, path, seconds / TURNS))
                    for _turn in range(TURNS)
                ]
                anew = _load(built, path, seconds)
                for unit, place, digits in ((": /s bare, cached, not", 0, 0), (": CPU ms of each", 1, 2)):
                    limit, ours = ([turn[side][place] for turn in turns] for side in (0, 1))
                    times = statistics.median(b / a if place else a / b for a, b in zip(limit, ours, strict=True))
                    three = (statistics.median(limit), statistics.median(ours), anew[place])
                    figures[label + unit] = " ".join(f"{it:,.{digits}f}" for it in three) + f" ({times:.2f}×)"
    return figures


@contextmanager
def _server(kind: str, bodies: Path) -> Iterator[int]:
    """The server of `make run` on a free port, with one of the applications of `booktime.bench_server`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "booktime.bench_server:application", "--port", str(port)]
    environment = {**os.environ, "BENCH_KIND": kind, "BENCH_BODIES": str(bodies)}
    process = subprocess.Popen(  # noqa: S603 - our own server
        [*command, "--lifespan", "off", "--no-access-log", "--log-level", "error"],
        cwd=settings.BASE_DIR,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + SERVER_SECONDS
        while True:
            try:
                _get(HTTPConnection("127.0.0.1", port), CPU)
                break
            except OSError as error:
                if time.monotonic() > until:
                    raise CommandError(f"The server for “{kind}” did not start.") from error
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def _load(port: int, path: str, seconds: float) -> tuple[float, float]:
    """Requests a second of four connections that are kept open, and the server's milliseconds of each."""
    for _ in range(WARM_UP):
        _get(HTTPConnection("127.0.0.1", port), path)
    cpu = float(_get(HTTPConnection("127.0.0.1", port), CPU))
    began = time.perf_counter()

    def ask(_number: int) -> int:
        connection, count = HTTPConnection("127.0.0.1", port), 0
        while time.perf_counter() - began < seconds:
            _get(connection, path)
            count += 1
        return count

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        count = sum(pool.map(ask, range(CONNECTIONS)))
    spent = time.perf_counter() - began
    return count / spent, 1000 * (float(_get(HTTPConnection("127.0.0.1", port), CPU)) - cpu) / count


def _get(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise CommandError(f"{path} answered {response.status}.")
    return body
