"""What a third party may be allowed for. Words of the defaults; editors may write their own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """Why something is stored or sent; each is asked for on its own, except the first."""

    NECESSARY = "necessary", _("Necessary")
    PREFERENCES = "preferences", _("Preferences")
    STATISTICS = "statistics", _("Statistics")
    MARKETING = "marketing", _("Marketing")
    EMBEDDED = "embedded", _("Embedded media")
    SUPPORT = "support", _("Support")


DESCRIPTIONS = {
    Purpose.NECESSARY: _("What the shop cannot do without: your basket, your sign-in, and this choice."),
    Purpose.PREFERENCES: _("Remembers how you like the shop to look and behave."),
    Purpose.STATISTICS: _("Tells us which pages are read and where people turn back."),
    Purpose.MARKETING: _("Shows others what you looked at here, so that you see advertisements elsewhere."),
    Purpose.EMBEDDED: _("Videos, maps and the like, which come from other companies."),
    Purpose.SUPPORT: _("A conversation with us that another company carries."),
}

REFUSED_BY_GPC = (Purpose.STATISTICS, Purpose.MARKETING)
"""What Global Privacy Control refuses on the visitor's behalf."""


class Position(models.TextChoices):
    """Where the code of an integration belongs in a page."""

    HEAD_START = "head-start", _("Start of the head")
    HEAD_END = "head-end", _("End of the head")
    BODY_START = "body-start", _("Start of the body")
    BODY_END = "body-end", _("End of the body")
    IN_PLACE = "in-place", _("Where an editor places it, behind a placeholder")
