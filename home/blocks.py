"""What the home page and the company's pages may be made of.

Every kind of block that shows books costs one query a page, however many blocks of that kind there are,
except shelves and latest books, which cost one each. Shelves share the state of the catalogue that the page
gives as `catalogue_state`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.blocks import (
    CharBlock,
    IntegerBlock,
    ListBlock,
    PageChooserBlock,
    RichTextBlock,
    StreamBlock,
    StructBlock,
    TextBlock,
)
from wagtail.images.blocks import ImageChooserBlock
from wagtail.snippets.blocks import SnippetChooserBlock

from catalog.cards import card_of, cards_of_tag, newest_cards, with_cards
from catalog.models import ProductPage
from home.consent.blocks import EmbedBlock, PlacedIntegrationBlock

Context = dict[str, Any]

TEXT_FEATURES = ["h2", "h3", "bold", "italic", "link", "document-link", "ol", "ul", "hr", "blockquote"]
NOTE_FEATURES = ["bold", "italic", "link", "ol", "ul"]


class BookChooserBlock(PageChooserBlock):
    """A book, fetched together with what its card shows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(page_type="catalog.ProductPage", **kwargs)

    def bulk_to_python(self, values: Iterable[int | None]) -> list[ProductPage | None]:
        """The books of these keys in this order, in one query; None for one that is gone."""
        keys = list(values)
        books = with_cards(ProductPage.objects.all()).in_bulk([key for key in keys if key is not None])
        return [books.get(key) for key in keys]


class PictureChooserBlock(ImageChooserBlock):
    """A picture, fetched together with its renditions."""

    def bulk_to_python(self, values: Iterable[int | None]) -> list[Any]:
        """The pictures of these keys in this order, in two queries; None for one that is gone."""
        keys = list(values)
        pictures = self.model_class.objects.prefetch_renditions().in_bulk([key for key in keys if key is not None])
        return [pictures.get(key) for key in keys]


class HeroBlock(StructBlock):
    """One book, shown large."""

    heading = CharBlock(label=_("Heading"))
    text = TextBlock(required=False, label=_("Text"))
    book = BookChooserBlock(label=_("Book"))
    link_text = CharBlock(required=False, label=_("Text of the link"), help_text=_("Empty: “See the book”."))

    def get_context(self, value: Any, parent_context: Context | None = None) -> Context:
        """The block's context with the book's `card`, None where the book is not to be had."""
        return {**super().get_context(value, parent_context=parent_context), "card": card_of(value["book"])}

    class Meta:
        icon = "pick"
        label = _("Hero")
        template = "blocks/hero.html"


class FeaturedBooksBlock(StructBlock):
    """Books that an editor chose one by one."""

    heading = CharBlock(label=_("Heading"))
    books = ListBlock(BookChooserBlock(label=_("Book")), min_num=1, max_num=24, label=_("Books"))

    def get_context(self, value: Any, parent_context: Context | None = None) -> Context:
        """The block's context with `cards`, in the editor's order, without books that are not to be had."""
        cards = [card for book in value["books"] if (card := card_of(book))]
        return {**super().get_context(value, parent_context=parent_context), "cards": cards}

    class Meta:
        icon = "list-ul"
        label = _("Featured books")
        template = "blocks/featured_books.html"


class ShelfBlock(StructBlock):
    """The newest books of a tag."""

    heading = CharBlock(label=_("Heading"))
    tag = SnippetChooserBlock("catalog.Tag", label=_("Tag"))
    number = IntegerBlock(min_value=1, max_value=24, default=8, label=_("Number of books"))

    def get_context(self, value: Any, parent_context: Context | None = None) -> Context:
        """The block's context with `cards` and `more_url`, the address of the tag."""
        tag, state = value["tag"], (parent_context or {}).get("catalogue_state")
        return {
            **super().get_context(value, parent_context=parent_context),
            "cards": cards_of_tag(tag.pk, value["number"], state) if tag else [],
            "more_url": tag.get_absolute_url() if tag else "",
        }

    class Meta:
        icon = "tag"
        label = _("Shelf")
        template = "blocks/shelf.html"


class LatestBlock(StructBlock):
    """The newest books of the shop."""

    heading = CharBlock(label=_("Heading"))
    number = IntegerBlock(min_value=1, max_value=24, default=8, label=_("Number of books"))

    def get_context(self, value: Any, parent_context: Context | None = None) -> Context:
        """The block's context with `cards`, newest first."""
        return {**super().get_context(value, parent_context=parent_context), "cards": newest_cards(value["number"])}

    class Meta:
        icon = "time"
        label = _("Latest books")
        template = "blocks/latest.html"


class PickBlock(StructBlock):
    """A book, and what one of the booksellers says of it."""

    book = BookChooserBlock(label=_("Book"))
    bookseller = CharBlock(label=_("Bookseller"))
    note = TextBlock(label=_("Note"))

    class Meta:
        icon = "user"
        label = _("Pick")


class StaffPicksBlock(StructBlock):
    """Books that the booksellers recommend, each with a few words."""

    heading = CharBlock(label=_("Heading"))
    picks = ListBlock(PickBlock(), min_num=1, max_num=12, label=_("Picks"))

    def get_context(self, value: Any, parent_context: Context | None = None) -> Context:
        """The block's context with `picks`: card, bookseller and note, without books that are not to be had."""
        picks = [
            {"card": card, "bookseller": pick["bookseller"], "note": pick["note"]}
            for pick in value["picks"]
            if (card := card_of(pick["book"]))
        ]
        return {**super().get_context(value, parent_context=parent_context), "picks": picks}

    class Meta:
        icon = "group"
        label = _("Staff picks")
        template = "blocks/staff_picks.html"


class PictureBlock(StructBlock):
    """A picture with its caption."""

    image = PictureChooserBlock(label=_("Picture"))
    alt = CharBlock(
        required=False, label=_("Alternative text"), help_text=_("What the picture shows; empty if it only decorates.")
    )
    caption = CharBlock(required=False, label=_("Caption"))

    class Meta:
        icon = "image"
        label = _("Picture")
        template = "blocks/picture.html"


class QuoteBlock(StructBlock):
    """Words of somebody else."""

    text = TextBlock(label=_("Quote"))
    source = CharBlock(required=False, label=_("Source"))

    class Meta:
        icon = "openquote"
        label = _("Quote")
        template = "blocks/quote.html"


class DetailsBlock(StructBlock):
    """A question that opens to show its answer."""

    summary = CharBlock(label=_("Question or heading"))
    text = RichTextBlock(features=NOTE_FEATURES, label=_("Text"))

    class Meta:
        icon = "collapse-down"
        label = _("Fold-out")
        template = "blocks/details.html"


class HomeBody(StreamBlock):
    """The home page, from top to bottom."""

    hero = HeroBlock()
    featured_books = FeaturedBooksBlock()
    shelf = ShelfBlock()
    latest = LatestBlock()
    staff_picks = StaffPicksBlock()
    text = RichTextBlock(features=TEXT_FEATURES, label=_("Text"), template="blocks/text.html")
    picture = PictureBlock()
    quote = QuoteBlock()
    embed = EmbedBlock()
    integration = PlacedIntegrationBlock()


class TextBody(StreamBlock):
    """A page to read: about us, delivery, privacy."""

    text = RichTextBlock(features=TEXT_FEATURES, label=_("Text"), template="blocks/text.html")
    picture = PictureBlock()
    quote = QuoteBlock()
    embed = EmbedBlock()
    integration = PlacedIntegrationBlock()
    details = DetailsBlock()
