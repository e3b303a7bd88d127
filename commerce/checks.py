"""What is looked at when the shop starts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning

HERE = {"127.0.0.1", "localhost", "::1"}


def sandbox_in_public(**_kwargs: Any) -> list[CheckMessage]:
    """The sandbox gives books away: it belongs on a developer's machine."""
    if not settings.PAYMENT_SANDBOX or urlsplit(settings.SITE_URL).hostname in HERE:
        return []
    return [
        Warning(
            "PAYMENT_SANDBOX is on: whoever chooses the test payment pays nothing.",
            hint="Switch it off where real people buy.",
            id="commerce.W001",
        )
    ]
