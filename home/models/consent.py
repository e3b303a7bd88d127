"""What the shop lets in from others, how it asks, and what visitors answered."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, InlinePanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.fields import RichTextField
from wagtail.log_actions import log
from wagtail.models import Orderable, PreviewableMixin, RevisionMixin

from home.consent.code import digest, validate_code
from home.consent.forms import IntegrationForm
from home.consent.hosts import is_host, validate_hosts
from home.consent.providers import CUSTOM, KINDS, PROVIDERS, STORAGE_KINDS, Provider
from home.consent.purposes import DESCRIPTIONS, Position, Purpose

CODE_PERMISSION = "home.edit_integration_code"


class ThirdPartyIntegration(RevisionMixin, ClusterableModel):
    """Something of another company that pages may load once the visitor agrees."""

    PROTECTED: ClassVar = ("kind", "identifier", "server", "code", "position", "category", "hosts")
    """Fields that decide what runs, and whether it asks first."""

    name = models.CharField(_("name"), max_length=80, help_text=_("As visitors read it: “Google Analytics”."))
    kind = models.CharField(_("kind"), max_length=20, choices=KINDS, default=CUSTOM)
    identifier = models.CharField(
        _("identifier"), max_length=255, blank=True, help_text=_("The number that the provider gave the shop.")
    )
    server = models.CharField(
        _("server"), max_length=255, blank=True, help_text=_("Matomo, or Plausible of your own: stats.example.com")
    )
    code = models.TextField(
        _("HTML code"),
        blank=True,
        help_text=_("Only for the kind “Other”. It runs in the page of every visitor who agrees."),
    )
    position = models.CharField(_("position"), max_length=12, choices=Position.choices, default=Position.HEAD_END)
    category = models.CharField(_("category"), max_length=12, choices=Purpose.choices, default=Purpose.MARKETING)
    hosts = models.TextField(
        _("hosts"),
        blank=True,
        validators=[validate_hosts],
        help_text=_(
            "One a line, with what for: script, connect, img, style, font, frame, media."
            " Nothing said means script connect img. Ready-made kinds know theirs."
        ),
    )
    provider = models.CharField(
        _("provider"), max_length=120, blank=True, help_text=_("The company that gets the data.")
    )
    purpose = models.TextField(_("purpose"), help_text=_("What it is for, in a sentence or two."))
    privacy_url = models.URLField(_("privacy policy"), blank=True)
    is_active = models.BooleanField(_("switched on"), default=False)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=0, help_text=_("Smaller runs first."))

    base_form_class = IntegrationForm
    panels = [
        FieldPanel("name"),
        FieldPanel("purpose"),
        FieldRowPanel([FieldPanel("is_active"), FieldPanel("starts_at"), FieldPanel("ends_at")]),
        MultiFieldPanel(
            [
                HelpPanel(
                    content=_(
                        "What runs, and whether it asks first. Only those with the right to edit integration code."
                        " A ready-made kind needs its identifier: name, purpose, category and position are then those"
                        " of the kind."
                    )
                ),
                FieldRowPanel(
                    [
                        FieldPanel("kind", permission=CODE_PERMISSION),
                        FieldPanel("identifier", permission=CODE_PERMISSION),
                        FieldPanel("server", permission=CODE_PERMISSION),
                    ]
                ),
                FieldPanel("code", permission=CODE_PERMISSION, classname="monospace"),
                FieldRowPanel(
                    [
                        FieldPanel("category", permission=CODE_PERMISSION),
                        FieldPanel("position", permission=CODE_PERMISSION),
                        FieldPanel("sort_order", permission=CODE_PERMISSION),
                    ]
                ),
                FieldPanel("hosts", permission=CODE_PERMISSION),
            ],
            heading=_("Code"),
        ),
        MultiFieldPanel([FieldPanel("provider"), FieldPanel("privacy_url")], heading=_("Provider")),
        InlinePanel(
            "stored",
            heading=_("Cookies and storage"),
            label=_("Cookie or key"),
            help_text=_("What it keeps in the browser. It is shown to visitors, and removed when they withdraw."),
        ),
    ]

    class Meta:
        verbose_name = _("third-party integration")
        verbose_name_plural = _("third-party integrations")
        ordering = ("sort_order", "pk")
        permissions = [("edit_integration_code", _("Can edit the code of integrations"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=models.F("starts_at")),
                name="integration_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ready_made(self) -> Provider | None:
        """What the shop knows of this kind; None for one with code of its own."""
        return PROVIDERS.get(self.kind)

    @property
    def place(self) -> str:
        """Where its code belongs: what is made to stand in the text stands nowhere else."""
        kind = self.ready_made
        return kind.position if kind and kind.position == Position.IN_PLACE else self.position

    def clean(self) -> None:
        """A ready-made kind has its identifier, another one code; each only what belongs to it.

        An integration that becomes one of a ready-made kind gets its category and position; they may be changed later.
        """
        super().clean()
        self.code = self.code.replace("\r\n", "\n").replace("\r", "\n").strip()
        self.identifier, self.server = self.identifier.strip(), self.server.strip().lower()
        errors: dict[str, str] = {}
        kind = self.ready_made
        if kind is None:
            errors |= {
                name: gettext("This field is required.") for name in ("name", "purpose") if not getattr(self, name)
            }
            if not self.code:
                errors["code"] = gettext("Give the code, or choose a kind that is ready made.")
            else:
                try:
                    validate_code(self.code)
                except ValidationError as refusal:
                    errors["code"] = " ".join(refusal.messages)
        else:
            self.code = ""
            if self.category != Purpose.NECESSARY and not self._is_still_of_its_kind():
                self.category, self.position = kind.purpose, kind.position
            self.position = self.place
            self.name, self.purpose = self.name or kind.name, self.purpose or str(DESCRIPTIONS[Purpose(kind.purpose)])
            self.provider = self.provider or kind.company
            self.privacy_url = self.privacy_url or kind.privacy_url
            if not kind.identifier.match(self.identifier):
                errors["identifier"] = gettext("This is not what an identifier of %(name)s looks like: %(example)s") % {
                    "name": kind.name,
                    "example": kind.identifier_help or gettext("none"),
                }
            if self.category == Purpose.NECESSARY:
                errors["category"] = gettext("%(name)s is not necessary to sell books: it needs consent.") % {
                    "name": kind.name
                }
            if kind.takes_server and not self.server and not kind.server:
                errors["server"] = gettext("Which server does it talk to?")
        if self.server and not is_host(self.server):
            errors["server"] = gettext("Give a host such as stats.example.com.")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            errors["ends_at"] = gettext("It ends before it begins.")
        if errors:
            raise ValidationError(errors)

    def _is_still_of_its_kind(self) -> bool:
        return bool(self.pk) and type(self).objects.filter(pk=self.pk, kind=self.kind).exists()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a change of what runs is an entry of its own in the audit log, whoever makes it."""
        before = type(self).objects.filter(pk=self.pk).values(*self.PROTECTED).first() if self.pk else None
        super().save(*args, **kwargs)
        after = {name: getattr(self, name) for name in self.PROTECTED}
        changed = sorted(name for name, value in after.items() if before is None or before[name] != value)
        if changed:
            log(
                instance=self,
                action="home.integration_code",
                data={
                    "fields": changed,
                    "before": digest(before["code"]) if before else "",
                    "after": digest(self.code),
                },
            )


