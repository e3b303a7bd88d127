"""The pages around the shop."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page, PageViewRestriction
from wagtail.search import index
from wagtail.url_routing import RouteResult

from catalog import facets
from catalog.models import CatalogPage
from core.models import BasePage
from core.page_cache import built_from, understood
from core.throttle import sender_of
from home.blocks import HomeBody, TextBody
from home.contact import ContactForm, TooManyMessages, is_trapped, receive

INTRO_FEATURES = ["bold", "italic", "link"]
SENT = ("sent", "1")
"""The parameter with which the contact page says thanks."""


class HomePage(BasePage):
    """The front of the shop."""

    body = StreamField(HomeBody(), blank=True, verbose_name=_("body"))

    content_panels = [*Page.content_panels, FieldPanel("body")]
    search_fields = [*Page.search_fields, index.SearchField("body")]
    max_count = 1
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["catalog.CatalogPage", "catalog.TagIndexPage", "home.StandardPage", "home.ContactPage"]
    template = "home/home_page.html"

    class Meta:
        verbose_name = _("home page")

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Find the catalogue with one query, as most addresses lie below it; itself afresh.

        The site's remembered root page may be a minute old: good enough to route by, not to be shown.
        """
        if not path_components:
            home = HomePage.objects.select_related("search_image").filter(pk=self.pk, live=True).first()
            if home is None:
                raise Http404
            return RouteResult(home)
        catalogue = CatalogPage.objects.child_of(self).filter(slug=path_components[0]).first()
        if catalogue is not None:
            return catalogue.route(request, path_components[1:])
        return super().route(request, path_components)

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """What the blocks share: the state of the catalogue, read by the first shelf that asks."""
        return {
            **super().get_context(request, *args, **kwargs),
            "catalogue_state": SimpleLazyObject(facets.index.state),
        }

    def get_breadcrumbs(self, request: HttpRequest) -> list[dict[str, str]]:
        """None: the way begins here."""
        return []

    def get_view_restrictions(self) -> QuerySet[PageViewRestriction]:
        """Its own and the root's, in one query: it has no other ancestor and is nobody's alias."""
        return PageViewRestriction.objects.filter(page__path__in=[self.path, self.path[: self.steplen]])


class StandardPage(BasePage):
    """A page to read: about us, delivery, privacy."""

    intro = RichTextField(_("introduction"), blank=True, features=INTRO_FEATURES)
    body = StreamField(TextBody(), blank=True, verbose_name=_("body"))

    content_panels = [*Page.content_panels, FieldPanel("intro"), FieldPanel("body")]
    search_fields = [*Page.search_fields, index.SearchField("intro"), index.SearchField("body")]
    parent_page_types = ["home.HomePage", "home.StandardPage"]
    subpage_types = ["home.StandardPage"]
    template = "home/standard_page.html"

    class Meta:
        verbose_name = _("standard page")
        verbose_name_plural = _("standard pages")

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """It shows no book, so no sale makes it stale."""
        built_from(request)
        return super().get_context(request, *args, **kwargs)


class ContactPage(BasePage):
    """A page with a form that reaches customer service."""

    schema_type = "ContactPage"

    intro = RichTextField(_("introduction"), blank=True, features=INTRO_FEATURES)
    thanks = RichTextField(
        _("thanks"), blank=True, features=INTRO_FEATURES, help_text=_("Shown when the message has been sent.")
    )

    content_panels = [*Page.content_panels, FieldPanel("intro"), FieldPanel("thanks")]
    search_fields = [*Page.search_fields, index.SearchField("intro")]
    parent_page_types = ["home.HomePage", "home.StandardPage"]
    subpage_types: list[str] = []
    template = "home/contact_page.html"

    class Meta:
        verbose_name = _("contact page")
        verbose_name_plural = _("contact pages")

    def get_context(self, request: HttpRequest, *args: object, **kwargs: object) -> dict[str, object]:
        """An empty form, or word that the message was sent. It shows no book."""
        built_from(request)
        understood(request, SENT)
        return {
            **super().get_context(request, *args, **kwargs),
            "form": ContactForm(),
            "sent": SENT in request.GET.items(),
        }

    def serve(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Show the form; keep what was sent. A refusal keeps what was typed."""
        if request.method != "POST":
            return super().serve(request, *args, **kwargs)
        if is_trapped(request.POST):
            return self._thank(request)
        form = ContactForm(request.POST)
        status = 422
        if form.is_valid():
            try:
                receive(form, sender=sender_of(request))
            except TooManyMessages as refusal:
                form.add_error(None, str(refusal))
                status = 429
            else:
                return self._thank(request)
        context = {**self.get_context(request, *args, **kwargs), "form": form, "sent": False}
        return TemplateResponse(request, self.template, context, status=status)

    def _thank(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(f"{self.get_url(request)}?{urlencode([SENT])}")
