"""A missing or malformed setting is one clear line at the start."""

from __future__ import annotations

import pytest

from booktime.environment import provider_address, together


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


def test_keys_are_sent_encrypted_except_to_this_machine(monkeypatch):
    monkeypatch.setenv("STRIPE_API_BASE", "http://api.stripe.com")
    with pytest.raises(SystemExit, match="must begin with https://"):
        provider_address("STRIPE_API_BASE", "https://api.stripe.com")

    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:12111/")
    assert provider_address("STRIPE_API_BASE", "https://api.stripe.com") == "http://127.0.0.1:12111"
