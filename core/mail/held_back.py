"""Mail to who scheduled a page that was held back at its time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.models import PageLogEntry, Revision

from core.mail.kinds import Contents, Kind, Placeholder
from core.mail.outbox import post


def post_held_back(revision: Revision, problems: Sequence[str]) -> None:
    """Tell who scheduled a page, else who wrote it, that it was not published at its time, and why."""
    page = revision.as_object()
    scheduled = PageLogEntry.objects.filter(page=page.pk, revision=revision, action="wagtail.publish.schedule")
    who = [entry.user for entry in scheduled.select_related("user").order_by("-timestamp")[:1]]
    address = next((user.email for user in (*who, revision.user, page.owner) if user and user.is_active), None)
    post(
        "held-back",
        address or str(settings.CUSTOMER_SERVICE_EMAIL),
        key=f"held-back:{revision.pk}",
        revision_id=revision.pk,
        problems=list(problems),
    )


def compose_held_back(revision_id: int, problems: Sequence[str]) -> Contents | None:
    """The page and what is wrong with it; nothing where it is gone."""
    revision = Revision.objects.filter(pk=revision_id).first()
    if revision is None:
        return None
    page = revision.as_object()
    edit_url = settings.WAGTAILADMIN_BASE_URL + reverse("wagtailadmin_pages:edit", args=[page.pk])
    return Contents({"page": page.get_admin_display_title()}, {"problems": problems, "edit_url": edit_url})


def _example() -> dict[str, Any]:
    return {"problems": [gettext("A link leads nowhere.")], "edit_url": f"{settings.SITE_URL}/admin/"}


HELD_BACK = Kind(
    name="held-back",
    title=_("Page held back"),
    purpose=_("Sent to who scheduled a page that has come to have something that visitors should not see."),
    subject=_("Not published: {page}"),
    opening=_(
        "“{page}” was to be published now. Since it was scheduled it has come to have something that visitors should "
        "not see, so it was held back:"
    ),
    placeholders={"page": Placeholder(_("Title of the page"), "About us")},
    template="mail/core/held_back",
    compose=compose_held_back,
    example=_example,
)
