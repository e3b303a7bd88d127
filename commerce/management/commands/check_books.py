"""`manage.py check_books`"""

from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from commerce.bookkeeping import CHECKS

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Compares stock, orders, vouchers and invoices with one another."""

    help = "Check that the shop's books agree: one line for each figure that does not, and exit status 1 then."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check. What is found stands on the screen and, for whoever watches the logs, as an error there."""
        was_open = connection.in_atomic_block
        with transaction.atomic():
            if connection.vendor == "postgresql" and not was_open:
                with connection.cursor() as cursor:  # all statements see the database as it is now
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = [drift for check in CHECKS for drift in check()]
        for drift in found:
            self.stdout.write(str(drift))
        if found:
            logger.error("The books do not agree: %s", "; ".join(map(str, found[:20])))
            raise CommandError(f"{len(found)} figures do not agree.", returncode=1)
        if options["verbosity"]:
            self.stdout.write(f"The books agree ({len(CHECKS)} checks).")
