"""Mail to staff about pages, sent outside the request."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django_tasks import task
from wagtail.models import PageLogEntry, Revision

from core.tasks import BEFORE_UPKEEP


@task(priority=BEFORE_UPKEEP)
def mail_held_back(*, revision_id: int, problems: Sequence[str]) -> None:
    """Tell who scheduled a page, else who wrote it, that it was not published at its time, and why."""
    revision = Revision.objects.filter(pk=revision_id).select_related("user").first()
    if revision is None:
        return
    page = revision.as_object()
    scheduled = PageLogEntry.objects.filter(page=page.pk, revision=revision, action="wagtail.publish.schedule")
    who = [entry.user for entry in scheduled.select_related("user").order_by("-timestamp")[:1]]
    address = next((user.email for user in (*who, revision.user, page.owner) if user and user.is_active), None)
    EmailMessage(
        subject=_("Not published: %(title)s") % {"title": page.get_admin_display_title()},
        body=render_to_string(
            "emails/held_back.txt", {"page": page, "problems": problems, "base_url": settings.WAGTAILADMIN_BASE_URL}
        ),
        to=[address or str(settings.CUSTOMER_SERVICE_EMAIL)],
    ).send()
