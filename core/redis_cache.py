"""Redis that may be away. It is left alone for some seconds then, and what must be counted is counted in memory.

A Redis that hangs costs each call its whole patience, and a page makes dozens of calls: without the break a page
takes most of a minute. Everything else that is remembered can be done without: a miss, never an error.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import CONNECTION_INTERRUPTED
from django_redis.cache import RedisCache as DjangoRedisCache
from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

BREAK_SECONDS = 5
"""After a failed call a process leaves Redis alone for so long."""

COUNTS = ("throttle.", "allauth:rl:")
"""What is counted in the memory of the process where Redis is away: the limits, signing in first."""

MOST_OWED = 20_000


class Away(RedisConnectionError):
    """Redis did not answer a moment ago, and was not asked again."""


class Break:
    """What the threads of a process know of one Redis: until when it is left alone, and which keys it missed."""

    def __init__(self) -> None:
        self.until = 0.0
        self.owed: set[Any] = set()

    def call(self, pool: redis.ConnectionPool, commands: list[tuple[Any, ...]], send: Callable[[], Any]) -> Any:
        """Send the commands, unless Redis is left alone. When it is back, what it missed is deleted first.

        A mark that could not be written would otherwise bring yesterday's pages back: a lost one is a miss.
        """
        if until := self.until:
            if time.monotonic() < until:
                self._owe(commands)
                raise Away("Redis did not answer a moment ago.")
            self.until = time.monotonic() + BREAK_SECONDS  # one thread asks, while the others go on without
        try:
            if until:
                self._make_up(pool)
            answer = send()
        except (RedisConnectionError, RedisTimeoutError):
            self.until = time.monotonic() + BREAK_SECONDS
            self._owe(commands)
            raise
        if until:
            self.until = 0.0
        return answer

    def _owe(self, commands: list[tuple[Any, ...]]) -> None:
        for name, *arguments in commands:
            if name == "SET" and "NX" not in arguments and len(self.owed) < MOST_OWED:
                self.owed.add(arguments[0])
            elif name == "DEL" and len(self.owed) < MOST_OWED:
                self.owed.update(arguments)

    def _make_up(self, pool: redis.ConnectionPool) -> None:
        owed = list(self.owed)
        client = redis.Redis(connection_pool=pool)
        if len(owed) >= MOST_OWED:
            client.flushdb()
        elif owed:
            client.delete(*owed)
        self.owed.difference_update(owed)


def _break_of(pool: redis.ConnectionPool) -> Break:
    """One for each pool, which django-redis keeps one of for each address."""
    found: Break = pool.__dict__.setdefault("booktime_break", Break())
    return found


class Client(redis.Redis):
    """Each command goes through the break."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """One command."""
        pool = self.connection_pool
        send = super().execute_command
        return _break_of(pool).call(pool, [args], lambda: send(*args, **options))

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        """Several commands, that go through the break as one."""
        return _Commands(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class _Commands(Pipeline):
    def execute(self, raise_on_error: bool = True) -> list[Any]:
        pool, send = self.connection_pool, super().execute
        commands = [args for args, _options in self.command_stack]
        answers: list[Any] = _break_of(pool).call(pool, commands, lambda: send(raise_on_error))
        return answers


class RedisCache(DjangoRedisCache):
    """The cache of several processes. Counts go on in the memory of each while Redis is away."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        if self.logger:
            self.logger.addFilter(_is_news)  # dozens of times a page, for as long as it lasts
        self._memory = LocMemCache("counts", {"OPTIONS": {"MAX_ENTRIES": 10_000}})

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, *args: Any, **kwargs: Any) -> Any:
        """None says that Redis is away."""
        added = super().add(key, value, timeout, *args, **kwargs)
        return self._memory.add(key, value, timeout) if added is None and _is_count(key) else added

    def get(self, key: str, default: Any = None, version: int | None = None, client: Any = None) -> Any:
        """What is remembered."""
        value = self._get(key, default, version, client)
        if value is not CONNECTION_INTERRUPTED:
            return value
        return self._memory.get(key, default) if _is_count(key) else default

    def get_many(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """A dict of one's own: where Redis is away, django-redis gives everybody the same one, to write in."""
        return dict(super().get_many(*args, **kwargs))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, *args: Any, **kwargs: Any) -> Any:
        """None says that Redis is away."""
        was_set = super().set(key, value, timeout, *args, **kwargs)
        if was_set is None and _is_count(key):
            self._memory.set(key, value, timeout)
        return was_set

    def incr(self, key: str, delta: int = 1, *args: Any, **kwargs: Any) -> Any:
        """The new count; None where Redis is away and nothing is counted in memory."""
        count = super().incr(key, delta, *args, **kwargs)
        return self._memory.incr(key, delta) if count is None and _is_count(key) else count

    def delete(self, key: str, *args: Any, **kwargs: Any) -> Any:
        """Whether it was there; None says that Redis is away."""
        deleted = super().delete(key, *args, **kwargs)
        return (_is_count(key) and self._memory.delete(key)) or deleted

    def clear(self) -> Any:
        """Everything, that of this process's memory too."""
        self._memory.clear()
        return super().clear()


def _is_news(record: logging.LogRecord) -> bool:
    """False for what is only left alone: that it failed was told when it did."""
    error = record.exc_info[1] if record.exc_info else None
    return not (error and isinstance(error.__cause__, Away))


def _is_count(key: str) -> bool:
    return key.startswith(COUNTS)
