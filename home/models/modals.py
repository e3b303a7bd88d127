"""Page modals: promotions over a page, with their schedule, their rules and their anonymous figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.fields import StreamField
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    Orderable,
    Page,
    PreviewableMixin,
    RevisionMixin,
    Site,
    WorkflowMixin,
)
from wagtail.search import index

from catalog.models import TagPage
from home.modals.blocks import ModalBody
from home.modals.forms import PageModalForm
from home.modals.statistics import size_for
from home.models.navigation import is_address

FIRST_VARIANT = "A"
HOLD_OUT = "-"
"""Stands in place of a variant for visitors who are shown nothing, to compare with."""

OFFER_PREVIEW = "offer"

is_simple_selector = RegexValidator(
    r"^[#.][A-Za-z_][\w-]*\Z", _("One id or one class, such as #newsletter or .offer-button.")
)


class Reach(models.IntegerChoices):
    """How far below a chosen page."""

    PAGE = 0, _("This page only")
    CHILDREN = 1, _("and its children")
    TWO = 2, _("and two levels below")
    THREE = 3, _("and three levels below")
    ALL = 99, _("and everything below")


@dataclass(frozen=True, slots=True)
class Version:
    """One of the contents that a modal may have."""

    code: str
    weight: int
    title: str
    body: Any
    link_text: str


class PageModal(
    WorkflowMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    PreviewableMixin,
    index.Indexed,
    ClusterableModel,
):
    """A promotion over a page: what it says, where, when and to whom, and how often.

    When and to whom is decided by the browser, so that pages are the same for everybody.
    """

    class Kind(models.TextChoices):
        CENTRE = "centre", _("Dialog in the centre")
        CORNER = "corner", _("Slides into a corner")
        TOP = "top", _("Bar at the top")
        BOTTOM = "bottom", _("Bar at the bottom")

    class Trigger(models.TextChoices):
        DELAY = "delay", _("After some seconds")
        SCROLL = "scroll", _("After a share of the page was scrolled")
        EXIT = "exit", _("When the visitor is about to leave")
        CLICK = "click", _("On a click")
        IDLE = "idle", _("After some seconds without a movement")

    class Audience(models.TextChoices):
        ALL = "", _("Everybody")
        GUESTS = "guest", _("Who is not signed in")
        SIGNED_IN = "member", _("Who is signed in")

    class Visits(models.TextChoices):
        ALL = "", _("Every visit")
        FIRST = "first", _("The first visit")
        RETURNING = "returning", _("Later visits")

    class Basket(models.TextChoices):
        ANY = "", _("Whatever is in the basket")
        EMPTY = "empty", _("The basket is empty")
        OVER = "over", _("The basket is worth at least")

    class Frequency(models.TextChoices):
        EVERY = "every", _("On every page view")
        SESSION = "session", _("Once in a visit")
        DAYS = "days", _("Once in so many days")

    name = models.CharField(_("name"), max_length=120, help_text=_("For us; readers do not see it."))
    slug = models.SlugField(
        _("address"),
        max_length=80,
        unique=True,
        help_text=_("The same content is at /offers/<address>/ for browsers without scripts. A link there opens it."),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CENTRE)
    priority = models.PositiveSmallIntegerField(
        _("priority"),
        default=50,
        validators=[MaxValueValidator(100)],
        help_text=_("0 to 100. Where two want to be shown, the higher one goes first; the other waits."),
    )
    title = models.CharField(_("title"), max_length=160, help_text=_("What readers see and screen readers say first."))
    body = StreamField(ModalBody(), blank=True, verbose_name=_("content"))
    link_text = models.CharField(_("call to action"), max_length=80, blank=True)
    link_page = models.ForeignKey(
        "wagtailcore.Page", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("page")
    )
    link_url = models.CharField(
        _("or address"), max_length=500, blank=True, validators=[is_address], help_text=_("/books/?sort=newest")
    )

    page_types = models.JSONField(_("kinds of page"), default=list, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True, help_text=_("Empty: every language."))

    trigger = models.CharField(_("shown"), max_length=10, choices=Trigger, default=Trigger.DELAY)
    trigger_value = models.PositiveSmallIntegerField(
        _("seconds, or percent of the page"), default=5, validators=[MaxValueValidator(3600)]
    )
    click_selector = models.CharField(
        _("clicked element"),
        max_length=80,
        blank=True,
        validators=[is_simple_selector],
        help_text=_("#id or .class. A link to /offers/<address>/ opens it in any case."),
    )

    audience = models.CharField(_("who"), max_length=10, choices=Audience, default=Audience.ALL, blank=True)
    visits = models.CharField(_("visits"), max_length=10, choices=Visits, default=Visits.ALL, blank=True)
    basket = models.CharField(_("basket"), max_length=10, choices=Basket, default=Basket.ANY, blank=True)
    basket_amount = models.DecimalField(
        _("amount"), max_digits=9, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    campaign = models.CharField(
        _("campaign"), max_length=80, blank=True, help_text=_("Only where the address says ?utm_campaign=…")
    )

    frequency = models.CharField(_("how often"), max_length=10, choices=Frequency, default=Frequency.SESSION)
    every_days = models.PositiveSmallIntegerField(_("days"), default=7, validators=[MinValueValidator(1)])
    at_most = models.PositiveSmallIntegerField(
        _("at most so many times"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    ends_with_click = models.BooleanField(_("never again after the call to action"), default=True)

    weight = models.PositiveSmallIntegerField(
        _("weight of this version"), default=1, help_text=_("Shares of versions: 1 and 1 is half and half.")
    )
    hold_out = models.PositiveSmallIntegerField(
        _("hold-out in percent"),
        default=0,
        validators=[MaxValueValidator(50)],
        help_text=_("So many of a hundred visitors are shown nothing, to compare orders with."),
    )
    expected_rate = models.DecimalField(
        _("expected clicks in percent"), max_digits=5, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # fmt: skip
    detectable_change = models.DecimalField(
        _("smallest difference worth finding, in points"), max_digits=5, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_("From both follows how many must see each version before the report compares them."),
    )  # fmt: skip

    preview_page = models.ForeignKey(
        "wagtailcore.Page", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        verbose_name=_("preview on"), help_text=_("Empty: the home page."),
    )  # fmt: skip

    workflow_states = GenericRelation(
        "wagtailcore.WorkflowState",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="page_modal",
        for_concrete_model=False,
    )
    _revisions = GenericRelation(
        "wagtailcore.Revision",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="page_modal",
        for_concrete_model=False,
    )

    search_fields: ClassVar[list[Any]] = [
        index.SearchField("name"),
        index.AutocompleteField("name"),
        index.SearchField("title"),
    ]
    base_form_class = PageModalForm

    class Meta:
        verbose_name = _("page modal")
        verbose_name_plural = _("page modals")
        ordering = ("-priority", "name")

    def __str__(self) -> str:
        return self.name

    @property
    def revisions(self) -> Any:
        """Every version that was saved."""
        return self._revisions

    def get_absolute_url(self) -> str:
        """Where the content is for browsers without scripts."""
        return reverse("home:offer", args=[self.slug])

    def clean(self) -> None:
        """One goal of the call to action; figures that its rules need."""
        super().clean()
        errors: dict[str, Any] = {}
        if self.link_page_id and self.link_url:
            errors["link_url"] = _("Choose a page or give an address, one of the two.")
        elif bool(self.link_text) != bool(self.link_page_id or self.link_url):
            errors["link_text"] = _("A call to action has words and a goal, or neither.")
        if self.trigger == self.Trigger.SCROLL and not 1 <= (self.trigger_value or 0) <= 100:
            errors["trigger_value"] = _("A share of the page is 1 to 100 percent.")
        if self.basket == self.Basket.OVER and self.basket_amount is None:
            errors["basket_amount"] = _("Say from which amount on.")
        if self.language and self.language not in dict(settings.LANGUAGES):
            errors["language"] = _("The shop does not speak that language.")
        if bool(self.expected_rate) != bool(self.detectable_change):
            errors["detectable_change"] = _("A planned size needs both figures.")
        if errors:
            raise ValidationError(errors)

    def link(self) -> str:
        """Where the call to action leads; empty where there is none, or its page is not to be had."""
        if self.link_page_id:
            return (self.link_page.url or "") if self.link_page and self.link_page.live else ""
        return self.link_url

    @property
    def planned_size(self) -> int | None:
        """How many visits each version needs, so that the planned difference of clicks would be found."""
        if not (self.expected_rate and self.detectable_change):
            return None
        return size_for(float(self.expected_rate) / 100, float(self.detectable_change) / 100, self.comparisons)

    @property
    def comparisons(self) -> int:
        """How many are read together: clicks of each other version, and orders of all where some are shown nothing."""
        versions = len(self.versions())
        return max(versions - 1 + (versions if self.hold_out else 0), 1)

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """Each version on the chosen page, and the page for browsers without scripts."""
        versions = [FIRST_VARIANT, *(variant.code for variant in self.variants.all())]
        return [
            *((code, _("Version %(code)s") % {"code": code}) for code in versions),
            (OFFER_PREVIEW, _("Without scripts")),
        ]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """The page of the editor's choice with this modal open on it."""
        version = next((v for v in self.versions() if v.code == mode_name), self.versions()[0])
        if mode_name == OFFER_PREVIEW or not (page := self._preview_page(request)):
            return TemplateResponse(request, "home/modals/offer.html", {"version": version, "link": self.link()})
        request.modal_preview = (self, version)
        return page.serve(request)

    def versions(self) -> list[Version]:
        """What is compared with what, the modal's own content first."""
        first = Version(FIRST_VARIANT, self.weight, self.title, self.body, self.link_text)
        return [
            first,
            *(
                Version(variant.code, variant.weight, variant.title, variant.body, variant.link_text or self.link_text)
                for variant in self.variants.all()
            ),
        ]

    def _preview_page(self, request: HttpRequest) -> Page | None:
        if self.preview_page and self.preview_page.live:
            return self.preview_page.specific
        site = Site.find_for_request(request)
        return site.root_page.specific if site else None


