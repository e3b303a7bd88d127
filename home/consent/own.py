"""What the shop itself keeps in browsers: what it cannot do without, and one key that it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from home.consent.choice import COOKIE
from home.consent.providers import Stored
from home.consent.purposes import Purpose


@dataclass(frozen=True, slots=True)
class OwnStorage:
    """A cookie or key of the shop: other rooms add theirs to `own_storage`."""

    stored: Stored
    when: str | Promise
    """What must happen before it is there."""
    purpose: str = Purpose.NECESSARY


def _days(seconds: int) -> Promise:
    return format_lazy(_("{days} days"), days=seconds // (24 * 60 * 60))


own_storage: list[OwnStorage] = [
    OwnStorage(Stored("cookie", "basket", _("60 days"), _("Finds your basket again.")), _("a book in the basket")),
    OwnStorage(
        Stored("cookie", settings.SESSION_COOKIE_NAME, _days(settings.SESSION_COOKIE_AGE), _("Keeps you signed in.")),
        _("signing in"),
    ),
    OwnStorage(
        Stored("cookie", "messages", _("the next page"), _("Carries a note from one page to the next.")),
        _("a note such as “Your password was changed”"),
    ),
    OwnStorage(
        Stored(
            "local",
            "booktime.modals",
            _("6 months"),
            _("Remembers which promotions you closed or followed, so that they do not come again. Sent to nobody."),
        ),
        _("closing or following a promotion"),
    ),
    OwnStorage(
        Stored(
            "session",
            "booktime.visits",
            _("until you close the tab"),
            _("Remembers what happened in this visit, so that it is not counted twice. It is sent to nobody."),
        ),
        _("closing or following a promotion"),
    ),
    OwnStorage(
        Stored(
            "local",
            "booktime.visits",
            _("6 months"),
            _("Numbers your visits, and draws a chance number, for comparing promotions. It is sent to nobody."),
        ),
        _("a page with a promotion"),
        Purpose.STATISTICS,
    ),
    OwnStorage(
        Stored(
            "local",
            "booktime.orders",
            _("until your next visit"),
            _("Remembers which promotions you saw, to count whether an order follows. The count says nothing of you."),
        ),
        _("a promotion"),
        Purpose.STATISTICS,
    ),
    OwnStorage(Stored("cookie", COOKIE, _("6 months"), _("Remembers your choice on this page.")), _("a choice")),
]
