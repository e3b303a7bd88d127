"""The catalogue as pages: what editors write, preview, schedule and approve."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, MultipleChooserPanel, PublishingPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page, PageManager
from wagtail.query import PageQuerySet
from wagtail.search import index
from wagtail.url_routing import RouteResult

from catalog import facets
from catalog.addresses import BOOKS, TAGS, book_url
from catalog.blocks import DescriptionBlock
from catalog.choices import Role
from catalog.faces import Face, byline, cover_of
from catalog.listing import listing_context, listing_for
from catalog.models.people import Contributor, Publisher, Series, Tag
from catalog.panels import EditionsPanel
from catalog.product import product_context
from catalog.summaries import description_of
from catalog.tags import tags_with_cards
from core.models import BasePage, home_crumb
from core.panels import ChecksPanel


def _keep_address(page: Page, slug: str) -> None:
    """Refuse another slug than the one that addresses begin with."""
    if page.slug and page.slug != slug:
        raise ValidationError({"slug": _("This page stays at “%s”: the addresses below it begin so.") % slug})


class CatalogPage(BasePage):
    """Every book of the shop, under one address. Books are its children."""

    introduction = RichTextField(_("introduction"), blank=True, features=["bold", "italic", "link"])

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["home.HomePage"]
    subpage_types = ["catalog.ProductPage"]
    max_count_per_parent = 1
    template = "catalog/catalog_page.html"

    class Meta:
        verbose_name = _("catalogue")

    def clean(self) -> None:
        """Every book's address begins with that of the catalogue, so it stays."""
        super().clean()
        _keep_address(self, BOOKS)

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Find a book by its slug with one query, whatever its depth in the tree."""
        if len(path_components) == 1:
            book = ProductPage.objects.descendant_of(self).for_page().filter(slug=path_components[0]).first()
            if book is None:
                raise Http404
            book.catalogue = self
            return RouteResult(book)
        return super().route(request, path_components)

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """The list of every book, as the address asks for it."""
        return {**super().get_context(request, *args, **kwargs), **listing_context(request, listing_for(request))}


class ProductPageQuerySet(PageQuerySet):
    """Sets of books."""

    def active(self) -> ProductPageQuerySet:
        """Books that the public may see."""
        return self.live().public()

    def for_page(self) -> ProductPageQuerySet:
        """Published books with what the page shows, in one query."""
        return self.live().select_related("listing")


class ProductPage(BasePage):
    """A book: its editorial side. What is sold, for how much and how many are on `Edition`."""

    subtitle = models.CharField(_("subtitle"), max_length=255, blank=True)
    sort_title = models.CharField(
        _("title as it files"), max_length=255, blank=True, help_text=_("“Forgotten, The”; empty: as the title.")
    )
    shows_everywhere = False
    short_description = models.TextField(_("in one sentence"), blank=True, help_text=_("For cards and search engines."))
    description = StreamField(DescriptionBlock(), blank=True, verbose_name=_("description"))
    publisher = models.ForeignKey(
        Publisher, null=True, blank=True, on_delete=models.SET_NULL, related_name="books", verbose_name=_("publisher")
    )
    imprint = models.CharField(_("imprint"), max_length=255, blank=True)
    series = models.ForeignKey(
        Series, null=True, blank=True, on_delete=models.SET_NULL, related_name="books", verbose_name=_("series")
    )
    series_number = models.CharField(
        _("number in the series"), max_length=40, blank=True, help_text=_("3, 2.5, Book Two")
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("subtitle"),
        EditionsPanel(heading=_("Editions")),
        MultipleChooserPanel("contributions", label=_("Contributors"), chooser_field_name="contributor"),
        MultipleChooserPanel("pictures", label=_("Pictures"), chooser_field_name="image"),
        FieldPanel("short_description"),
        FieldPanel("description"),
        MultipleChooserPanel("book_tags", label=_("Tags"), chooser_field_name="tag"),
        MultiFieldPanel(
            [FieldPanel("publisher"), FieldPanel("imprint"), FieldPanel("series"), FieldPanel("series_number")],
            heading=_("Publisher and series"),
        ),
        FieldPanel("sort_title"),
    ]
    settings_panels = [PublishingPanel()]
    search_fields = [
        *Page.search_fields,
        index.SearchField("subtitle"),
        index.RelatedFields("editions", [index.SearchField("isbn")]),
    ]
    parent_page_types = ["catalog.CatalogPage"]
    subpage_types: list[str] = []
    template = "catalog/product_page.html"

    og_type = "book"
    """What the page is, in the words of Open Graph."""

    objects = PageManager.from_queryset(ProductPageQuerySet)()

    class Meta:
        verbose_name = _("book")
        verbose_name_plural = _("books")

    def clean(self) -> None:
        """Slugs of books are unique in the whole shop: the address does not depend on the tree."""
        super().clean()
        if self.slug and ProductPage.objects.filter(slug=self.slug).exclude(pk=self.pk).exists():
            raise ValidationError({"slug": _("Another book has the address “%s” already.") % self.slug})

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """What the product page shows."""
        context = {**super().get_context(request, *args, **kwargs), **product_context(self, request)}
        return {**context, "canonical_url": self.get_full_url(request)}

    def get_url_parts(self, request: HttpRequest | None = None) -> tuple[int, str, str] | None:
        """The address is /books/<slug>/ wherever the page stands in the tree."""
        parts = super().get_url_parts(request)
        return parts if parts is None or parts[2] is None else (parts[0], parts[1], book_url(self.slug))

    def get_breadcrumbs(self, request: HttpRequest) -> list[dict[str, str]]:
        """Home, the catalogue, the book: known without asking the tree."""
        catalogue = getattr(self, "catalogue", None)
        home = home_crumb(request)
        books = {"label": catalogue.title if catalogue else gettext("Books"), "url": f"{home['url']}{BOOKS}/"}
        return [home, books, {"label": self.title, "url": ""}]

    @property
    def date_updated(self) -> dt.datetime | None:
        """When anything that shoppers see of the book last changed: its page, or one of its editions."""
        moments = [self.last_published_at, *(edition.updated_at for edition in self.editions.all())]
        return max(filter(None, moments), default=None)

    def get_object_title(self) -> str:
        """Title, who wrote it, the shop: books of one title are told apart."""
        if self.seo_title or not (who := byline(self._face().get("people", ()))):
            return super().get_object_title()
        title = _("%(title)s by %(people)s") % {"title": self.title, "people": who}
        return f"{title} · {settings.WAGTAIL_SITE_NAME}"

    def get_meta_description(self) -> str:
        """What an editor wrote for search engines, else the book in one sentence, else the first words of it."""
        return self.search_description or description_of(self.short_description, self.description.raw_data)

    def get_meta_image_url(self, request: HttpRequest) -> str | None:
        """The picture for social cards: the one an editor chose, else the cover; no query for the cover."""
        if self.search_image_id:
            return super().get_meta_image_url(request)
        cover = self._cover()
        return request.build_absolute_uri(cover["src"]) if cover else None

    def get_meta_image_dimensions(self) -> tuple[int | None, int | None]:
        """Width and height of that picture in pixels."""
        if self.search_image_id:
            return super().get_meta_image_dimensions()
        cover = self._cover()
        return (cover["width"], cover["height"]) if cover else (None, None)

    def _face(self) -> Face:
        listing = getattr(self, "listing", None)
        return listing.face if listing else {}

    def _cover(self) -> dict[str, Any] | None:
        pictures = self._face().get("pictures")
        return cover_of(pictures[0], large=True) if pictures else None


class Contribution(Orderable):
    """A contributor's part in a book: who, as what, in which place."""

    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="contributions")
    contributor = models.ForeignKey(
        Contributor, on_delete=models.CASCADE, related_name="contributions", verbose_name=_("contributor")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.AUTHOR)

    panels = [FieldPanel("contributor"), FieldPanel("role")]

    class Meta(Orderable.Meta):
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")

    def __str__(self) -> str:
        return f"{self.contributor} ({self.get_role_display()})"


class ProductImage(Orderable):
    """A picture of a book; the first one is the cover."""

    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="pictures")
    image = models.ForeignKey("core.ShopImage", on_delete=models.CASCADE, related_name="+", verbose_name=_("picture"))
    alt = models.CharField(
        _("alternative text"),
        max_length=255,
        blank=True,
        help_text=_("What the picture shows, for those who cannot see it."),
    )

    panels = [FieldPanel("image"), FieldPanel("alt")]

    class Meta(Orderable.Meta):
        verbose_name = _("picture of a book")
        verbose_name_plural = _("pictures of books")

    def __str__(self) -> str:
        return self.alt or str(self.image)


class BookTag(Orderable):
    """A tag of a book, in the order an editor gave."""

    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="book_tags")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="book_tags", verbose_name=_("tag"))

    panels = [FieldPanel("tag")]

    class Meta(Orderable.Meta):
        verbose_name = _("tag of a book")
        verbose_name_plural = _("tags of books")
        indexes = [models.Index(fields=("tag", "page"), name="book_tag_pages")]

    def __str__(self) -> str:
        return str(self.tag)


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
        _keep_address(self, TAGS)

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