class Place(Orderable):
    """A page of the tree, and how far below it."""

    page = models.ForeignKey("wagtailcore.Page", on_delete=models.CASCADE, related_name="+", verbose_name=_("page"))
    reach = models.PositiveSmallIntegerField(_("how far"), choices=Reach, default=Reach.PAGE)

    class Meta(Orderable.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.page or _('deleted')} ({self.get_reach_display()})"


class ModalTarget(Place):
    """Where a modal is shown. Outlives its page: a limit that is gone with it would be none."""

    modal = ParentalKey(PageModal, on_delete=models.CASCADE, related_name="targets")
    page = models.ForeignKey(
        "wagtailcore.Page", null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("page"),
        help_text=_("Empty: it was deleted. A modal all of whose pages were is shown nowhere."),
    )  # fmt: skip
    with_books = models.BooleanField(
        _("and the books of this tag"), default=False, help_text=_("Where the page is a tag's.")
    )

    panels = [FieldPanel("page"), FieldPanel("reach"), FieldPanel("with_books")]

    class Meta(Place.Meta):
        verbose_name = _("page of a modal")
        verbose_name_plural = _("pages of modals")

    def clean(self) -> None:
        """Only a tag has books of its own."""
        super().clean()
        if self.with_books and self.page and self.page.specific_class is not TagPage:
            raise ValidationError({"with_books": _("That page is not a tag's.")})


