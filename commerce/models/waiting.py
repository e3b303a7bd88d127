"""Who waits for an edition that is sold out."""

from __future__ import annotations

import datetime as dt

from django.core import signing
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

CONFIRM_SALT, STOP_SALT = "commerce.waiting.confirm", "commerce.waiting.stop"
CONFIRM_DAYS = 7
"""Days for which the link that confirms is good; what nobody confirmed is forgotten then."""


class WaitingReaderQuerySet(models.QuerySet["WaitingReader"]):
    """Sets of waiting readers."""

    def to_tell(self) -> WaitingReaderQuerySet:
        """Those whose address is known to be theirs and who have heard nothing yet."""
        return self.exclude(confirmed_at=None).filter(told_at=None)

    def by_key(self, key: str, salt: str) -> WaitingReaderQuerySet:
        """The one of a signed link, while it is valid: for a week to confirm, without end to stop."""
        max_age = dt.timedelta(days=CONFIRM_DAYS) if salt == CONFIRM_SALT else None
        try:
            return self.filter(pk=signing.loads(key, salt=salt, max_age=max_age))
        except signing.BadSignature:
            return self.none()


class WaitingReader(models.Model):
    """Somebody who wants to be told, once, when an edition can be bought again."""

    edition = models.ForeignKey(
        "catalog.Edition", on_delete=models.CASCADE, related_name="waiting", verbose_name=_("edition")
    )
    email = models.EmailField(_("email"))
    language = models.CharField(_("language"), max_length=10, blank=True)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    told_at = models.DateTimeField(_("told"), null=True)

    objects = WaitingReaderQuerySet.as_manager()

    class Meta:
        verbose_name = _("waiting reader")
        verbose_name_plural = _("waiting readers")
        constraints = [models.UniqueConstraint(fields=("edition", "email"), name="waiting_once")]
        indexes = [
            models.Index(
                fields=("edition",),
                name="waiting_to_tell",
                condition=models.Q(confirmed_at__isnull=False, told_at__isnull=True),
            ),
            models.Index(fields=("email", "asked_at"), name="waiting_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.edition}"

    @property
    def confirm_key(self) -> str:
        """What opens the page that confirms the address."""
        return signing.dumps(self.pk, salt=CONFIRM_SALT)

    @property
    def stop_key(self) -> str:
        """What opens the page that ends it, and ends it by a POST."""
        return signing.dumps(self.pk, salt=STOP_SALT)
