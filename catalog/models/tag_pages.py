"""Tags as pages: their index, and a page for each that editors introduce."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtail.url_routing import RouteResult

from catalog import facets
from catalog.addresses import TAGS
from catalog.listing import listing_context, listing_for
from catalog.models.pages import keep_address
from catalog.models.people import Tag
from catalog.tags import tags_with_cards
from core.models import BasePage, home_crumb
from core.panels import ChecksPanel


class TagIndexPage(BasePage):
    """Every tag of the shop."""

    introduction = RichTextField(_("introduction"), blank=True, features=["bold", "italic", "link"])

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["home.HomePage"]
    subpage_types = ["catalog.TagPage"]
    max_count_per_parent = 1
    template = "catalog/tag_index_page.html"

    class Meta:
        verbose_name = _("tag index")

    def clean(self) -> None:
        """Every tag's address begins with that of the index, so it stays."""
        super().clean()
        keep_address(self, TAGS)

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """A tag's page; a tag with books for which no editor made one is shown all the same."""
        if len(path_components) != 1:
            return super().route(request, path_components)
        page = TagPage.objects.child_of(self).live().select_related("tag").filter(slug=path_components[0]).first()
        if page is None:
            tag = Tag.objects.filter(slug=path_components[0]).first()
            if tag is None or not facets.index.state().having(f"t:{tag.pk}"):
                raise Http404
            return RouteResult(self, kwargs={"tag": tag})
        page.index = self
        return RouteResult(page)

    def serve(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """The index, or a tag that has no page of its own."""
        tag = kwargs.pop("tag", None)
        if not isinstance(tag, Tag):
            return super().serve(request, *args, **kwargs)
        page = TagPage(title=tag.name, slug=tag.slug, tag=tag, url_path=f"{self.url_path}{tag.slug}/", live=True)
        page.index = self
        return page.serve(request)

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """The tags with the number of their books and a few covers."""
        return {**super().get_context(request, *args, **kwargs), "tags": tags_with_cards()}


class TagPageForm(WagtailAdminPageForm):
    """A tag has one page, at the tag's own address."""

    def clean(self) -> dict[str, Any]:
        """Refuse a second page of a tag below one index."""
        cleaned: dict[str, Any] = super().clean()
        siblings = TagPage.objects.child_of(self.parent_page).exclude(pk=self.instance.pk)
        if (tag := cleaned.get("tag")) and siblings.filter(tag=tag).exists():
            self.add_error("tag", _("That tag has a page already."))
        return cleaned


class TagPage(BasePage):
    """A tag as a page: an introduction by the shop, and its books. Its slug is always that of the tag."""

    slug: str
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="pages", verbose_name=_("tag"))
    introduction = RichTextField(_("introduction"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("tag"), FieldPanel("introduction")]
    promote_panels = [
        MultiFieldPanel(
            [FieldPanel(name) for name in ("seo_title", "show_in_menus", "search_description", "search_image")],
            heading=_("Common page configuration"),
        ),
        ChecksPanel(heading=_("Before publishing")),
    ]
    base_form_class = TagPageForm
    parent_page_types = ["catalog.TagIndexPage"]
    subpage_types: list[str] = []
    template = "catalog/tag_page.html"

    class Meta:
        verbose_name = _("tag page")
        verbose_name_plural = _("tag pages")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save at the address of the tag, whatever a draft of earlier says."""
        if self.tag_id and self.slug != self.tag.slug:
            self.slug = self.tag.slug
            if self.path:
                self.set_url_path(self.get_parent())
        super().save(*args, **kwargs)

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """The tag's books, as the address asks for them."""
        listing = listing_for(request, tag=self.tag)
        return {**super().get_context(request, *args, **kwargs), **listing_context(request, listing)}

    def get_breadcrumbs(self, request: HttpRequest) -> list[dict[str, str]]:
        """Home, the tags, this tag."""
        index: TagIndexPage | None = getattr(self, "index", None)
        if index is None:
            return super().get_breadcrumbs(request)
        return [
            home_crumb(request),
            {"label": index.title, "url": index.get_url(request) or ""},
            {"label": self.title, "url": ""},
        ]

    @cached_property
    def description(self) -> str:
        """One sentence for search engines and the index."""
        return self.search_description or self.tag.description

    def get_meta_description(self) -> str:
        """The same for search engines."""
        return self.description
