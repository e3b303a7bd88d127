"""The catalogue as pages: what editors write, preview, schedule and approve."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.forms.pages import CopyForm
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, MultipleChooserPanel, PublishingPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page, PageManager
from wagtail.query import PageQuerySet
from wagtail.search import index
from wagtail.url_routing import RouteResult

from catalog.addresses import BOOKS, book_url
from catalog.blocks import DescriptionBlock
from catalog.choices import Role
from catalog.faces import Face, byline, cover_of
from catalog.listing import listing_context, listing_for
from catalog.models.people import Contributor, Publisher, Series, Tag
from catalog.panels import EditionsPanel
from catalog.product import product_context
from catalog.summaries import description_of
from core.models import BasePage, home_crumb


def keep_address(page: Page, slug: str) -> None:
    """Refuse another slug than the one that addresses begin with."""
    if page.slug and page.slug != slug:
        raise ValidationError({"slug": _("This page stays at “%s”: the addresses below it begin so.") % slug})


def sections_below(page: Page) -> QuerySet[SectionPage]:
    """The sections that stand directly below a page and that whoever sees the page may see too."""
    return SectionPage.objects.child_of(page).live().filter(view_restrictions=None)


def route_to_section(page: Page, request: HttpRequest, path_components: list[str]) -> RouteResult:
    """The section that an address names step by step below a page, for one query a step.

    Raises:
        Http404: there is none.
    """
    section = SectionPage.objects.child_of(page).filter(slug=path_components[0]).first()
    if section is None:
        raise Http404
    return section.route(request, path_components[1:])


def address_is_taken(slug: str, but: int | None = None) -> bool:
    """Whether a book or a section, other than the page `but`, has this slug."""
    pages = Page.objects.type(ProductPage, SectionPage).filter(slug=slug)
    return bool(pages.exclude(pk=but).exists())


class CopyBookForm(CopyForm):
    """The copy of a book or section has an address that is free in the whole shop."""

    def clean(self) -> dict[str, Any]:
        """Refuse a slug that is taken, wherever in the tree."""
        cleaned: dict[str, Any] = super().clean()
        copy = self.page.specific_class(slug=cleaned.get("new_slug", ""))
        try:
            copy.refuse_taken_address()
        except ValidationError as error:
            self.add_error("new_slug", error.messages)
        return cleaned


class CopySectionForm(CopyBookForm):
    """The copy of a section is empty: copies of its books would have the books' own addresses."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("copy_subpages", "alias"):  # an alias would list nothing: books stand in the section itself
            self.fields.pop(name, None)
        if "publish_copies" in self.fields:
            self.fields["publish_copies"].label = _("Publish copied page")
            self.fields["publish_copies"].help_text = ""


class CatalogPage(BasePage):
    """Every book of the shop, under one address. Books are below it, in sections where editors make some."""

    introduction = RichTextField(_("introduction"), blank=True, features=["bold", "italic", "link"])

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["home.HomePage"]
    subpage_types = ["catalog.ProductPage", "catalog.SectionPage"]
    max_count_per_parent = 1
    template = "catalog/catalog_page.html"

    class Meta:
        verbose_name = _("catalogue")

    def clean(self) -> None:
        """Every book's address begins with that of the catalogue, so it stays."""
        super().clean()
        keep_address(self, BOOKS)

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Find a book by its slug with one query, whatever its depth in the tree; else a section."""
        if len(path_components) == 1:
            book = ProductPage.objects.descendant_of(self).for_page().filter(slug=path_components[0]).first()
            if book is not None:
                book.catalogue = self
                return RouteResult(book)
        if path_components:
            return route_to_section(self, request, path_components)
        return super().route(request, path_components)

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """The list of every book, as the address asks for it."""
        context = {**super().get_context(request, *args, **kwargs), **listing_context(request, listing_for(request))}
        return {**context, "sections": sections_below(self)}


class SectionPage(BasePage):
    """A part of the catalogue as a bookseller would arrange it: Fiction, Children. Books and sections stand in it.

    Its books keep their addresses: only the list and the way to them are here.
    """

    introduction = RichTextField(_("introduction"), blank=True, features=["bold", "italic", "link"])

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["catalog.CatalogPage", "catalog.SectionPage"]
    subpage_types = ["catalog.ProductPage", "catalog.SectionPage"]
    template = "catalog/catalog_page.html"
    copy_form_class = CopySectionForm

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")

    def clean(self) -> None:
        """A section has an address of its own."""
        super().clean()
        self.refuse_taken_address()

    def refuse_taken_address(self) -> None:
        """A section stands beside books, so no book has its slug. Sections in different places may have the same."""
        if self.slug and ProductPage.objects.filter(slug=self.slug).exists():
            raise ValidationError({"slug": _("A book has the address “%s” already.") % self.slug})

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """This section or one below it; a book has one address, below the catalogue."""
        if path_components:
            return route_to_section(self, request, path_components)
        return super().route(request, path_components)

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """The list of its books, as the address asks for it, and the sections below."""
        listing = listing_for(request, section=self.pk or 0)
        context = {**super().get_context(request, *args, **kwargs), **listing_context(request, listing)}
        return {**context, "sections": sections_below(self)}


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
    parent_page_types = ["catalog.CatalogPage", "catalog.SectionPage"]
    subpage_types: list[str] = []
    template = "catalog/product_page.html"
    copy_form_class = CopyBookForm

    og_type = "book"
    """What the page is, in the words of Open Graph."""

    objects = PageManager.from_queryset(ProductPageQuerySet)()

    class Meta:
        verbose_name = _("book")
        verbose_name_plural = _("books")

    def save(self, clean: bool = True, **kwargs: Any) -> None:
        """Wagtail's; it copies the pages below a page, and makes their aliases, without asking whether they may be."""
        if not clean and self.live and self._state.adding:
            self.refuse_taken_address()
        super().save(clean=clean, **kwargs)

    def clean(self) -> None:
        """A book has an address of its own."""
        super().clean()
        self.refuse_taken_address()

    def refuse_taken_address(self) -> None:
        """Slugs of books are unique in the whole shop: the address does not depend on the tree."""
        if self.slug and address_is_taken(self.slug, but=self.pk):
            raise ValidationError({"slug": _("Another book or section has the address “%s” already.") % self.slug})

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """What the product page shows."""
        context = {**super().get_context(request, *args, **kwargs), **product_context(self, request)}
        return {**context, "canonical_url": self.get_full_url(request)}

    def get_url_parts(self, request: HttpRequest | None = None) -> tuple[int, str, str] | None:
        """The address is /books/<slug>/ wherever the page stands in the tree."""
        parts = super().get_url_parts(request)
        return parts if parts is None or parts[2] is None else (parts[0], parts[1], book_url(self.slug))

    def get_breadcrumbs(self, request: HttpRequest) -> list[dict[str, str]]:
        """Home, the catalogue, the sections around it, the book: known without asking the tree."""
        catalogue = getattr(self, "catalogue", None)
        home = home_crumb(request)
        books = {"label": catalogue.title if catalogue else gettext("Books"), "url": f"{home['url']}{BOOKS}/"}
        sections = [
            {"label": label, "url": f"{books['url']}{path}"} for label, path in self._face().get("sections", ())
        ]
        return [home, books, *sections, {"label": self.title, "url": ""}]

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
