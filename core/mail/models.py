"""Mail as rows: what is to be sent or was, and the words that staff chose."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.models import PreviewableMixin

from core.mail.kinds import Kept, Kind, kinds
from core.mail.texts import unknown_placeholders

SILENT_AFTER = dt.timedelta(minutes=1)
"""How long nobody asks a mail server that did not answer."""


PREVIEW_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""A mail carries its styles in its elements; nothing else of it comes to life."""


class MailStatus(models.TextChoices):
    """How far a mail is; worked out, not stored."""

    WAITING = "waiting", _("Waiting")
    HELD = "held", _("Waiting for the mail server")
    PARKED = "parked", _("Parked")
    SENT = "sent", _("Sent")


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    """Sets of mails."""

    def unsent(self) -> OutgoingMailQuerySet:
        """Those that are still to leave by themselves."""
        return self.filter(sent_at=None, parked_at=None)

    def parked(self) -> OutgoingMailQuerySet:
        """Those that wait for a member of staff."""
        return self.exclude(parked_at=None)

    def due(self, at: dt.datetime) -> OutgoingMailQuerySet:
        """Those whose time has come and that nobody is sending."""
        free = Q(claimed_until=None) | Q(claimed_until__lt=at)
        return self.unsent().filter(free, next_try_at__lte=at)

    def held_lately(self, at: dt.datetime) -> bool:
        """True where the mail server has not answered, and has not been asked again since."""
        return self.unsent().filter(held_at__gt=at - SILENT_AFTER).exists()

    def with_status(self, status: str) -> OutgoingMailQuerySet:
        """Those that are so far."""
        match status:
            case MailStatus.SENT:
                return self.exclude(sent_at=None)
            case MailStatus.PARKED:
                return self.parked()
            case MailStatus.HELD:
                return self.unsent().exclude(held_at=None)
            case _:
                return self.unsent().filter(held_at=None)

    def of_person(self, email: str) -> OutgoingMailQuerySet:
        """What was written to somebody, and what somebody wrote to us."""
        return self.filter(Q(to__iexact=email) | Q(reply_to__iexact=email))


class OutgoingMail(models.Model):
    """One mail to one address: what it is about before its first try, its words from then on. ADR 0016."""

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(max_length=120, unique=True, help_text=_("Of the same key there is one mail."))
    to = models.EmailField(_("to"))
    reply_to = models.EmailField(_("answers go to"), blank=True)
    language = models.CharField(_("language"), max_length=10)
    about = models.JSONField(default=dict, help_text=_("What it is composed from; empty once it is."))
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0, help_text=_("How often a server refused it."))
    interruptions = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(_("next try"), default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    held_at = models.DateTimeField(_("server did not answer"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    parked_at = models.DateTimeField(_("parked"), null=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ("-created_at", "-pk")
        indexes = [
            models.Index(
                fields=("next_try_at",), name="mail_due", condition=Q(sent_at__isnull=True, parked_at__isnull=True)
            ),
            models.Index(fields=("created_at",), name="mail_created"),
            models.Index(fields=("parked_at",), name="mail_parked", condition=Q(parked_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(parked_at__isnull=True), name="mail_sent_or_parked"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind_title}, {self.to}"

    @property
    def declared(self) -> Kind | None:
        """Its kind, unless the code knows it no more."""
        return kinds.get(self.kind)

    @property
    def kind_title(self) -> str:
        """Its kind, in words."""
        return str(self.declared.title) if self.declared else self.kind

    @property
    def status(self) -> MailStatus:
        """How far it is."""
        if self.sent_at:
            return MailStatus.SENT
        if self.parked_at:
            return MailStatus.PARKED
        return MailStatus.HELD if self.held_at else MailStatus.WAITING

    @property
    def is_readable(self) -> bool:
        """True where staff may read its words: they hold no secret of the person it is for."""
        return self.declared is not None and self.declared.kept is Kept.ALL

    @property
    def can_go_again(self) -> bool:
        """True where it is parked, or was sent and its words are still here."""
        return bool(self.parked_at or (self.sent_at and self.text))


class MailText(PreviewableMixin, models.Model):
    """The words of one kind of mail in one language, as staff wrote them. What is empty is said as the code has it."""

    kind = models.CharField(_("kind"), max_length=40, editable=False)
    language = models.CharField(_("language"), max_length=10, editable=False)
    subject = models.CharField(_("subject"), max_length=150, blank=True)
    opening = models.TextField(_("opening"), max_length=4000, blank=True)
    closing = models.TextField(_("closing"), max_length=4000, blank=True)

    class Meta:
        verbose_name = _("text of mails")
        verbose_name_plural = _("texts of mails")
        ordering = ("kind", "language")
        constraints = [models.UniqueConstraint(fields=("kind", "language"), name="mail_text_once")]

    TEXTS = ("subject", "opening", "closing")

    def __str__(self) -> str:
        return f"{kinds[self.kind].title}, {self.language_label}" if self.kind in kinds else self.kind

    @property
    def language_label(self) -> str:
        """Its language, in words."""
        return str(dict(settings.LANGUAGES).get(self.language, self.language))

    @property
    def is_own(self) -> bool:
        """True where staff wrote a part of it."""
        return any(getattr(self, name) for name in self.TEXTS)

    def clean(self) -> None:
        """Only placeholders of this kind; a subject is one line."""
        super().clean()
        known = kinds[self.kind].known
        errors = {
            name: gettext("This kind of mail has no placeholder %(names)s. It has: %(known)s.")
            % {"names": ", ".join(unknown), "known": ", ".join(f"{{{one}}}" for one in known)}
            for name in self.TEXTS
            if (unknown := unknown_placeholders(getattr(self, name), known))
        }
        if self.subject and not self.subject.isprintable():
            errors["subject"] = gettext("Line breaks and control characters are not allowed here.")
        if errors:
            raise ValidationError(errors)

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """As most read it, and as text."""
        return [("html", _("HTML")), ("text", _("Text"))]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """The mail with made-up data."""
        from core.mail.rendering import example  # it reads this model

        letter = example(kinds[self.kind], self.language, self)
        if mode_name == "text":
            return HttpResponse(f"{letter.subject}\n\n{letter.text}", content_type="text/plain; charset=utf-8")
        return HttpResponse(letter.html, headers={"Content-Security-Policy": PREVIEW_POLICY})


def text_of(kind: Kind, language: str) -> MailText:
    """What staff wrote for this kind in this language; nothing where they wrote nothing."""
    found = MailText.objects.filter(kind=kind.name, language=language).first()
    return found or MailText(kind=kind.name, language=language)
