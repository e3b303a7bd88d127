"""Mail in the Wagtail admin: what leaves and what does not, and the words that staff write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.auth import require_admin_access
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.panels import FieldPanel, Panel
from wagtail.admin.ui.components import Component
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column, DateColumn, TitleColumn
from wagtail.admin.views.bulk_action import BulkAction
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.views.snippets import SnippetViewSet

from core.mail import outbox
from core.mail.kinds import editable, kinds
from core.mail.models import MailStatus, MailText, OutgoingMail

VIEW, SEND, WRITE = "core.view_outgoingmail", "core.change_outgoingmail", "core.change_mailtext"


class LimitedPolicy(ModelPermissionPolicy):
    """Rows that code makes: staff do these things with them and no others, whatever else they were given."""

    def __init__(self, model: Any, *allowed: str) -> None:
        super().__init__(model)
        self.allowed = frozenset(allowed)

    def user_has_permission(self, user: Any, action: str) -> bool:
        """For one of the things that may be done."""
        return action in self.allowed and bool(super().user_has_permission(user, action))

    def user_has_any_permission(self, user: Any, actions: Iterable[str]) -> bool:
        """The same, for any of several."""
        return any(self.user_has_permission(user, action) for action in actions)


def _kind_choices() -> list[tuple[str, Any]]:
    return [(kind.name, kind.title) for kind in kinds.values()]


class OutgoingMailFilterSet(WagtailFilterSet):
    """Narrows the list down."""

    status = django_filters.ChoiceFilter(
        choices=MailStatus.choices, label=gettext_lazy("Status"), method="filter_status"
    )
    kind = django_filters.MultipleChoiceFilter(choices=_kind_choices, label=gettext_lazy("Kind"))
    created_at = django_filters.DateFromToRangeFilter(label=gettext_lazy("Written"), widget=DateRangePickerWidget)

    class Meta:
        model = OutgoingMail
        fields = ("status", "kind", "created_at")

    def filter_status(self, queryset: Any, _name: str, value: str) -> QuerySet[OutgoingMail]:
        """Status is worked out."""
        found: QuerySet[OutgoingMail] = queryset.with_status(value)
        return found


class OutgoingMailIndexView(IndexView):
    """The list, with boxes to tick for those who may send again."""

    any_permission_required = ["view"]
    template_name = "core/admin/mail_index.html"

    @cached_property
    def columns(self) -> list[Any]:
        """The boxes before the rest."""
        boxes = [BulkActionsCheckboxColumn("bulk_actions", obj_type="mail")] if self.request.user.has_perm(SEND) else []
        return [*boxes, *super().columns]


class OutgoingMailInspectView(InspectView):
    """One mail: its words, unless they are a secret of the person it is for, and what became of it."""

    any_permission_required = ["view"]
    page_title = gettext_lazy("Mail")

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """A mail is neither edited nor deleted."""
        return []


class OutgoingMailViewSet(ModelViewSet):
    """What waits, what is parked, what was sent. Not a snippet: those have a chooser that every colleague opens."""

    model = OutgoingMail
    name = "outgoing_mail"
    url_prefix = "mail"
    icon = "mail"
    menu_label = gettext_lazy("Mails")
    menu_order = 351
    add_to_admin_menu = True
    copy_view_enabled = False
    inspect_view_enabled = True
    form_fields = ()
    index_view_class = OutgoingMailIndexView
    inspect_view_class = OutgoingMailInspectView
    inspect_template_name = "core/admin/mail.html"
    index_template_name = "core/admin/mail_index.html"
    filterset_class = OutgoingMailFilterSet
    search_fields = ["to", "subject"]
    search_backend_name = None
    list_per_page = 50
    ordering = ("-created_at", "-pk")
    list_display = [
        TitleColumn(
            "to", label=gettext_lazy("To"), accessor="to", sort_key="to", url_name="outgoing_mail:inspect",
            get_title_id=lambda mail: f"mail_{mail.pk}_title",
        ),
        Column("kind", label=gettext_lazy("Kind"), accessor="kind_title", sort_key="kind"),
        Column("status", label=gettext_lazy("Status"), accessor=lambda mail: mail.status.label),
        DateColumn("created_at", label=gettext_lazy("Written"), sort_key="created_at"),
        Column("tries", label=gettext_lazy("Refused"), sort_key="tries"),
        Column("last_error", label=gettext_lazy("Last error"), accessor="last_error"),
    ]  # fmt: skip

    def get_urlpatterns(self) -> list[URLPattern]:
        """The list, one mail, and sending it again."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("inspect/<int:pk>/", self.inspect_view, name="inspect"),
            path("<int:pk>/again/", send_again, name="again"),
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without the addresses of views that there are not."""
        kwargs = super().get_common_view_kwargs(**kwargs)
        for view in ("add", "edit", "delete", "history", "usage"):
            kwargs[f"{view}_url_name"] = None
        return kwargs


class SendAgain(BulkAction):
    """Sends mails again that are ticked in their list: parked ones, and sent ones whose words are still here."""

    models = [OutgoingMail]
    display_name = gettext_lazy("Send again")
    aria_label = gettext_lazy("Send the selected mails again")
    action_type = "send-again"
    template_name = "core/admin/mail_send_again.html"

    def check_perm(self, mail: OutgoingMail) -> bool:
        """For those who may, and mails that can."""
        return mail.can_go_again and bool(self.request.user.has_perm(SEND))

    def get_all_objects_in_listing_query(self, parent_id: str | None) -> Any:
        """Who ticks everything means what is parked, never what was sent."""
        return self.model.objects.parked().values_list("pk", flat=True)

    @classmethod
    def execute_action(cls, objects: Iterable[OutgoingMail], **_kwargs: Any) -> tuple[int, int]:
        """One after the other."""
        return sum(outbox.send_again(mail.pk) for mail in objects), 0

    def get_success_message(self, num_parent_objects: int, _children: int) -> str:
        """How many."""
        count = num_parent_objects
        return ngettext("%(count)d mail goes again.", "%(count)d mails go again.", count) % {"count": count}


class MailWordsPanel(Panel):
    """When a kind is sent, its placeholders, what it says where staff wrote nothing, and the way to a test."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "core/admin/mail_words.html"

        def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
            kind = kinds[self.instance.kind]
            known = [(f"{{{name}}}", one.label, one.example) for name, one in kind.known.items()]
            return {**super().get_context_data(parent_context), "kind": kind, "known": known, "text": self.instance}


