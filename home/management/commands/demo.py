"""Loads the demo shop."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from home.demo import load

LOCAL = {"localhost", "127.0.0.1", "::1"}


class Command(BaseCommand):
    """`demo [--books N] [--force]`."""

    help = "Loads the demo shop: books, pages, people. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many invented titles to add, and whether to load it even where strangers can sign in."""
        parser.add_argument(
            "--books", type=_number, default=0, metavar="N", help="add N invented titles, for trials at scale"
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="load it although the shop is not on this machine: anybody can sign in with the printed password",
        )

    def handle(self, *_args: Any, books: int, force: bool, **_options: Any) -> None:
        """Load it once.

        Raises:
            CommandError: DEBUG is off and the shop's address is not local.
        """
        if not (settings.DEBUG or force or _is_local(settings.SITE_URL)):
            raise CommandError(
                f"{settings.SITE_URL} is not this machine, and the demo shop lets anybody in whose password is "
                f"“{load.PASSWORD}”. Use --force if that is what you want."
            )
        if load.is_loaded():
            self.stdout.write("The demo shop is there already.")
        else:
            load.load()
            self.stdout.write("The demo shop is ready.")
        if books:
            totals = load.load_invented_books(books)
            self.stdout.write(f"Invented editions: {totals.created} made, {totals.unchanged} there already.")
        self.stdout.write(f"Sign in with one of these addresses and the password “{load.PASSWORD}”:")
        for person in load.PEOPLE:
            self.stdout.write(f"  {person.email:<28}{person.group or 'Customer'}")


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host in LOCAL or host.endswith(".localhost")