class IntegrationStorage(Orderable):
    """A cookie or key that an integration keeps in the browser."""

    integration = ParentalKey(ThirdPartyIntegration, on_delete=models.CASCADE, related_name="stored")
    kind = models.CharField(_("kind"), max_length=8, choices=list(STORAGE_KINDS.items()), default="cookie")
    name = models.CharField(_("name"), max_length=120, help_text=_("A star at the end stands for anything: _ga_*"))
    lifetime = models.CharField(_("lifetime"), max_length=60, help_text=_("13 months"))
    about = models.CharField(_("what for"), max_length=200, blank=True)

    panels = [
        FieldRowPanel([FieldPanel("kind"), FieldPanel("name"), FieldPanel("lifetime")]),
        FieldPanel("about"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("cookie or key")
        verbose_name_plural = _("cookies and keys")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A star stands at the end of a name, and not alone: that would remove what others keep."""
        if "*" in self.name[:-1] or self.name == "*":
            raise ValidationError({"name": _("A star may stand only at the end of a name.")})


@register_setting(icon="lock", order=120)
class ConsentSettings(PreviewableMixin, BaseSiteSetting, ClusterableModel):
    """How visitors are asked. Empty fields have the words of the shop, in the language of the page."""

    title = models.CharField(_("title"), max_length=80, blank=True)
    text = RichTextField(_("text"), blank=True, features=["bold", "italic", "link"])
    privacy_page = models.ForeignKey(
        "wagtailcore.Page",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("privacy page"),
    )
    legal_page = models.ForeignKey(
        "wagtailcore.Page",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("legal notice"),
    )
    version = models.PositiveIntegerField(
        _("version"),
        default=1,
        help_text=_("A greater number asks everybody again. A new purpose or provider does so by itself."),
    )
    own_statistics = models.BooleanField(
        _("ask for statistics of our own"),
        default=False,
        help_text=_("Whether a visit in which a promotion was seen led to an order. Switched on, visitors are asked."),
    )

    panels = [
        FieldPanel("title"),
        FieldPanel("text"),
        FieldRowPanel([FieldPanel("privacy_page"), FieldPanel("legal_page")]),
        InlinePanel("purposes", heading=_("Purposes in your own words"), label=_("Purpose"), max_num=len(Purpose)),
        FieldPanel("own_statistics"),
        FieldPanel("version"),
    ]

    class Meta:
        verbose_name = _("cookie consent")
        verbose_name_plural = _("cookie consent")

    def __str__(self) -> str:
        return str(_("Cookie consent"))

    def get_preview_template(self, request: HttpRequest, mode_name: str) -> str:
        """The banner on an empty page."""
        return "home/consent/preview.html"


class ConsentPurpose(models.Model):
    """How a purpose is called and explained to visitors."""

    settings = ParentalKey(ConsentSettings, on_delete=models.CASCADE, related_name="purposes")
    category = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    title = models.CharField(_("title"), max_length=80, blank=True)
    description = models.TextField(_("description"), blank=True)

    panels = [FieldPanel("category"), FieldPanel("title"), FieldPanel("description")]

    class Meta:
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        constraints = [models.UniqueConstraint(fields=("settings", "category"), name="consent_purpose_once")]

    def __str__(self) -> str:
        return self.title or self.get_category_display()


class ConsentText(models.Model):
    """What visitors were asked, word for word, in one language; kept as long as an answer to it."""

    digest = models.CharField(_("fingerprint"), max_length=64, primary_key=True)
    language = models.CharField(_("language"), max_length=12)
    version = models.PositiveIntegerField(_("version"))
    content = models.JSONField(_("words"))
    created_at = models.DateTimeField(_("first answered"), default=timezone.now)

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")

    def __str__(self) -> str:
        return f"{self.version} {self.language} {self.digest[:8]}"

    @property
    def words(self) -> str:
        """All that was to be read, a line each, markup as it was; providers with the keys that answers name."""
        purposes = [
            line
            for asked in self.content["purposes"]
            for line in (
                f"{asked['title']}: {asked['description']}",
                *(
                    f"{name} ({company}): {purpose} [{key}]" if company else f"{name}: {purpose} [{key}]"
                    for key, name, company, purpose in asked["providers"]
                ),
            )
        ]
        lines = [self.content["title"], self.content["text"], *self.content["links"], *self.content["buttons"]]
        return "\n".join(filter(None, [*lines, *purposes]))


class ConsentRecord(models.Model):
    """A visitor's choice: proof that it was made, and nothing that says by whom."""

    class Act(models.TextChoices):
        """What the visitor did."""

        ACCEPT = "accept", _("Accept all")
        REFUSE = "refuse", _("Refuse all")
        SAVE = "save", _("Save choices")
        CLOSE = "close", _("Closed the question")
        ALWAYS = "always", _("Always load this one")

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="records", verbose_name=_("text"))
    language = models.CharField(_("language"), max_length=12)
    act = models.CharField(_("act"), max_length=8, choices=Act.choices)
    categories = models.JSONField(_("allowed purposes"), default=list)
    providers = models.JSONField(_("allowed providers"), default=list)
    gpc = models.BooleanField(_("Global Privacy Control"), default=False)
    path = models.CharField(_("page"), max_length=500)

    class Meta:
        verbose_name = _("choice")
        verbose_name_plural = _("choices of visitors")
        ordering = ("-at", "pk")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_act_display()}"
