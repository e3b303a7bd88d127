"""The catalogue as pages: what editors write, preview, schedule and approve."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel, MultipleChooserPanel, PublishingPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page, PageManager
from wagtail.query import PageQuerySet
from wagtail.search import index
from wagtail.url_routing import RouteResult

from catalog.blocks import DescriptionBlock
from catalog.choices import Role
from catalog.listing import listing_for
from catalog.models.people import Contributor, Publisher, Series, Tag
from catalog.panels import EditionsPanel
from catalog.product import product_context
from catalog.tags import tags_with_covers
from core.models import BasePage


class CatalogPage(BasePage):
    """Every book of the shop, under one address. Books are its children."""

    introduction = RichTextField(_("introduction"), blank=True, features=["bold", "italic", "link"])

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["home.HomePage"]
    subpage_types = ["catalog.ProductPage"]
    template = "catalog/catalog_page.html"

    class Meta:
        verbose_name = _("catalogue")

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Find a book by its slug with one query, whatever its depth in the tree."""
        if len(path_components) == 1:
            book = ProductPage.objects.descendant_of(self).for_page().filter(slug=path_components[0]).first()
            if book is None:
                raise Http404
            return RouteResult(book)
        return super().route(request, path_components)

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """The list of every book, as the address asks for it."""
        return {**super().get_context(request, *args, **kwargs), "listing": listing_for(request)}


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
    short_description = models.TextField(_("in one sentence"), blank=True, help_text=_("For cards and search engines."))
    description = StreamField(DescriptionBlock(), blank=True, verbose_name=_("description"))
    publisher = models.ForeignKey(
        Publisher, null=True, blank=True, on_delete=models.SET_NULL, related_name="books", verbose_name=_("publisher")
    )
    imprint = models.CharField(_("imprint"), max_length=255, blank=True)
    series = models.ForeignKey(
        Series, null=True, blank=True, on_delete=models.SET_NULL, related_name="books", verbose_name=_("series")
    )
    series_number = models.CharField(_("number in the series"), max_length=40, blank=True, help_text=_("3, 2.5, Book Two"))

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
        return {**super().get_context(request, *args, **kwargs), **product_context(self, request)}


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
        _("alternative text"), max_length=255, blank=True, help_text=_("What the picture shows, for those who cannot see it.")
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
    template = "catalog/tag_index_page.html"

    class Meta:
        verbose_name = _("tag index")

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """The tags with the number of their books and a few covers."""
        return {**super().get_context(request, *args, **kwargs), "tags": tags_with_covers()}


class TagPage(BasePage):
    """A tag as a page: an introduction by the shop, and its books."""

    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="pages", verbose_name=_("tag"))
    introduction = RichTextField(_("introduction"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("tag"), FieldPanel("introduction")]
    parent_page_types = ["catalog.TagIndexPage"]
    subpage_types: list[str] = []
    template = "catalog/tag_page.html"

    class Meta:
        verbose_name = _("tag page")
        verbose_name_plural = _("tag pages")

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """The tag's books, as the address asks for them."""
        return {**super().get_context(request, *args, **kwargs), "listing": listing_for(request, tag=self.tag)}

    @cached_property
    def description(self) -> str:
        """One sentence for search engines and the index."""
        return self.search_description or self.tag.description
