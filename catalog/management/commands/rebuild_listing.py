"""Write the read model of lists and search anew."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog import indexing


class Command(BaseCommand):
    """`rebuild_listing`: every book, from its page, editions, stock and pictures."""

    help = "Writes what lists and search know of every book anew. The shop stays open meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--due`: only the books whose price or publication has changed with time; for the clock."""
        parser.add_argument("--due", action="store_true", help="only books whose price or date has come")

    def handle(self, *args: Any, due: bool, **options: Any) -> None:
        """Rebuild and say how many books and how long."""
        began = time.monotonic()
        books = indexing.refresh_due() if due else indexing.rebuild()
        if not due or books:
            self.stdout.write(f"{books} books in {time.monotonic() - began:.1f} s")
