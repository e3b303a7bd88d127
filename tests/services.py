"""Says in one line which service does not answer. Run before the suite on PostgreSQL and Redis."""

from __future__ import annotations

import os
import sys

import psycopg2
import redis


def main() -> None:
    """End with a clear line where PostgreSQL or Redis does not answer."""
    try:
        psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=3).close()
    except psycopg2.OperationalError as error:
        sys.exit(f"PostgreSQL does not answer (set DATABASE_URL): {str(error).strip().splitlines()[0]}")
    try:
        redis.Redis.from_url(os.environ["REDIS_URL"], socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        sys.exit(f"Redis does not answer (set REDIS_URL): {error}")


if __name__ == "__main__":
    main()
