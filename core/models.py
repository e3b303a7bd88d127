"""What every page and picture of the shop has in common."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.images.models import AbstractImage, AbstractRendition, Image
from wagtail.log_actions import log
from wagtail.models import Page, PageViewRestriction, Revision, Site
from wagtailmetadata.models import MetadataPageMixin

from core import approval, generations
from core.mail.models import MailText as MailText
from core.mail.models import OutgoingMail as OutgoingMail
from core.middleware import SITE_SECONDS
from core.panels import ChecksPanel


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
    schema_type = "WebPage"
    """What the page is, in the words of schema.org."""

    promote_panels = [*MetadataPageMixin.promote_panels, ChecksPanel(heading=_("Before publishing"))]

    class Meta:
        abstract = True

    def save_revision(self, *args: Any, **kwargs: Any) -> Revision:
        """Wagtail's. Of a page that an import or a migration made, what is public is kept as a revision first.

        So it can be compared and brought back; and a change that is scheduled leaves it standing, which Wagtail takes
        off the site where it knows no live revision.
        """
        if self.live and self.last_published_at and self.live_revision_id is None:
            self._keep_what_is_public()
        return super().save_revision(*args, **kwargs)

    def _keep_what_is_public(self) -> None:
        stored = type(self)._default_manager.get(pk=self.pk)
        self.live_revision = Revision.objects.create(
            content_object=stored,
            base_content_type=stored.get_base_content_type(),
            created_at=stored.last_published_at,
            content=stored.serializable_data(),
            object_str=str(stored),
        )
        Page.objects.filter(pk=self.pk).update(live_revision=self.live_revision)
        log(
            instance=stored,
            action="wagtail.publish",
            revision=self.live_revision,
            timestamp=stored.last_published_at,
        )

    def publish(self, revision: Revision, *args: Any, **kwargs: Any) -> None:
        """Publish, or schedule; what the clock publishes is looked at once more, for it may be long ago."""
        if kwargs.get("log_action") == approval.BY_THE_CLOCK and approval.hold_back(revision):
            return
        super().publish(revision, *args, **kwargs)

    def get_object_title(self) -> str:
        """The title of the browser's window: as an editor wrote it for search engines, else page and shop."""
        name = str(settings.WAGTAIL_SITE_NAME)
        return self.seo_title or (self.title if self.title == name else f"{self.title} · {name}")

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """Wagtail's context with the breadcrumbs."""
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        context["breadcrumbs"] = self.get_breadcrumbs(request)
        return context

    def get_breadcrumbs(self, request: HttpRequest) -> list[dict[str, str]]:
        """The way here over published pages: label and url, the home page first, the page itself last without a url."""
        crumbs = [
            {"label": page.title, "url": page.get_url(request) or ""}
            for page in self.get_ancestors().live().filter(depth__gt=1)
        ]
        return [*crumbs, {"label": self.title, "url": ""}]

    def get_view_restrictions(self) -> models.QuerySet[PageViewRestriction]:
        """Wagtail's answer; without its look at every ancestor where the shop has no private page at all."""
        if not PageViewRestriction.objects.exists():
            return PageViewRestriction.objects.none()
        return super().get_view_restrictions()


def home_crumb(request: HttpRequest) -> dict[str, str]:
    """The first of all breadcrumbs, known without asking the tree."""
    site = Site.find_for_request(request)
    return {"label": site.root_page.title if site else gettext("Home"), "url": reverse("wagtail_serve", args=[""])}


ROBOTS_TXT = """User-agent: *
Disallow: /admin/
Disallow: /django-admin/
Disallow: /account/
Disallow: /basket/
Disallow: /checkout/
Disallow: /orders/
Disallow: /api/
Disallow: /search/suggest/
"""
_ROBOTS_LINE = re.compile(r"(?:[A-Za-z][A-Za-z-]*[ \t]*:.*|[ \t]*#.*|[ \t]*)\Z")


def validate_robots_txt(text: str) -> None:
    """Each line is a rule such as “Disallow: /basket/”, a comment, or empty."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not _ROBOTS_LINE.match(line):
            raise ValidationError(
                _("Line %(number)s is not understood: “%(line)s”."), params={"number": number, "line": line}
            )
        if line.strip().lower().startswith("sitemap:"):
            raise ValidationError(_("The address of the sitemap is added by itself: leave it out."))


def validate_addresses(text: str) -> None:
    """A whole web address in each line."""
    for line in text.split():
        URLValidator(schemes=["http", "https"], message=_("“%s” is not a web address.") % line)(line)


@register_setting(icon="globe", order=120)
class SearchEngineSettings(BaseSiteSetting):
    """What search engines are told of the shop as a whole."""

    robots_txt = models.TextField(
        "robots.txt",
        default=ROBOTS_TXT,
        blank=True,
        validators=[validate_robots_txt],
        help_text=_("What robots may read. The address of the sitemap is added by itself."),
    )
    profiles = models.TextField(
        _("profiles elsewhere"),
        blank=True,
        validators=[validate_addresses],
        help_text=_("Addresses of the shop in social networks, one in a line: search engines join them to the shop."),
    )

    panels = [FieldPanel("robots_txt"), FieldPanel("profiles")]

    class Meta:
        verbose_name = _("search engines")
        verbose_name_plural = _("search engines")

    def __str__(self) -> str:
        return str(_("Search engines"))

    @classmethod
    def of(cls, request: HttpRequest) -> SearchEngineSettings:
        """The settings of the request's site, remembered; what goes without saying where nobody made any."""
        site = Site.find_for_request(request)
        key = f"core.seo.{generations.generation(generations.SITE)}.{site.pk if site else 0}"
        remembered: SearchEngineSettings | None = cache.get(key)
        if remembered is None:
            remembered = cls.objects.filter(site=site).first() or cls()
            cache.set(key, remembered, SITE_SECONDS)
        return remembered


class KeptAddress(models.Model):
    """An address whose answer a CDN may keep, and what that answer was built from: `core.cdn`."""

    LONGEST = 500

    address = models.CharField(_("address"), max_length=LONGEST, unique=True)
    names = models.TextField(_("built from"), help_text=_("Names of core.page_cache, with a blank around each."))
    noted_at = models.DateTimeField(_("noted"))
    is_stale = models.BooleanField(_("stale"), default=False, help_text=_("The CDN is yet to be told."))

    class Meta:
        verbose_name = _("address kept by a CDN")
        verbose_name_plural = _("addresses kept by a CDN")

    def __str__(self) -> str:
        return self.address
