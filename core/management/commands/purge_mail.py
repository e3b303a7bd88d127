"""Every day: forget old mail."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand

from core.mail import outbox


class Command(BaseCommand):
    """Delete mail whose time is over."""

    help = f"Deletes mail sent {outbox.KEPT_DAYS} days ago or parked for {outbox.PARKED_DAYS} days."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Delete, and say how many."""
        self.stdout.write(f"Mails deleted={outbox.purge()}")
