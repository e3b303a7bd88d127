"""Page modals in the Wagtail admin: the snippet, its calendar, its figures."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    MultipleChooserPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
)
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet
from wagtail.admin.widgets.button import HeaderButton
from wagtail.models import Revision, WorkflowState
from wagtail.permissions import policy_registry
from wagtail.snippets.views.snippets import CopyView, IndexView, SnippetViewSet

from home.modals import calendar, reports
from home.models.modals import ModalCount, PageModal

ACTIONS = ("add", "change", "publish", "view")


def _may(user: Any) -> bool:
    return bool(policy_registry.get_by_type(PageModal).user_has_any_permission(user, ACTIONS))


def _total(event: str) -> Coalesce:
    totals = ModalCount.objects.filter(modal=OuterRef("pk"), event=event).order_by().values("modal")
    return Coalesce(Subquery(totals.annotate(total=Sum("count")).values("total")), 0)


def _of_modals(model: Any) -> QuerySet[Any]:
    """Rows that belong to the modal of the outer query; their keys are text."""
    content_type = ContentType.objects.get_for_model(PageModal)
    return model.objects.filter(base_content_type=content_type, object_id=Cast(OuterRef("pk"), CharField()))


def _where(modal: PageModal) -> str:
    """The pages of a modal in a few words."""
    targets = list(modal.targets.all())
    titles = [target.page.title for target in targets if target.page]
    if targets and not titles:
        return _("Nowhere: its pages were deleted")
    if not titles:
        return (
            _("All pages") if not modal.page_types else _("%(count)d kinds of page") % {"count": len(modal.page_types)}
        )
    more = len(titles) - 2
    return ", ".join(titles[:2]) + (_(" and %(count)d more") % {"count": more} if more > 0 else "")


def _status(modal: Any) -> str:
    """Where it stands, from what came with the list."""
    if modal.is_scheduled:
        return _("Live and scheduled") if modal.live else _("Scheduled")
    if modal.is_in_workflow:
        return _("In review")
    if modal.live:
        return _("Live and draft") if modal.has_unpublished_changes else _("Live")
    return _("Over") if modal.expired else _("Draft")


def _rate(modal: Any) -> str:
    return f"{100 * modal.clicked / modal.shown:.1f} %" if modal.shown else "–"


def _figures_url(modal: PageModal) -> str:
    return reverse("modal_figures:figures", args=[modal.pk])


class ModalIndexView(IndexView):
    """The list, with the way to the calendar."""

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """The calendar besides what the list has."""
        button = HeaderButton(
            label=_("Calendar"),
            url=reverse("modal_figures:calendar"),
            icon_name="calendar",
            attrs={"id": "to-calendar"},
        )
        return [*super().header_buttons, button]


class ModalCopyView(CopyView):
    """A copy begins as a draft of its own, with an address of its own."""

    def get_initial_form_instance(self) -> PageModal:
        """The original without what is its alone."""
        modal = super().get_initial_form_instance()
        modal.name = _("Copy of %(name)s") % {"name": modal.name}
        modal.slug = ""
        modal.go_live_at = modal.expire_at = None
        return modal


class PageModalViewSet(SnippetViewSet):
    """Modals."""

    model = PageModal
    icon = "pick"
    menu_label = gettext_lazy("Modals")
    menu_order = 130
    add_to_admin_menu = True
    index_view_class = ModalIndexView
    copy_view_class = ModalCopyView
    list_display = [
        "name",
        StatusTagColumn("status", label=gettext_lazy("Status"), accessor=_status, primary=lambda modal: modal.live),
        "get_kind_display",
        Column("where", label=gettext_lazy("Pages"), accessor=_where),
        DateColumn("go_live_at", label=gettext_lazy("From"), sort_key="go_live_at"),
        DateColumn("expire_at", label=gettext_lazy("Until"), sort_key="expire_at"),
        Column("priority", label=gettext_lazy("Priority"), sort_key="priority"),
        TitleColumn("shown", label=gettext_lazy("Shown"), get_url=_figures_url, sort_key="shown"),
        Column("clicked", label=gettext_lazy("Clicked"), sort_key="clicked"),
        Column("rate", label=gettext_lazy("Share"), accessor=_rate),
    ]
    list_filter = ["kind", "live", "trigger"]
    list_per_page = 50
    search_fields = ["name__icontains", "title__icontains"]
    search_backend_name = None
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldRowPanel([FieldPanel("name"), FieldPanel("slug")]),
                    FieldRowPanel([FieldPanel("kind"), FieldPanel("priority")]),
                    FieldPanel("title"),
                    FieldPanel("body"),
                    MultiFieldPanel(
                        [FieldPanel("link_text"), FieldPanel("link_page"), FieldPanel("link_url")],
                        heading=gettext_lazy("Call to action"),
                    ),
                    FieldPanel("preview_page"),
                ],
                heading=gettext_lazy("Content"),
            ),
            ObjectList(
                [
                    MultipleChooserPanel("targets", label=gettext_lazy("Shown on"), chooser_field_name="page"),
                    FieldPanel("page_types"),
                    FieldPanel("language"),
                    MultipleChooserPanel("exclusions", label=gettext_lazy("Never on"), chooser_field_name="page"),
                ],
                heading=gettext_lazy("Where"),
            ),
            ObjectList(
                [
                    PublishingPanel(),
                    FieldRowPanel([FieldPanel("trigger"), FieldPanel("trigger_value")]),
                    FieldPanel("click_selector"),
                    FieldRowPanel([FieldPanel("audience"), FieldPanel("visits")]),
                    FieldRowPanel([FieldPanel("basket"), FieldPanel("basket_amount")]),
                    FieldPanel("campaign"),
                    FieldRowPanel([FieldPanel("frequency"), FieldPanel("every_days"), FieldPanel("at_most")]),
                    FieldPanel("ends_with_click"),
                ],
                heading=gettext_lazy("When, to whom, how often"),
            ),
            ObjectList(
                [
                    FieldRowPanel([FieldPanel("weight"), FieldPanel("hold_out")]),
                    FieldRowPanel([FieldPanel("expected_rate"), FieldPanel("detectable_change")]),
                    InlinePanel("variants", label=gettext_lazy("Version"), max_num=4),
                ],
                heading=gettext_lazy("Trial"),
            ),
        ]
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PageModal]:
        """With pages and figures: the list costs the same for one row and for fifty."""
        return PageModal.objects.prefetch_related("targets__page").annotate(
            shown=_total("shown"),
            clicked=_total("clicked"),
            is_scheduled=Exists(_of_modals(Revision).filter(approved_go_live_at__isnull=False)),
            is_in_workflow=Exists(_of_modals(WorkflowState).filter(status=WorkflowState.STATUS_IN_PROGRESS)),
        )


class ModalAdminView(WagtailAdminTemplateMixin, TemplateView):
    """A screen beside the snippet, for those who may see modals."""

    header_icon = "pick"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse others."""
        if not _may(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Home, modals, here."""
        modals = {"url": reverse("wagtailsnippets_home_pagemodal:list"), "label": _("Modals")}
        return [*self.breadcrumbs_items, modals, {"url": "", "label": self.get_page_title()}]


class CalendarView(ModalAdminView):
    """A month."""

    template_name = "home/admin/modals/calendar.html"
    page_title = gettext_lazy("Calendar")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The month that ?month= names."""
        month = calendar.month(calendar.month_of(self.request.GET.get("month", "")))
        return super().get_context_data(month=month, today=timezone.localdate(), **kwargs)


class FiguresView(ModalAdminView):
    """What a modal did."""

    template_name = "home/admin/modals/figures.html"
    page_title = gettext_lazy("Figures")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The report, or ?export=csv."""
        modal = get_object_or_404(PageModal, pk=kwargs["pk"])
        if request.GET.get("export") == "csv":
            out = io.StringIO()
            csv.writer(out).writerows(reports.rows_for_export(modal))
            name = f'attachment; filename="modal-{modal.slug}.csv"'
            return HttpResponse(out.getvalue(), "text/csv; charset=utf-8", headers={"Content-Disposition": name})
        context = self.get_context_data(
            modal=modal,
            report=reports.report(modal),
            events=[event.label for event in reports.EVENTS],
            bars=reports.days(modal, until=timezone.localdate()),
        )
        return self.render_to_response(context)


class ModalFiguresViewSet(ViewSet):
    """Calendar and figures."""

    name = "modal_figures"
    url_prefix = "modals"
    icon = "calendar"

    def get_urlpatterns(self) -> list[Any]:
        """The two screens."""
        return [
            path("calendar/", CalendarView.as_view(), name="calendar"),
            path("<int:pk>/figures/", FiguresView.as_view(), name="figures"),
        ]
