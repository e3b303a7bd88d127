"""What a modal may say."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, ListBlock, PageChooserBlock, RichTextBlock, StreamBlock, StructBlock
from wagtail.blocks.struct_block import StructBlockValidationError

from catalog.cards import card_of
from home.blocks import NOTE_FEATURES, BookChooserBlock, Context, PictureBlock
from home.models.navigation import is_address


class ModalBooksBlock(StructBlock):
    """A book, or a few."""

    books = ListBlock(BookChooserBlock(label=_("Book")), min_num=1, max_num=4, label=_("Books"))

    def get_context(self, value: Any, parent_context: Context | None = None) -> Context:
        """The block's context with `cards`, without books that are not to be had."""
        cards = [card for book in value["books"] if (card := card_of(book))]
        return {**super().get_context(value, parent_context=parent_context), "cards": cards}

    class Meta:
        icon = "book"
        label = _("Books")
        template = "home/modals/blocks/books.html"


class VoucherBlock(StructBlock):
    """A code to type at the checkout, with a button that copies it."""

    code = CharBlock(max_length=40, label=_("Code"))
    note = CharBlock(
        required=False, max_length=200, label=_("Note"), help_text=_("What it is good for, and until when.")
    )

    class Meta:
        icon = "tag"
        label = _("Voucher code")
        template = "home/modals/blocks/voucher.html"


class ModalLinkBlock(StructBlock):
    """A link besides the call to action."""

    text = CharBlock(max_length=80, label=_("Text"))
    page = PageChooserBlock(required=False, label=_("Page"))
    address = CharBlock(required=False, max_length=500, validators=[is_address], label=_("or address"))

    def clean(self, value: Any) -> Any:
        """Either a page or an address."""
        cleaned = super().clean(value)
        if bool(cleaned["page"]) == bool(cleaned["address"]):
            raise StructBlockValidationError(
                block_errors={"page": ValidationError(_("Choose a page or give an address, one of the two."))}
            )
        return cleaned

    def get_context(self, value: Any, parent_context: Context | None = None) -> Context:
        """The block's context with `url`, empty where the page is not to be had."""
        page = value["page"]
        url = (page.url or "") if page and page.live else "" if page else value["address"]
        return {**super().get_context(value, parent_context=parent_context), "url": url}

    class Meta:
        icon = "link"
        label = _("Link")
        template = "home/modals/blocks/link.html"


class ModalBody(StreamBlock):
    """What a modal says below its title."""

    heading = CharBlock(max_length=160, icon="title", label=_("Heading"), template="home/modals/blocks/heading.html")
    text = RichTextBlock(features=NOTE_FEATURES, label=_("Text"), template="home/modals/blocks/text.html")
    picture = PictureBlock(template="home/modals/blocks/picture.html")
    books = ModalBooksBlock()
    voucher = VoucherBlock()
    link = ModalLinkBlock()
