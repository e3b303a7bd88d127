"""Make the feeds that are too long to be made when they are asked for."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog import feeds, tasks
from core.tasks import enqueue


class Command(BaseCommand):
    """`write_feeds`: the Google Merchant feed, where the catalogue has changed since."""

    help = "Makes the feed for Google Merchant Center anew where the catalogue has changed."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--queue`: leave it to the task worker, for the clock; `--always`: also where nothing has changed."""
        parser.add_argument("--queue", action="store_true", help="leave it to the task worker")
        parser.add_argument("--always", action="store_true", help="also where nothing has changed")

    def handle(self, *args: Any, queue: bool, always: bool, **options: Any) -> None:
        """Make the feed and say what is in it and what is not."""
        if queue:
            enqueue(tasks.write_feeds)
            return
        began = time.monotonic()
        feed = feeds.write_merchant_feed(always=always)
        if feed is None:
            self.stdout.write("Nothing has changed.")
            return
        left_out = ", ".join(f"{number} {reason}" for reason, number in sorted(feed.left_out.items()))
        self.stdout.write(
            f"{feed.items} items in {time.monotonic() - began:.1f} s" + (f"; left out: {left_out}" if left_out else "")
        )
