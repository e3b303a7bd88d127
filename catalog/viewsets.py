"""The catalogue in the Wagtail admin: books as a flat list, and what hangs on them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList, PageChooserPanel
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn
from wagtail.admin.ui.tables.pages import BulkActionsColumn, PageStatusColumn, PageTitleColumn
from wagtail.admin.views.pages.listing import ExplorableIndexView, GenericPageFilterSet, IndexView
from wagtail.admin.viewsets.pages import PageListingViewSet, PageViewSet
from wagtail.models import Page
from wagtail.snippets.views.snippets import CreateView, EditView, SnippetViewSet, SnippetViewSetGroup

from catalog import stock
from catalog.faces import Card, card_from
from catalog.forms import EditionForm
from catalog.models import CatalogPage, Contributor, Edition, ProductPage, Publisher, SectionPage, Series, Tag
from catalog.offers import offer_for
from catalog.panels import PricesPanel, StockPanel
from core.money import Money


class BooksIndexView(IndexView):
    """Every book with what staff look for: who wrote it, what it costs, whether it is there."""

    def annotate_queryset(self, pages: QuerySet[ProductPage]) -> QuerySet[ProductPage]:
        """The read model and the editions come along in one query each."""
        return super().annotate_queryset(pages).prefetch_related("listing", "editions")


def _card(page: ProductPage) -> Card | None:
    listing = getattr(page, "listing", None)
    return card_from(listing) if listing else None


def _byline(page: ProductPage) -> str:
    card = _card(page)
    return card.byline if card else ""


def _price(page: ProductPage) -> Money | str:
    card = _card(page)
    return (card.price if card else None) or "–"


def _availability(page: ProductPage) -> str:
    card = _card(page)
    return card.availability.label if card else ""


class BooksViewSet(PageListingViewSet):
    """The menu item "Books"."""

    model = ProductPage
    icon = "doc-full-inverse"
    menu_label = _("Books")
    menu_order = 110
    add_to_admin_menu = True
    name = "books"
    index_view_class = BooksIndexView
    columns = [
        BulkActionsColumn("bulk_actions"),
        PageTitleColumn("title", label=_("Title"), sort_key="title", classname="title"),
        Column("byline", label=_("By"), accessor=_byline),
        Column("price", label=_("Price"), accessor=_price),
        Column("availability", label=_("Availability"), accessor=_availability),
        DateColumn("date_updated", label=_("Updated"), sort_key="last_published_at"),
        PageStatusColumn("status", label=_("Status"), sort_key="live"),
    ]


class CatalogChildrenView(ExplorableIndexView):
    """The explorer below the catalogue, without manual ordering: that view has no pages, and 100,000 rows."""

    sort_order_field = None


class BooksInCatalogViewSet(PageViewSet):
    """How the explorer shows the books and sections below the catalogue, and below a section."""

    model = ProductPage
    parent_models = [CatalogPage, SectionPage]
    index_view_class = CatalogChildrenView
    filterset_class = GenericPageFilterSet

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Pages of both kinds."""
        return super().get_index_view_kwargs(model=Page, **kwargs)


class AddEditionView(CreateView):
    """Add an edition, to the book that the address names."""

    def get_initial_form_instance(self) -> Edition:
        """`?product=` comes from the book's page."""
        edition = super().get_initial_form_instance() or Edition()
        product = self.request.GET.get("product", "")
        if product.isdecimal():
            edition.product = ProductPage.objects.filter(pk=product).first()
        return edition


class EditEditionView(EditView):
    """Edit an edition. Copies that are sold while the form is saved stay sold."""

    def form_valid(self, form: EditionForm) -> HttpResponse:
        """Saved, or shown again where copies were promised between the check and the writing."""
        try:
            response: HttpResponse = super().form_valid(form)
        except stock.InsufficientStock:
            form.add_error("on_hand", gettext("Copies were promised to a customer meanwhile. Please count again."))
            self.produced_error_message = self.get_error_message()
            response = self.form_invalid(form)
        return response


