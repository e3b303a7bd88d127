"""Asks providers for what never arrived."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from commerce.services.reconciliation import Run


class Command(BaseCommand):
    """`reconcile_payments`."""

    help = "Asks providers how open payments and refunds stand, and cancels orders that were not paid in time."

    def handle(self, *_args: Any, verbosity: int, **_options: Any) -> None:
        """One bounded run; the next one goes on."""
        done = Run().go()
        if verbosity:
            for what in ("events", "attempts", "refunds", "refused", "expired"):
                self.stdout.write(f"{what}: {done[what]}")
