"""Points at which a process can be made to die, to see what a restart finds."""

from __future__ import annotations

import os
import signal

from django.conf import settings


def here(point: str) -> None:
    """Kill this process, as a power cut would, if `CRASH_AT` names the point; otherwise nothing."""
    if point == settings.CRASH_AT:
        os.kill(os.getpid(), signal.SIGKILL)
