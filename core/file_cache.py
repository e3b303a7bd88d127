"""A cache of files in which only one of many wins."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache


class FileCache(FileBasedCache):
    """Django's, whose `add` looks first and writes then, so that several at once believe that they were first."""

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Write it if nothing is there. A link to a finished file is made by one only, and never read half."""
        if self.has_key(key, version):  # which removes what has expired
            return False
        self._createdir()  # type: ignore[attr-defined]
        self._cull()  # type: ignore[attr-defined]
        number, finished = tempfile.mkstemp(dir=self._dir)  # type: ignore[attr-defined]
        try:
            with open(number, "wb") as file:
                self._write_content(file, timeout, value)  # type: ignore[attr-defined]
            os.link(finished, self._key_to_file(key, version))  # type: ignore[attr-defined]
        except FileExistsError:
            return False
        finally:
            os.unlink(finished)
        return True
