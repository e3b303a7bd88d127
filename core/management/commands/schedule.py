"""The clock: runs what `settings.SCHEDULE` says is due."""

from __future__ import annotations

import io
import logging
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandParser, call_command
from django.db import close_old_connections

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Run each management command of the schedule when its time has come, until told to stop."""

    help = "Runs due jobs (scheduled publishing, prices that begin or end, clean-up) until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--once` runs every job and ends: for cron, and for those who keep another clock."""
        parser.add_argument("--once", action="store_true", help="run every job once and end")

    def handle(self, *_args: Any, once: bool, **_options: Any) -> None:
        """Loop; a job that fails is logged and tried again at its next time."""
        stopping = threading.Event()
        if not once:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stopping.set())
        due = dict.fromkeys(settings.SCHEDULE, 0.0)
        while not stopping.is_set():
            for job, seconds in settings.SCHEDULE.items():
                if time.monotonic() >= due[job]:
                    due[job] = time.monotonic() + seconds
                    self._run(job)
            if once:
                return
            stopping.wait(1)

    def _run(self, job: str) -> None:
        name, *arguments = job.split()
        close_old_connections()
        said = io.StringIO()
        try:
            call_command(name, *arguments, verbosity=0, stdout=said)
        except Exception:  # whatever one job does, the others have their time
            logger.exception("The job %r failed; it runs again at its next time", job)
        if text := said.getvalue().strip():
            logger.info("The job %r says: %s", job, text)