class EditionViewSet(SnippetViewSet):
    """Editions with price and stock."""

    model = Edition
    icon = "tag"
    menu_label = _("Editions")
    copy_view_enabled = False
    add_view_class = AddEditionView
    edit_view_class = EditEditionView
    list_display = [
        "__str__",
        Column("price", label=_("Price"), accessor=lambda edition: offer_for(edition).price or "–"),
        Column("on_hand", label=_("On hand"), accessor="stock.on_hand"),
        Column("allocated", label=_("Promised"), accessor="stock.allocated"),
        "get_availability_display",
        BooleanColumn("is_active", label=_("Offered")),
        DateColumn("updated_at", label=_("Updated")),
    ]
    list_filter = ["format", "condition", "availability", "is_active"]
    list_per_page = 50
    search_fields = ["isbn__icontains", "sku__icontains", "product__title__icontains"]
    search_backend_name = None
    edit_handler = ObjectList(
        [
            PageChooserPanel("product", ["catalog.ProductPage"]),
            FieldRowPanel([FieldPanel("isbn"), FieldPanel("sku")]),
            FieldRowPanel([FieldPanel("format"), FieldPanel("condition")]),
            FieldRowPanel([FieldPanel("edition_statement"), FieldPanel("imprint")]),
            MultiFieldPanel(
                [
                    FieldPanel("shop_price", permission="catalog.change_price"),
                    PricesPanel(),
                    FieldRowPanel([FieldPanel("on_hand"), FieldPanel("stock_kind"), FieldPanel("stock_why")]),
                    FieldPanel("on_hand_shown"),
                    FieldRowPanel([FieldPanel("is_active"), FieldPanel("availability")]),
                    FieldPanel("not_for_sale"),
                ],
                heading=_("Price and availability"),
            ),
            StockPanel(heading=_("The last movements of its copies")),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("publication_date"), FieldPanel("publication_precision")]),
                    FieldPanel("embargo_date"),
                ],
                heading=_("Dates"),
            ),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("language"), FieldPanel("pages"), FieldPanel("duration_minutes")]),
                    FieldRowPanel(
                        [
                            FieldPanel("weight_g"),
                            FieldPanel("height_mm"),
                            FieldPanel("width_mm"),
                            FieldPanel("thickness_mm"),
                        ]
                    ),
                ],
                heading=_("Details"),
            ),
        ],
        base_form_class=EditionForm,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Edition]:
        """With book, stock and prices: the list costs the same for one row and for fifty."""
        return Edition.objects.select_related("product").with_offer()


class NamedViewSet(SnippetViewSet):
    """What contributors, publishers, series and tags have in common here."""

    list_display = ["name", "slug"]
    list_per_page = 50
    search_fields = ["name__icontains", "slug__icontains"]
    search_backend_name = None
    copy_view_enabled = False


class ContributorViewSet(NamedViewSet):
    """People who write, translate, draw and read."""

    model = Contributor
    icon = "user"
    menu_label = _("Contributors")
    list_display = ["name", "sort_name", "slug"]
    panels = [
        FieldPanel("name"),
        FieldPanel("sort_name"),
        FieldPanel("slug"),
        FieldPanel("biography"),
        FieldPanel("photo"),
        FieldRowPanel([FieldPanel("isni"), FieldPanel("orcid")]),
    ]


_NAMED_PANELS: list[Any] = [FieldPanel("name"), FieldPanel("slug"), FieldPanel("description")]


class PublisherViewSet(NamedViewSet):
    """Who publishes."""

    model = Publisher
    icon = "home"
    menu_label = _("Publishers")
    panels = _NAMED_PANELS


class SeriesViewSet(NamedViewSet):
    """Books that belong together."""

    model = Series
    icon = "list-ol"
    menu_label = _("Series")
    panels = _NAMED_PANELS


class TagViewSet(NamedViewSet):
    """Words under which books are found."""

    model = Tag
    icon = "tag"
    menu_label = _("Tags")
    panels = _NAMED_PANELS


class CatalogueViewSetGroup(SnippetViewSetGroup):
    """The menu "Catalogue"."""

    menu_label = _("Catalogue")
    menu_icon = "folder-open-inverse"
    menu_order = 120
    items = (EditionViewSet, ContributorViewSet, PublisherViewSet, SeriesViewSet, TagViewSet)