class MailTextViewSet(SnippetViewSet):
    """The words of the mails: one row for each kind and language."""

    model = MailText
    icon = "mail"
    menu_label = gettext_lazy("Texts of mails")
    menu_order = 127
    add_to_settings_menu = True
    admin_url_namespace = "mail_texts"
    base_url_path = "mail-texts"
    copy_view_enabled = False
    list_per_page = 50
    list_display = (
        "__str__",
        Column("words", label=gettext_lazy("Words"), accessor=lambda text: _("Own") if text.is_own else _("Standard")),
        Column("purpose", label=gettext_lazy("When"), accessor=lambda text: kinds[text.kind].purpose),
    )
    panels = (MailWordsPanel(), FieldPanel("subject"), FieldPanel("opening"), FieldPanel("closing"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailText]:
        """Those of kinds that there are."""
        return MailText.objects.filter(kind__in=[kind.name for kind in editable()])

    def get_urlpatterns(self) -> list[URLPattern]:
        """Wagtail's, and the test."""
        return [*super().get_urlpatterns(), path("test/<int:pk>/", send_test, name="test")]


class MailPanel(Component):
    """On the first page of the admin: mail that does not leave."""

    name = "mail"
    template_name = "core/admin/mail_panel.html"
    order = 50

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        """How many are parked, and whether a mail server answers."""
        return {
            "parked": OutgoingMail.objects.parked().count(),
            "is_held": OutgoingMail.objects.held_lately(timezone.now()),
            "waiting": OutgoingMail.objects.unsent().count(),
        }

    def render_html(self, parent_context: Any = None) -> str:
        """Nothing, where all is well, or for those who have nothing to do with it."""
        context = self.get_context_data(parent_context)
        if not parent_context["request"].user.has_perm(VIEW) or not (context["parked"] or context["is_held"]):
            return ""
        return super().render_html(parent_context)


@require_admin_access
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then send a mail again."""
    if not request.user.has_perm(SEND):
        raise PermissionDenied
    mail = get_object_or_404(OutgoingMail, pk=pk)
    back = reverse("outgoing_mail:inspect", args=[pk])
    if request.method != "POST":
        question = _("Send this mail to %(to)s again?") % {"to": mail.to}
        return _ask(request, question, _("Send again"), back)
    if outbox.send_again(pk):
        messages.success(request, _("The mail goes again."))
    else:
        messages.error(request, _("It is on its way, or its words are gone."))
    return redirect(back)


@require_admin_access
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then send a mail of this kind, with the words that are saved and made-up data, to who asks."""
    if not request.user.has_perm(WRITE):
        raise PermissionDenied
    text = get_object_or_404(MailText, pk=pk, kind__in=[kind.name for kind in editable()])
    back = reverse("mail_texts:edit", args=[pk])
    if request.method != "POST":
        question = _("Send a test of “%(kind)s”, with the words that are saved, to %(to)s?")
        return _ask(request, question % {"kind": text, "to": request.user.get_username()}, _("Send a test to me"), back)
    outbox.post_example(kinds[text.kind], text.language, request.user.get_username())
    messages.success(request, _("The test is on its way to %(to)s.") % {"to": request.user.get_username()})
    return redirect(back)


def _ask(request: HttpRequest, question: str, label: str, back_url: str) -> HttpResponse:
    context = {"question": question, "label": label, "back_url": back_url, "header_title": label}
    return render(request, "core/admin/ask.html", context)
