"""Addresses of books that were and are no more."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class GoneAddress(models.Model):
    """The slug of a book that was published once and then deleted: its address answers 410, not 404.

    A redirect to another book, or a new book with the same slug, goes before it.
    """

    slug = models.SlugField(_("slug"), max_length=255, unique=True, allow_unicode=True)
    gone_at = models.DateTimeField(_("deleted"), auto_now_add=True)

    class Meta:
        verbose_name = _("address of a deleted book")
        verbose_name_plural = _("addresses of deleted books")

    def __str__(self) -> str:
        return self.slug
