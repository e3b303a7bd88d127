"""Documents as PDF, made in a process of its own that is given little time and memory."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.translation import override

from commerce import pdf_process
from commerce.documents import Document
from commerce.exceptions import PDFUnavailable

SECONDS = 20
MEMORY = 1024**3
SHEET = "commerce/invoice-pdf.css"
PASSED_ON = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "FONTCONFIG_PATH", "TMPDIR")
"""What of our environment the process is told: where libraries and fonts are. Keys and passwords are not."""


def render(document: Document, xml: bytes, identifier: str) -> bytes:
    """The document as a tagged PDF (PDF/A-3a, PDF/UA-1) with its XML inside (Factur-X). The same again, byte by byte.

    Raises:
        PDFUnavailable: the system libraries are missing, or it took too long or too much memory.
    """
    with override(document.language):
        html = render_to_string("commerce/invoice_pdf.html", {"document": document})
    job = {
        "html": html,
        "xml": xml.decode(),
        "files": {SHEET: base64.b64encode(_static(SHEET)).decode()},
        "at": document.issued_at.isoformat(),
        "identifier": identifier,
        "memory": MEMORY,
        "seconds": SECONDS,
    }
    return run(job)


def run(job: dict[str, object], seconds: float = SECONDS) -> bytes:
    """Have a job done.

    Raises:
        PDFUnavailable: it could not be done within the limits.
    """
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    with tempfile.TemporaryDirectory() as nowhere:
        try:
            done = subprocess.run(  # noqa: S603  # our own program, without a shell
                [sys.executable, "-I", Path(pdf_process.__file__).resolve()],
                input=json.dumps(job).encode(),
                capture_output=True,
                timeout=seconds,
                cwd=nowhere,
                env=environment | {"PYTHONHASHSEED": "0"},
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise PDFUnavailable from late
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise PDFUnavailable
    return done.stdout


def _static(name: str) -> bytes:
    return Path(str(finders.find(name))).read_bytes()
