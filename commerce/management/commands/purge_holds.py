"""`manage.py purge_holds`"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from commerce.services import holds


class Command(BaseCommand):
    """Deletes what baskets held for a time that is over. It counted for nothing already."""

    help = "Delete holds that have run out."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        self.stdout.write(f"Holds deleted: {holds.purge()}")
