"""What books have in common: contributors, publishers, series and tags. Each has an address of its own."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from catalog.addresses import tag_url
from catalog.moved import lead_on


class SluggedManager(models.Manager["Slugged"]):
    """Finds a row by its slug, so that fixtures move between databases."""

    def get_by_natural_key(self, slug: str) -> Slugged:
        """The row with that slug."""
        return self.get(slug=slug)


class Slugged(index.Indexed, models.Model):
    """Something with a name and a slug. The slug is its natural key and its place in the address."""

    name = models.CharField(_("name"), max_length=255)
    slug = models.SlugField(_("slug"), max_length=255, unique=True, allow_unicode=True)
    description = models.TextField(_("description"), blank=True)

    objects = SluggedManager()

    search_fields = [index.SearchField("name"), index.AutocompleteField("name"), index.FilterField("name")]

    class Meta:
        abstract = True
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; under another slug than before, its earlier addresses lead to the new ones."""
        names = kwargs.get("update_fields")
        may_move = self.pk and (names is None or "slug" in names)
        before = type(self)._default_manager.filter(pk=self.pk).exclude(slug=self.slug).first() if may_move else None
        with transaction.atomic():
            super().save(*args, **kwargs)
            if before:
                self.moved_from(before)

    def get_absolute_url(self) -> str:
        """The page of its own."""
        raise NotImplementedError

    def natural_key(self) -> tuple[str]:
        """The slug."""
        return (self.slug,)

    def addresses(self) -> list[str]:
        """Every address that has the slug in it."""
        return [self.get_absolute_url()]

    def moved_from(self, before: Slugged) -> None:
        """It has another slug than before: lead on from its earlier addresses."""
        lead_on(zip(before.addresses(), self.addresses(), strict=True))


class Contributor(Slugged):
    """A person or body who wrote, translated, drew or read. Shared between books."""

    description = None
    sort_name = models.CharField(_("name as it files"), max_length=255, blank=True, help_text=_("“Austen, Jane”"))
    biography = models.TextField(_("biography"), blank=True)
    photo = models.ForeignKey(
        "core.ShopImage", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("photo")
    )
    isni = models.CharField("ISNI", max_length=16, blank=True, db_index=True)
    orcid = models.CharField("ORCID", max_length=16, blank=True)

    class Meta(Slugged.Meta):
        verbose_name = _("contributor")
        verbose_name_plural = _("contributors")
        indexes = [models.Index(fields=("name",), name="contributor_name")]

    def get_absolute_url(self) -> str:
        """The contributor's page."""
        return reverse("catalog:contributor", args=[self.slug])


class Publisher(Slugged):
    """Who publishes: the imprint that readers know, or the house."""

    class Meta(Slugged.Meta):
        verbose_name = _("publisher")
        verbose_name_plural = _("publishers")
        indexes = [models.Index(fields=("name",), name="publisher_name")]

    def get_absolute_url(self) -> str:
        """The publisher's page."""
        return reverse("catalog:publisher", args=[self.slug])


class Series(Slugged):
    """Books that belong together, in an order."""

    class Meta(Slugged.Meta):
        verbose_name = _("series")
        verbose_name_plural = _("series")
        indexes = [models.Index(fields=("name",), name="series_name")]

    def get_absolute_url(self) -> str:
        """The page of the series."""
        return reverse("catalog:series", args=[self.slug])


class Tag(Slugged):
    """A word under which books are found. `TagPage` is its editorial side.

    Tags are plain rows with a natural key, so `dumpdata catalog.tag --natural-primary` moves them
    between databases, where pages with their places in a tree could not move.
    """

    class Meta(Slugged.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def get_absolute_url(self) -> str:
        """The tag's page."""
        return tag_url(self.slug)

    def addresses(self) -> list[str]:
        """Its page and its feeds."""
        feeds = (reverse("catalog:tag_feed", args=[self.slug, kind]) for kind in ("rss", "atom"))
        return [self.get_absolute_url(), *feeds]

    def moved_from(self, before: Slugged) -> None:
        """The page that an editor made for it moves along."""
        super().moved_from(before)
        for page in self.pages.all():
            page.save()


NAMED: dict[str, type[Slugged]] = {
    str(model._meta.model_name): model for model in (Contributor, Publisher, Series, Tag)
}
"""What books have in common, by the names of the models."""
