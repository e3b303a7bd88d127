"""Returns in the Wagtail admin: what customers declared, and the buttons for when books come back."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.auth import require_admin_access
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.viewsets.model import ModelViewSet

from accounts.requests import SignedInRequest
from commerce.models import Return
from commerce.models.returns import ReturnKind, ReturnOutcome
from commerce.office.acting import act, confirm, refuse_without
from commerce.services import returns

VIEW, CHANGE = "commerce.view_return", "commerce.change_return"


class ReturnFilterSet(WagtailFilterSet):
    """Narrows the list down."""

    kind = django_filters.MultipleChoiceFilter(choices=ReturnKind.choices, label=gettext_lazy("Kind"))
    waiting = django_filters.BooleanFilter(
        field_name="closed_at", lookup_expr="isnull", label=gettext_lazy("Still to be settled")
    )

    class Meta:
        model = Return
        fields = ("kind", "waiting")


class ReturnIndexView(IndexView):
    """The list."""

    any_permission_required = ["view"]

    def get_base_queryset(self) -> QuerySet[Return]:
        """With what the columns read."""
        return Return.objects.select_related("order").prefetch_related("lines__line")


class ReturnInspectView(InspectView):
    """One return, with what may be done about it."""

    any_permission_required = ["view"]
    template_name = "commerce/office/return.html"
    page_title = gettext_lazy("Return")

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """A return is neither edited nor deleted."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The return with its copies."""
        rows = list(self.object.lines.select_related("line__order"))
        waiting = any(row.outcome == ReturnOutcome.WAITING for row in rows)
        may_act = waiting and self.request.user.has_perm(CHANGE)
        return {
            **super().get_context_data(**kwargs),
            "ret": self.object,
            "rows": rows,
            "may_receive": may_act,
            "may_refuse": may_act and self.object.kind == ReturnKind.RETURN,
        }


class ReturnViewSet(ModelViewSet):
    """Returns, found and settled."""

    model = Return
    name = "returns"
    icon = "undo"
    menu_label = gettext_lazy("Returns")
    menu_order = 106
    add_to_admin_menu = True
    copy_view_enabled = False
    inspect_view_enabled = True
    form_fields = ()
    index_view_class = ReturnIndexView
    inspect_view_class = ReturnInspectView
    inspect_template_name = "commerce/office/return.html"
    filterset_class = ReturnFilterSet
    search_fields = ["order__number", "email", "name"]
    search_backend_name = None
    list_per_page = 50
    ordering = "-announced_at"
    list_display = [
        TitleColumn(
            "order", label=gettext_lazy("Order"), accessor="order.number",
            get_url=lambda ret: reverse("returns:inspect", args=[ret.pk]),
        ),
        Column("kind", label=gettext_lazy("Kind"), accessor="get_kind_display", sort_key="kind"),
        Column("titles", label=gettext_lazy("Books"), accessor="titles"),
        DateColumn("announced_at", label=gettext_lazy("Declared"), sort_key="announced_at"),
        DateColumn("closed_at", label=gettext_lazy("Settled"), sort_key="closed_at"),
    ]  # fmt: skip

    def get_urlpatterns(self) -> list[URLPattern]:
        """The list, the page of a return and its actions."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("inspect/<int:pk>/", self.inspect_view, name="inspect"),
            path("<int:pk>/receive/", receive, name="receive"),
            path("<int:pk>/refuse/", refuse, name="refuse"),
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without the addresses of views that there are not."""
        kwargs = super().get_common_view_kwargs(**kwargs)
        for view in ("add", "edit", "delete", "history", "usage"):
            kwargs[f"{view}_url_name"] = None
        return kwargs


@require_admin_access
def receive(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask which copies came and which go on the shelf again, then credit and refund."""
    ret = _return(request, pk)
    back = reverse("returns:inspect", args=[ret.pk])
    rows = _chosen(request, ret)
    if request.method != "POST" or "confirmed" not in request.POST:
        question = _("Have these books come back? They are credited, and what was paid for them goes back.")
        return confirm(
            request, question=question, label=_("Take in"), action_url=reverse("returns:receive", args=[ret.pk]),
            back_url=back, lines=[row.line for row in rows], title=str(ret), asks_restock=True, wants_reason=False,
        )  # fmt: skip
    restocked = {int(value) for value in request.POST.getlist("restock") if value.isdecimal()}
    ids = [row.line_id for row in rows]
    return act(request, back, lambda: returns.receive(ret.pk, ids, request.user, restocked=restocked), _("Taken in."))


@require_admin_access
def refuse(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then leave the books with the customer."""
    ret = _return(request, pk)
    back = reverse("returns:inspect", args=[ret.pk])
    rows = _chosen(request, ret)
    if request.method != "POST" or "confirmed" not in request.POST:
        return confirm(
            request, question=_("Are these books not taken back?"), label=_("Do not take back"),
            action_url=reverse("returns:refuse", args=[ret.pk]), back_url=back,
            lines=[row.line for row in rows], title=str(ret), is_serious=True,
        )  # fmt: skip
    reason = request.POST.get("reason", "")[:500]
    ids = [row.line_id for row in rows]
    return act(request, back, lambda: returns.refuse(ret.pk, ids, request.user, reason), _("Not taken back."))


def _return(request: HttpRequest, pk: int) -> Return:
    refuse_without(request, CHANGE)
    return get_object_or_404(Return.objects.select_related("order"), pk=pk)


def _chosen(request: HttpRequest, ret: Return) -> list[Any]:
    waiting = list(ret.lines.select_related("line").filter(outcome=ReturnOutcome.WAITING))
    chosen = (request.POST if request.method == "POST" else request.GET).getlist("line")
    return [row for row in waiting if str(row.line_id) in chosen] if chosen else waiting
