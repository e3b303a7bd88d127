"""Things of other companies inside a page: shown as a placeholder until the visitor asks for them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, StructBlock, URLBlock
from wagtail.snippets.blocks import SnippetChooserBlock

from home.consent.embeds import embed_of

Context = dict[str, Any]


class EmbedBlock(StructBlock):
    """A video or a map from another company."""

    url = URLBlock(label=_("Address"), help_text=_("Of the page at YouTube, Vimeo, Google Maps or OpenStreetMap."))
    title = CharBlock(label=_("Title"), max_length=120, help_text=_("What it shows, for those who do not see it."))

    def clean(self, value: Any) -> Any:
        """Refuse an address of which we do not know how to show it."""
        cleaned = super().clean(value)
        if embed_of(cleaned["url"]) is None:
            raise ValidationError(gettext("This is not an address of YouTube, Vimeo, Google Maps or OpenStreetMap."))
        return cleaned

    class Meta:
        icon = "media"
        label = _("Video or map")
        template = "blocks/embed.html"


class PlacedIntegrationBlock(StructBlock):
    """An integration whose place is here: a chat, a calendar, a form of another company."""

    integration = SnippetChooserBlock("home.ThirdPartyIntegration", label=_("Integration"))

    class Meta:
        icon = "code"
        label = _("Third-party integration")
        template = "blocks/placed_integration.html"
