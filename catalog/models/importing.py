"""What the importer must remember beside the books: which work a page is, and what it has yet to index."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkKey(models.Model):
    """A sign by which editions of one work know each other: a work's number, a related ISBN, title and author.

    `catalog.importers.grouping` says how a key is made. A sign is evidence, not proof, so several pages may have it.
    """

    key = models.CharField(max_length=40)
    page = models.ForeignKey("catalog.ProductPage", on_delete=models.CASCADE, related_name="work_keys")

    class Meta:
        verbose_name = _("key of a work")
        verbose_name_plural = _("keys of works")
        constraints = [models.UniqueConstraint(fields=("key", "page"), name="work_key_once_a_page")]

    def __str__(self) -> str:
        return self.key


class Unindexed(models.Model):
    """A book whose rows are written and whose indexes are not. It commits with the rows, so no crash loses it."""

    page = models.OneToOneField(
        "catalog.ProductPage", on_delete=models.CASCADE, primary_key=True, related_name="unindexed"
    )
    texts = models.BooleanField(default=True)
    """Whether words or links changed too; else only prices and availability, which search does not hold."""

    class Meta:
        verbose_name = _("book to be indexed")
        verbose_name_plural = _("books to be indexed")

    def __str__(self) -> str:
        return str(self.page_id)
