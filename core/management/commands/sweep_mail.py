"""Every minute: send the mail that waits."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand

from core.mail import outbox


class Command(BaseCommand):
    """Enqueue the sending of what is due."""

    help = "Has mail sent that waits: refused ones whose time has come, and those that a dead worker left."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Enqueue one round, where there is work."""
        outbox.sweep()
