"""`manage.py check_payment_pages`"""

from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commerce.payment_pages import altered_scripts, faults_of_pages

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Compares the scripts and headers where people pay with what this release brought."""

    help = "Check scripts and headers of the pages on which people pay: a line for each fault, and exit status 1 then."

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at files and pages. What is found stands on the screen and, for whoever watches the logs, there."""
        found = altered_scripts() + faults_of_pages()
        for fault in found:
            self.stdout.write(fault)
        if found:
            logger.error("Not as this release is, where people pay: %s", "; ".join(found[:20]))
            raise CommandError(f"{len(found)} faults where people pay.", returncode=1)
        if options["verbosity"]:
            self.stdout.write("Scripts and headers are those of this release.")
