"""What something costs: queries, and processor time of this process. For `manage.py bench`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

WARM_UP = 3


def figure(do: Callable[[], object], times: int, before: Callable[[], object] | None = None) -> str:
    """Queries and milliseconds of doing something, the median after a warm-up. What comes `before` is not counted."""

    def spent() -> float:
        if before:
            before()
        began = time.process_time()
        do()
        return time.process_time() - began

    for _ in range(WARM_UP):
        spent()
    with CaptureQueriesContext(connection) as queries:
        spent()
        asked = len(queries)
    return f"{asked} queries {1000 * statistics.median(spent() for _ in range(times)):6.1f} ms"
