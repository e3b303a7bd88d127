"""Import books from CSV or ONIX for Books. docs/importing.md."""

from __future__ import annotations

import hashlib
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from catalog.importers import queue
from catalog.importers.decisions import Outcome
from catalog.importers.images import Pictures
from catalog.importers.load import NoCatalogue, Result, Totals, load
from catalog.importers.reading import read_file
from catalog.importers.records import UnreadableFile
from catalog.importers.report import Report, lines_of
from catalog.importers.workers import indexers, sensible_workers

SHOWN = 20
"""Results that a dry run prints."""


class Command(BaseCommand):
    """Bring the books of some files into the shop."""

    help = "Import books from CSV or ONIX for Books 2.1, 3.0 or 3.1 (plain, .gz or .zip; told apart by content)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options of `docs/importing.md`."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--images", type=Path, metavar="DIR", help="folder of the pictures that the records name")
        parser.add_argument("--currency", metavar="CUR", help="of prices whose sender names none; else they stay out")
        parser.add_argument("--dry-run", action="store_true", help="change nothing; print the first results")
        parser.add_argument("--report", type=Path, metavar="OUT.csv", help="rejections and warnings as a table")
        parser.add_argument("--workers", type=int, metavar="N", help="processes that index (default: as fits)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the files; exit status 1 where one of them could not be read at all."""
        folder: Path | None = options["images"]
        if folder and not folder.is_dir():
            raise CommandError(_("%s is no folder.") % folder)
        workers = options["workers"] or sensible_workers()
        if workers < 1:
            raise CommandError(_("--workers takes a number from 1."))
        try:
            report = Report(options["report"])
        except OSError as error:
            raise CommandError(_("The report cannot be written: %s") % error) from error
        totals = Totals()
        unread = 0
        try:
            with report, indexers(0 if options["dry_run"] else workers) as index_here:
                if not options["dry_run"] and index_here:
                    queue.index_all()  # what an interrupted run left
                for path in options["files"]:
                    unread += not self._file(path, totals, report, index_here, options)
        except NoCatalogue as error:
            raise CommandError(str(error)) from error
        self._say_totals(totals)
        if unread:
            sys.exit(1)

    def _file(self, path: Path, totals: Totals, report: Report, index_here: bool, options: dict[str, Any]) -> bool:
        """Import one file and return whether it could be read."""
        pictures = Pictures(options["images"]) if options["images"] else None
        with tqdm(unit=" records", desc=path.name, disable=not sys.stderr.isatty(), file=sys.stderr) as bar:

            def tell(result: Result) -> None:
                bar.update()
                report.add(path.name, result)
                for line in lines_of(path.name, result):
                    bar.write(line, file=sys.stderr)
                if options["dry_run"] and totals.processed <= SHOWN and result.outcome is not Outcome.REJECTED:
                    self.stdout.write(f"{result.outcome}: {result.isbn or result.reference} {result.title}".rstrip())

            try:
                load(
                    read_file(
                        path,
                        currency=options["currency"],
                        country=str(settings.SHOP_COUNTRY),
                        shop_currency=str(settings.SHOP_CURRENCY),
                    ),
                    source=_fingerprint(path),
                    totals=totals,
                    pictures=pictures,
                    dry_run=options["dry_run"],
                    index=index_here,
                    tell=tell,
                )
            except (UnreadableFile, OSError) as error:
                reason = error.strerror if isinstance(error, OSError) else ""
                bar.write(f"{path.name}: {reason or error}", file=sys.stderr)
                report.line(path.name, "error", reason or str(error))
                return False
        return True

    def _say_totals(self, totals: Totals) -> None:
        self.stdout.write(
            f"Products processed={totals.processed} (created={totals.created}, updated={totals.updated}, "
            f"unchanged={totals.unchanged}, deleted={totals.deleted}, rejected={totals.rejected})"
        )
        self.stdout.write(f"Tags processed={totals.tags} (created={len(totals.new_tags)})")
        self.stdout.write(f"Images processed={totals.images}")


def _fingerprint(path: Path) -> str:
    """What tells a file from others: its content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
