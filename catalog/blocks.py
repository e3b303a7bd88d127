"""What a book's description may be made of."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, ListBlock, RichTextBlock, StreamBlock, StructBlock
from wagtail.images.blocks import ImageChooserBlock

INLINE = ["bold", "italic", "link", "ol", "ul", "blockquote", "superscript", "subscript"]


class QuoteBlock(StructBlock):
    """What somebody said of the book."""

    text = RichTextBlock(features=["bold", "italic"], label=_("Quote"))
    source = CharBlock(required=False, label=_("Source"))

    class Meta:
        icon = "openquote"
        template = "blocks/book_quote.html"


class DescriptionBlock(StreamBlock):
    """The description of a book."""

    text = RichTextBlock(features=["h3", *INLINE], label=_("Text"), template="blocks/rich_text.html")
    quote = QuoteBlock(label=_("Review quote"))
    contents = ListBlock(
        CharBlock(label=_("Chapter")), label=_("Contents"), icon="list-ol", template="blocks/contents.html"
    )
    picture = ImageChooserBlock(label=_("Picture"), template="blocks/description_picture.html")
