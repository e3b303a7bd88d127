"""`manage.py tell_waiting`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from commerce.services import waiting


class Command(BaseCommand):
    """Tells readers that a book they wait for is back."""

    help = "Write to readers who wait for a book that can be bought again."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--purge` forgets those whose time is over instead."""
        parser.add_argument("--purge", action="store_true", help="forget readers whose time is over, tell nobody")

    def handle(self, *args: Any, purge: bool, **options: Any) -> None:
        """Run it."""
        if purge:
            self.stdout.write(f"Readers forgotten: {waiting.purge()}")
        else:
            self.stdout.write(f"Readers told: {waiting.tell()}")
