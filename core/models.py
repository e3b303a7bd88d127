"""What every page and picture of the shop has in common."""

from __future__ import annotations

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.images.models import AbstractImage, AbstractRendition, Image
from wagtail.models import Page
from wagtailmetadata.models import MetadataPageMixin


class ShopImage(AbstractImage):
    """A picture of the shop: a cover, a portrait, an illustration."""

    credit = models.CharField(_("credit"), max_length=255, blank=True)

    admin_form_fields = (*Image.admin_form_fields, "credit")

    @property
    def default_alt_text(self) -> str:
        """The description that an editor wrote, else nothing: a file name says nothing to a reader."""
        return self.description


class Rendition(AbstractRendition):
    """A picture in one size and format."""

    image = models.ForeignKey(ShopImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("image", "filter_spec", "focal_point_key"), name="rendition_once_per_filter"
            )
        ]


class BasePage(MetadataPageMixin, Page):
    """A page of the shop: what search engines and social cards need, and where it stands."""

    shows_everywhere = True
    """True where its title or address may stand on any other page, as in a menu."""

    class Meta:
        abstract = True

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """Wagtail's context with the breadcrumbs."""
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        context["breadcrumbs"] = self.get_breadcrumbs(request)
        return context

    def get_breadcrumbs(self, request: HttpRequest) -> list[dict[str, str]]:
        """The way from the home page to here: label and url, the page itself last and without a url."""
        crumbs = [
            {"label": page.title, "url": page.get_url(request) or ""}
            for page in self.get_ancestors().filter(depth__gt=1)
        ]
        return [*crumbs, {"label": self.title, "url": ""}]
