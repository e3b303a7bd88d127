"""What runs where people pay is what this release brought: its scripts are unchanged, its pages have no others.

Cards are typed in on the provider's page, so PCI DSS 4.0.1 asks of the shop (SAQ A) that its site cannot be attacked
through scripts. `manage.py check_payment_pages` looks every day (requirement 11.6.1 asks for once a week).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import brotli
import lxml.html
import requests
from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage
from django.core.files.base import ContentFile
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

PAGES = ("/basket/", "/checkout/", "/gift-cards/", "/account/login/")
"""On the way to paying, and open to somebody who has bought nothing. The others are built from the same frame."""
SECONDS = 10
DATA = {"application/json", "application/ld+json", "speculationrules"}
"""Types of a script element in which nothing runs."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "",
    "Referrer-Policy": "",
    "Cache-Control": "no-store",
}
"""Headers that each of these pages has, and what stands in them."""

_PACKED: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.decompress, ".br": brotli.decompress}


def altered_scripts() -> list[str]:
    """The collected scripts, packed copies too, that are missing or not what their names say: they hold a hash."""
    storage = staticfiles_storage
    if not isinstance(storage, ManifestStaticFilesStorage):
        return []  # tests and development serve the sources
    return [
        f"{name}{ending}: {fault}"
        for plain, name in sorted(storage.hashed_files.items())
        if plain.endswith((".js", ".mjs"))
        for ending, unpack in _PACKED.items()
        if (fault := _fault_of(storage, Path(storage.path(name + ending)), name, unpack, is_needed=not ending))
    ]


def _fault_of(
    storage: ManifestStaticFilesStorage, path: Path, name: str, unpack: Callable[[bytes], bytes], *, is_needed: bool
) -> str:
    if not path.exists():
        return "it is missing" if is_needed else ""
    try:
        content = unpack(path.read_bytes())
    except (OSError, EOFError, zlib.error, brotli.error):
        return "it cannot be unpacked"
    made = storage.file_hash(name, ContentFile(content))
    return "" if f".{made}." in Path(name).name else "its content was changed"


def faults_of_pages() -> list[str]:
    """What the running shop sends that it should not: scripts of nobody we know, and headers that are missing."""
    faults = []
    with requests.Session() as session:
        # A shop that starts this very moment is waited for.
        patience = Retry(connect=4, read=0, redirect=5, backoff_factor=1)
        session.mount(settings.SITE_URL, HTTPAdapter(max_retries=patience))
        for path in PAGES:
            try:
                answer = session.get(settings.SITE_URL + path, timeout=SECONDS)
                found = [*_faults_of_headers(answer), *scripts_not_ours(answer.content, answer.url)]
            except requests.RequestException as error:
                found = [f"it does not answer ({type(error).__name__})"]
            faults += [f"{path}: {fault}" for fault in found]
    return faults


def _faults_of_headers(answer: requests.Response) -> Iterator[str]:
    if answer.status_code != 200:
        yield f"it answers {answer.status_code}"
    for name, value in HEADERS.items():
        if value not in answer.headers.get(name, "") or name not in answer.headers:
            yield f"the header {name} is missing or changed"
    if settings.HTTPS and "Strict-Transport-Security" not in answer.headers:
        yield "the header Strict-Transport-Security is missing"
    policy = answer.headers.get("Content-Security-Policy", "")
    if "script-src 'self'" not in [directive.strip() for directive in policy.split(";")]:
        yield "the content policy lets other scripts run"


def scripts_not_ours(content: bytes, url: str) -> Iterator[str]:
    """What runs in a page and is no file of this release."""
    page = lxml.html.fromstring(content)
    static = urljoin(settings.SITE_URL, settings.STATIC_URL)
    names = _names_of_this_release()
    for script in page.iter("script"):
        if "src" not in script.attrib:
            if script.get("type") not in DATA:
                yield f"a script stands in the page: {script.text_content().strip()[:60]}"
            continue
        address = urljoin(url, script.attrib["src"])
        if not address.startswith(static):
            yield f"a script of somebody else: {address[:200]}"
        elif names and address.removeprefix(static) not in names:
            yield f"a script that this release does not have: {address[:200]}"
    for attribute in page.xpath("//@*[starts-with(name(), 'on')]"):
        yield f"a script stands in an attribute: {str(attribute)[:60]}"


def _names_of_this_release() -> set[str]:
    """The names of all collected files; nothing where the sources are served."""
    return set(getattr(staticfiles_storage, "hashed_files", {}).values())
