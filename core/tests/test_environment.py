"""A missing or malformed setting is one clear line at the start."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from email.utils import parseaddr
from pathlib import Path

import pytest

from booktime.environment import (
    BASE_DIR,
    country,
    currency,
    database,
    languages,
    provider_address,
    read,
    redis_url,
    time_zone,
    together,
)


@pytest.mark.parametrize("given", [{}, {"STRIPE_SECRET_KEY": ""}])
def test_a_provider_without_keys_is_no_fault(monkeypatch, given):
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert together("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET") == ("", "")


def test_half_of_what_belongs_together_stops_the_shop_with_one_line_that_holds_no_key(monkeypatch):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_secret")
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET", raising=False)

    with pytest.raises(SystemExit, match="cannot start: STRIPE_WEBHOOK_SECRET is missing") as stopped:
        together("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")
    assert "sk_live_secret" not in str(stopped.value)


@pytest.mark.parametrize("value", ["api.stripe.com", "ftp://api.stripe.com", "https://api.stripe.com/v1", "https://"])
def test_an_address_that_is_none_stops_the_shop(monkeypatch, value):
    monkeypatch.setenv("STRIPE_API_BASE", value)

    with pytest.raises(SystemExit, match="STRIPE_API_BASE must be an address"):
        provider_address("STRIPE_API_BASE", "https://api.stripe.com")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "99999999", "PORT must be a port from 1 to 65535, not “99999999”"),
        ("SENTRY_DSN", "notadsn", "SENTRY_DSN must be an address such as https://key@sentry.example/1"),
        ("VAR_DIR", "/dev/null/var", "VAR_DIR is no folder that can be written to"),
    ],
)
def test_the_embedded_shop_stops_with_one_line(name, value, said):
    environment = {**os.environ, "SECRET_KEY": "x" * 60, "DATABASE_URL": "", name: value}
    environment["DJANGO_SETTINGS_MODULE"] = "booktime.settings.production"

    ended = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-m", "booktime.embedded"],
        env=environment, cwd=BASE_DIR, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert ended.returncode == 1
    assert f"BookTime cannot start: {said}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_keys_are_sent_encrypted_except_to_this_machine(monkeypatch):
    monkeypatch.setenv("STRIPE_API_BASE", "http://api.stripe.com")
    with pytest.raises(SystemExit, match="must begin with https://"):
        provider_address("STRIPE_API_BASE", "https://api.stripe.com")

    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:12111/")
    assert provider_address("STRIPE_API_BASE", "https://api.stripe.com") == "http://127.0.0.1:12111"


@pytest.mark.parametrize(
    ("name", "value", "ask", "said"),
    [
        ("DEBUG", "maybe", lambda: read("DEBUG", "bool", False), "must be true or false, not “maybe”"),
        ("PORT", "abc", lambda: read("PORT", "int", 8000), "is not understood"),
        ("EMAIL_URL", "garbage", lambda: read("EMAIL_URL", "email_url"), "is not understood"),
        ("DATABASE_URL", "garbage", lambda: database(Path()), "must begin with sqlite:// or postgres://"),
        ("DATABASE_URL", "mongo://books", lambda: database(Path()), "is not understood|must begin with"),
        ("REDIS_URL", "garbage", redis_url, "must begin with redis://"),
        ("SHOP_CURRENCY", "POUNDS", lambda: currency("SHOP_CURRENCY", "GBP"), "must be the code of a currency"),
        ("SHOP_COUNTRY", "UK", lambda: country("SHOP_COUNTRY", "GB"), "must be the code of a country"),
        ("LANGUAGES", "en-gb,de", lambda: languages("LANGUAGES", "en-gb"), "must be of en-gb, fr"),
        ("TIME_ZONE", "London", lambda: time_zone("TIME_ZONE", "Europe/London"), "must be the name of a time zone"),
        ("SECRET_KEY", None, lambda: read("SECRET_KEY"), "is missing"),
    ],
)
def test_a_setting_that_is_not_understood_is_named_in_one_line(monkeypatch, name, value, ask, said):
    monkeypatch.delenv(name, raising=False)
    if value:
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit, match=f"BookTime cannot start: {name} ({said})") as stopped:
        ask()
    assert "\n" not in str(stopped.value)


def test_a_shop_has_a_name_and_a_time_of_its_own():
    names = ("WAGTAIL_SITE_NAME", "TIME_ZONE", "DEFAULT_FROM_EMAIL")
    own = {
        "SHOP_NAME": "Miller, Sons",
        "TIME_ZONE": "Europe/Berlin",
        "DJANGO_SETTINGS_MODULE": "booktime.settings.test",
    }
    say = f"from django.conf import settings; print([getattr(settings, name) for name in {names}])"

    told = subprocess.check_output([sys.executable, "-c", say], env={**os.environ, **own}, text=True)  # noqa: S603

    name, zone, sender = ast.literal_eval(told)
    assert (name, zone) == ("Miller, Sons", "Europe/Berlin")
    assert parseaddr(sender) == ("Miller, Sons", "hello@booktime.example")
