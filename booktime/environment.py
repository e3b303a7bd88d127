"""The one place that reads the environment (and `.env`).

A missing or malformed value stops the process with one clear line, never with a traceback.
"""

from __future__ import annotations

import os
import sys
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from babel import Locale
from babel.numbers import list_currencies
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

YES_OR_NO = {"true", "false", "yes", "no", "on", "off", "1", "0"}

SPOKEN = {"en-gb": "English", "fr": "Français"}
"""The languages that the shop's sentences are written in: those of `locale/`, and English."""

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def stop(name: str, what_to_do: str) -> NoReturn:
    """End the process with the name of the setting and what to do about it."""
    sys.exit(f"BookTime cannot start: {name} {what_to_do} (see .env.example)")


def read(name: str, kind: str = "str", default: object = environ.Env.NOTSET) -> Any:
    """A setting from the environment, read as `kind` ("str", "bool", "int", "list", "db_url", "email_url")."""
    if os.environ.get(name) == "":
        del os.environ[name]  # an empty setting is one that was not made
    if kind == "bool" and os.environ.get(name, "true").lower() not in YES_OR_NO:
        stop(name, f"must be true or false, not “{os.environ[name]}”.")
    try:
        return getattr(env, kind)(name, default=default)
    except (ImproperlyConfigured, KeyError, ValueError) as error:
        if name not in os.environ:
            stop(name, "is missing.")
        stop(name, "is not understood." if kind.endswith("_url") else f"is not understood: {error}.")


def database(var_dir: Path) -> dict[str, Any]:
    """Django's settings of the database named by DATABASE_URL; without one, SQLite in `var_dir`.

    SQLite gets WAL, foreign keys, 20 seconds of patience and IMMEDIATE transactions, so that two
    writers queue instead of failing with "database is locked".
    """
    config = dict(read("DATABASE_URL", "db_url", f"sqlite:///{var_dir / 'booktime.sqlite3'}"))
    engine = config.get("ENGINE")
    if engine == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY;"
            ),
        }
    elif engine == "django.db.backends.postgresql":
        config["CONN_HEALTH_CHECKS"] = True
        config["OPTIONS"] = {"connect_timeout": 5}
    else:
        stop("DATABASE_URL", "must begin with sqlite:// or postgres://.")
    return config


def redis_url() -> str:
    """The address of Redis with the number of a database, or an empty text."""
    url = str(read("REDIS_URL", default=""))
    if url and urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        stop("REDIS_URL", "must begin with redis://, rediss:// or unix://.")
    return url


def currency(name: str, default: str) -> str:
    """A currency by its code."""
    code = str(read(name, default=default))
    if code not in list_currencies():
        stop(name, f"must be the code of a currency such as {default} (ISO 4217), not “{code}”.")
    return code


def languages(name: str, default: str) -> list[tuple[str, str]]:
    """Django's list of languages, each by its code and its own name for itself; the first is the shop's own."""
    codes = [code.strip().lower() for code in read(name, "list", default.split(","))]
    if unknown := [code for code in codes if code not in SPOKEN]:
        stop(name, f"must be of {', '.join(SPOKEN)}, with commas between, not “{unknown[0]}”.")
    return [(code, SPOKEN[code]) for code in dict.fromkeys(codes)]


def country(name: str, default: str) -> str:
    """A country by its code."""
    code = str(read(name, default=default))
    if not (len(code) == 2 and code.isalpha() and code in Locale("en").territories):
        stop(name, f"must be the code of a country such as {default} (ISO 3166), not “{code}”.")
    return code


def time_zone(name: str, default: str) -> str:
    """A time zone by its name in the IANA database."""
    zone = str(read(name, default=default))
    if zone not in available_timezones():
        stop(name, f"must be the name of a time zone such as {default} (IANA), not “{zone}”.")
    return zone


def port(name: str, default: int) -> int:
    """A port of this machine."""
    number = int(read(name, "int", default))
    if not 0 < number < 65_536:
        stop(name, f"must be a port from 1 to 65535, not “{number}”.")
    return number


def sentry_dsn() -> str:
    """Where errors are reported, or an empty text."""
    from sentry_sdk.utils import BadDsn, Dsn

    dsn = str(read("SENTRY_DSN", default=""))
    try:
        return str(Dsn(dsn)) if dsn else ""
    except BadDsn as error:
        stop("SENTRY_DSN", f"must be an address such as https://key@sentry.example/1: {error}.")


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """The addresses and networks of a setting, separated by commas; not the whole world, which nobody can trust."""
    found = []
    for text in read(name, "list", []):
        try:
            network = ip_network(text.strip())
        except ValueError:
            network = None
        if network is None or not network.prefixlen:
            stop(name, f"must be addresses or networks such as 10.0.0.0/8, separated by commas, not “{text}”.")
        found.append(network)
    return found


def address(name: str, default: str) -> str:
    """The address of a site, without a slash at the end."""
    url = str(read(name, default=default)).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        stop(name, f"must be an address such as https://books.example, not “{url}”.")
    return url


def site_url() -> str:
    """The shop's public address."""
    return address("SITE_URL", "http://127.0.0.1:8000")


def provider_address(name: str, default: str) -> str:
    """The address of a provider that is sent our keys: encrypted, unless it is on this machine."""
    url = address(name, default)
    if url.startswith("http://") and not is_local(url):
        stop(name, f"must begin with https://, because keys are sent there, not “{url}”.")
    return url


def together(*names: str) -> tuple[str, ...]:
    """Settings that are of use only together: all of them, or empty texts."""
    values = tuple(str(read(name, default="")) for name in names)
    if any(values) and not all(values):
        missing = names[values.index("")]
        stop(missing, f"is missing: it goes with {', '.join(name for name in names if name != missing)}.")
    return values


def is_local(address: str) -> bool:
    """True for an address that only this machine has."""
    host = urlsplit(address).hostname or ""
    return host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")


def sign_in_providers() -> list[dict[str, Any]]:
    """Who else may say who somebody is: Google, and any provider of OpenID Connect, each only with all its settings."""
    found = []
    for provider, name, server in (("google", "Google", "https://accounts.google.com"), ("oidc", "", "")):
        prefix = provider.upper()
        given = {part: str(read(f"{prefix}_{part}", default="")) for part in ("CLIENT_ID", "CLIENT_SECRET")}
        if provider == "oidc":
            name, server = (str(read(f"OIDC_{part}", default="")) for part in ("NAME", "SERVER_URL"))
            given |= {"NAME": name, "SERVER_URL": server}
        missing = [f"{prefix}_{part}" for part, value in given.items() if not value]
        if len(missing) == len(given):
            continue
        if missing:
            stop(missing[0], "is missing: a provider to sign in with needs all its settings.")
        found.append(
            {
                "provider_id": provider,
                "name": name,
                "client_id": given["CLIENT_ID"],
                "secret": given["CLIENT_SECRET"],
                "settings": {"server_url": server},
            }
        )
    return found
