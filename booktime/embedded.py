"""The whole shop in one command, without any service: what `make run` starts.

Prepares what is missing (secret key, database, demo shop, static files), then serves the pages here and
runs the task worker and the clock beside it. What production spreads over machines is the same code.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
WORKER = ["db_worker", "--interval", "0.5", "--no-startup-delay", "--no-reload", "--queue-name"]
COMPANIONS = (("worker", 0, [*WORKER, "default"]), ("slow worker", 15, [*WORKER, "slow"]), ("clock", 0, ["schedule"]))
"""What runs beside the server: name, niceness (pictures are made when nobody needs the processor), arguments."""
PDF_LIBRARIES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core")


def ensure_secret_key() -> None:
    """Write a `.env` with a key of its own on the first start; an existing one is never touched."""
    path = BASE_DIR / ".env"
    if os.environ.get("SECRET_KEY") or path.exists():
        return
    example = (BASE_DIR / ".env.example").read_text()
    path.write_text(example.replace("SECRET_KEY=\n", f"SECRET_KEY={secrets.token_urlsafe(50)}\n", 1))
    path.chmod(0o600)


def allow_demo_sign_ins() -> None:
    """Let staff in by password alone where the shop is this machine's: the demo sign-ins. `.env` has the last word."""
    from booktime.environment import is_local, site_url

    if is_local(site_url()):
        os.environ.setdefault("STAFF_SECOND_FACTOR", "false")


def offer_test_payments() -> None:
    """Put the sandbox among the ways to pay where the shop is this machine's. `.env` has the last word."""
    from booktime.environment import is_local, site_url

    if is_local(site_url()):
        os.environ.setdefault("PAYMENT_SANDBOX", "true")


def pdf_is_possible() -> bool:
    """True where WeasyPrint finds its system libraries (looked up in a process of its own)."""
    return subprocess.run([sys.executable, "-c", "import weasyprint"], capture_output=True, check=False).returncode == 0


def ensure_pdf_libraries() -> None:
    """Install what WeasyPrint needs where that is allowed, else say what to install. Looked up once."""
    from django.conf import settings

    known = settings.VAR_DIR / ".pdf-libraries"
    if known.exists() or importlib.util.find_spec("weasyprint") is None:
        return
    if not pdf_is_possible() and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing the libraries that PDF invoices need …", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False, stdout=subprocess.DEVNULL)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", *PDF_LIBRARIES],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    if pdf_is_possible():
        known.touch()
    elif sys.platform == "darwin":
        print("PDF invoices are unavailable until you install Pango: brew install pango", flush=True)
    else:
        print(f"PDF invoices are unavailable until you install: {' '.join(PDF_LIBRARIES)}", flush=True)


def collect_static() -> None:
    """Collect and compress static files, only when any of them changed since the last time."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    state = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            info = os.stat(storage.path(path))
            state.update(f"{path} {info.st_size} {info.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".state"
    if stamp.exists() and stamp.read_text() == state.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(state.hexdigest())


def prepare_database() -> None:
    """Bring the database up to date; a shop without books and people gets the demo shop once."""
    from django.apps import apps
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    if (
        not apps.get_model("catalog", "ProductPage").objects.exists()
        and not apps.get_model("accounts", "User").objects.exists()
    ):
        call_command("demo")


def keep_running(name: str, niceness: int, arguments: list[str], stopping: threading.Event) -> None:
    """Run a companion process and start it again should it end."""
    while not stopping.is_set():
        started = time.monotonic()
        command = ["nice", "-n", str(niceness), sys.executable, str(BASE_DIR / "manage.py"), *arguments]
        process = subprocess.Popen(command)
        while process.poll() is None and not stopping.wait(0.2):
            pass
        if stopping.is_set():
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            return
        if time.monotonic() - started < 5:
            print(f"The {name} ended; it is started again in 5 seconds.", flush=True)
            stopping.wait(5)


def main() -> None:
    """Prepare, tell the addresses, serve until told to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "booktime.settings.production")
    ensure_secret_key()
    from booktime import environment

    host, port = os.environ.get("HOST", "127.0.0.1"), environment.port("PORT", 8000)
    address = f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{port}"  # noqa: S104
    os.environ.setdefault("SITE_URL", address)
    allow_demo_sign_ins()
    offer_test_payments()

    import django
    from django.conf import settings

    try:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        environment.stop("VAR_DIR", f"is no folder that can be written to: {error}.")
    django.setup()
    ensure_pdf_libraries()
    prepare_database()
    collect_static()

    import uvicorn

    from booktime.asgi import application

    stopping = threading.Event()
    companions = [
        threading.Thread(target=keep_running, args=(*companion, stopping), daemon=True) for companion in COMPANIONS
    ]
    for companion in companions:
        companion.start()
    print(
        f"\n  BookTime        {address}/\n  Admin           {address}/admin/\n"
        "  Demo sign-ins   owner@booktime.example (and editor@, marketer@, office@, dispatch@, reader@)\n"
        "  Password        booktime-demo\n  Stop with Ctrl+C\n",
        flush=True,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        uvicorn.run(
            application, host=host, port=port, lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=10,
        )  # fmt: skip
    except KeyboardInterrupt:
        pass
    finally:
        stopping.set()
        for companion in companions:
            companion.join(15)


if __name__ == "__main__":
    main()
