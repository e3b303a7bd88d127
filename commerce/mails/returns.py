"""Mail about books that come back: the receipt of a withdrawal, and of a wish to give back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from commerce.mails.orders import OF_ORDER, example_rows, rows_of
from commerce.models import Return
from core.mail.kinds import Contents, Kind, Placeholder

WHEN = Placeholder(_("Date and time of the declaration"), "27 November 2026, 10:02")


def compose_return(return_id: int) -> Contents:
    """What was declared, by whom and when, to the minute (directive 2011/83/EU, article 11a)."""
    ret = Return.objects.select_related("order").prefetch_related("lines__line").get(pk=return_id)
    order = ret.order
    view = "commerce:withdraw" if ret.kind == "withdrawal" else "commerce:return"
    return Contents(
        {"name": ret.name, "order": order.number, "when": _when(ret.announced_at)},
        {
            "rows": rows_of(order, [row.line_id for row in ret.lines.all()]),
            "reason": ret.reason,
            "is_waiting": ret.is_waiting,
            "url": settings.SITE_URL + reverse(view, args=[order.cancel_key]),
        },
    )


def _when(moment: dt.datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _example() -> dict[str, Any]:
    return {"rows": example_rows()[:1], "reason": "", "is_waiting": True, "url": f"{settings.SITE_URL}/"}


WITHDRAWAL = Kind(
    name="withdrawal",
    title=_("Receipt of a withdrawal"),
    purpose=_("Sent at once when a customer withdraws from a purchase; the law wants date, time and content."),
    subject=_("Your withdrawal from order {order}"),
    opening=_(
        "Dear {name},\n\non {when} you withdrew from the purchase of these books of your order {order}. "
        "This is the receipt:"
    ),
    placeholders={**OF_ORDER, "when": WHEN},
    template="mail/commerce/withdrawal",
    compose=compose_return,
    example=_example,
)

RETURN = Kind(
    name="return",
    title=_("Wish to give back"),
    purpose=_("Sent when a customer asks to give books back."),
    subject=_("You would like to give back books of order {order}"),
    opening=_("Dear {name},\n\non {when} you asked to give back these books of your order {order}:"),
    closing=_("We look at it and write to you. Please wait with sending anything back."),
    placeholders={**OF_ORDER, "when": WHEN},
    template="mail/commerce/return",
    compose=compose_return,
    example=_example,
)
