"""Several processes of the shop without a Redis, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.test import override_settings


@contextmanager
def another_process(name: str = "clock") -> Iterator[None]:
    """What happens within happens in a process with a memory of its own; files and database are those of all."""
    memory = {**settings.CACHES["default"], "KEY_PREFIX": name}
    with override_settings(CACHES={**settings.CACHES, "default": memory}):
        yield