class ModalExclusion(Place):
    """Where a modal is not shown, whatever else holds."""

    modal = ParentalKey(PageModal, on_delete=models.CASCADE, related_name="exclusions")

    panels = [FieldPanel("page"), FieldPanel("reach")]

    class Meta(Place.Meta):
        verbose_name = _("page without a modal")
        verbose_name_plural = _("pages without a modal")


class ModalVariant(Orderable):
    """Another version of a modal, to be compared with it."""

    class Code(models.TextChoices):
        B = "B", "B"
        C = "C", "C"
        D = "D", "D"
        E = "E", "E"

    modal = ParentalKey(PageModal, on_delete=models.CASCADE, related_name="variants")
    code = models.CharField(_("version"), max_length=1, choices=Code, default=Code.B)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    title = models.CharField(_("title"), max_length=160)
    body = StreamField(ModalBody(), blank=True, verbose_name=_("content"))
    link_text = models.CharField(
        _("call to action"), max_length=80, blank=True, help_text=_("Empty: as in the first version.")
    )

    panels = [FieldPanel(name) for name in ("code", "weight", "title", "body", "link_text")]

    class Meta(Orderable.Meta):
        verbose_name = _("version of a modal")
        verbose_name_plural = _("versions of modals")
        constraints = [models.UniqueConstraint(fields=("modal", "code"), name="modal_version_once")]

    def __str__(self) -> str:
        return f"{self.code}: {self.title}"


class ModalCount(models.Model):
    """How often something happened on one day, to nobody in particular."""

    class Event(models.TextChoices):
        ELIGIBLE = "eligible", _("Could be shown")
        SHOWN = "shown", _("Shown")
        SEEN = "seen", _("Seen")
        DISMISSED = "dismissed", _("Dismissed")
        CLICKED = "clicked", _("Clicked")
        ORDERED = "ordered", _("Orders in the visit")

    modal = models.ForeignKey(PageModal, on_delete=models.CASCADE, related_name="counts", verbose_name=_("modal"))
    variant = models.CharField(_("version"), max_length=1)
    page_number = models.PositiveIntegerField(
        _("page"), default=0, help_text=_("Key of the page, also of one that is gone; 0: an address without a page.")
    )
    day = models.DateField(_("day"))
    event = models.CharField(_("event"), max_length=10, choices=Event)
    count = models.PositiveIntegerField(_("number"), default=0)

    class Meta:
        verbose_name = _("figure of a modal")
        verbose_name_plural = _("figures of modals")
        constraints = [
            models.UniqueConstraint(
                fields=("modal", "day", "event", "variant", "page_number"), name="modal_count_once"
            ),
            models.CheckConstraint(condition=Q(event__in=[
                "eligible", "shown", "seen", "dismissed", "clicked", "ordered",
            ]), name="modal_count_event"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.modal} {self.variant} {self.day} {self.event}: {self.count}"


@register_setting(icon="pick", order=120)
class ModalSettings(BaseSiteSetting):
    """What holds for all modals together."""

    cool_off_seconds = models.PositiveIntegerField(
        _("rest between two modals, in seconds"),
        default=60,
        help_text=_("After one was closed, so long no other is shown to the same visitor."),
    )

    panels = [FieldPanel("cool_off_seconds")]

    class Meta:
        verbose_name = _("page modals")
        verbose_name_plural = _("page modals")

    def __str__(self) -> str:
        return str(_("Page modals"))
