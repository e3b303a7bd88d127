"""Structured logs: one JSON object a line, safe against line breaks in what visitors send."""

from __future__ import annotations

import datetime as dt
import json
import logging

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request", "server_time"}


class JSONFormatter(logging.Formatter):
    """A log record as one line of JSON: time (UTC), level, logger, message, extras, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; what was passed as `extra=` becomes a field of its own."""
        entry: dict[str, object] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry.update({name: value for name, value in vars(record).items() if name not in _STANDARD})
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)
