"""What the shop says of its own cookies is what it does."""

from __future__ import annotations

from django.conf import settings

from accounts.middleware import CUSTOMER_IDLE_SECONDS
from commerce import basket_cookie
from home.consent import choice
from home.consent.own import own_storage

DAY = 24 * 60 * 60


def test_each_own_cookie_lasts_as_long_as_the_public_table_says():
    said = {one.stored.name: str(one.stored.lifetime) for one in own_storage if one.stored.kind == "cookie"}

    assert said == {
        basket_cookie.NAME: f"{basket_cookie.SECONDS // DAY} days",
        settings.SESSION_COOKIE_NAME: f"{settings.SESSION_COOKIE_AGE // DAY} days",
        "messages": "the next page",
        choice.COOKIE: f"{choice.KEPT_SECONDS // (30 * DAY)} months",
    }
    assert settings.SESSION_COOKIE_AGE == CUSTOMER_IDLE_SECONDS
