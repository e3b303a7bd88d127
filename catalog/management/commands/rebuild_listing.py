"""Write the read model of lists and search anew."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from catalog import indexing


class Command(BaseCommand):
    """`rebuild_listing`: every book, from its page, editions, stock and pictures."""

    help = "Writes what lists and search know of every book anew. The shop stays open meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say how many books and how long."""
        began = time.monotonic()
        books = indexing.rebuild()
        self.stdout.write(f"{books} books in {time.monotonic() - began:.1f} s")
