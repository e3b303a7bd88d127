"""Files that are made for others to fetch."""

from __future__ import annotations

from django.core.files.storage import storages
from django.core.files.storage.base import Storage
from django.db import models
from django.utils.translation import gettext_lazy as _


def feed_storage() -> Storage:
    """Where every machine of the shop finds the files."""
    return storages["default"]


class FeedFile(models.Model):
    """A feed as it was last made: a compressed file in the shop's storage. The row changes in one step."""

    name = models.CharField(_("feed"), max_length=40, primary_key=True)
    file = models.FileField(_("file"), storage=feed_storage)
    made_from = models.CharField(max_length=100)
    """The state of the catalogue that it was made from; the same state needs no new file."""
    items = models.PositiveIntegerField(_("items"))
    left_out = models.JSONField(_("left out"), default=dict)
    """How many editions were left out, by reason."""
    made_at = models.DateTimeField(_("made"), auto_now=True)

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")

    def __str__(self) -> str:
        return self.name
