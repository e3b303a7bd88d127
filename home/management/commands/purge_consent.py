"""Forget proofs of choices that have run out."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand

from home.consent import proof


class Command(BaseCommand):
    """Delete proofs older than six months, and texts that no proof refers to."""

    help = "Deletes proofs of consent older than six months."

    def handle(self, *_args: Any, verbosity: int, **_options: Any) -> None:
        """Purge, and say how many."""
        deleted = proof.purge()
        if verbosity:
            self.stdout.write(f"{deleted} choices deleted")
