"""Accounting in the Wagtail admin: the documents of a month as a zip, made by a task; what the law wants entered."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from wagtail.admin.auth import require_admin_access
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from accounts.requests import SignedInRequest
from commerce import accounting, invoice_law
from commerce.models import Paper, SellerSettings
from commerce.models.invoice import PaperKind, PaperState
from commerce.services import papers

EXPORT = "commerce.export_invoice"
PER_PAGE = 24


class AccountingMenuItem(MenuItem):
    """Shown to those who may export."""

    def is_shown(self, request: HttpRequest) -> bool:
        """With the permission of its own."""
        return bool(request.user.has_perm(EXPORT))


class MissingFacts(Component):
    """On the admin's first page: what invoices still lack by the law of the shop's country."""

    name = "missing-facts"
    order = 50
    template_name = "commerce/office/missing_facts.html"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        """The names of settings, and the way to them."""
        return {
            "missing": invoice_law.missing(SellerSettings.load(), settings.SHOP_COUNTRY),
            "settings_url": reverse("wagtailsettings:edit", args=["commerce", "sellersettings"]),
        }


@require_admin_access
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """The months that have documents, with their files."""
    _check(request)
    page = Paginator(accounting.months(), PER_PAGE).get_page(request.GET.get("page"))
    known = {paper.subject: paper for paper in Paper.objects.filter(kind=PaperKind.MONTH, subject__in=list(page))}
    rows: list[dict[str, Any]] = [{"month": month, "paper": known.get(month)} for month in page]
    context = {
        "page_obj": page,
        "rows": rows,
        "is_waiting": any(row["paper"] and row["paper"].state == PaperState.WAITING for row in rows),
        "header_title": _("Accounting"),
        "header_icon": "table",
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": "", "label": _("Accounting")},
        ],
    }
    return render(request, "commerce/office/accounting.html", context)


@require_admin_access
def prepare(request: SignedInRequest, month: str) -> HttpResponse:
    """Have the file of a month made, anew where there is one: a month grows until it is over."""
    _check(request)
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month) or month not in accounting.months():
        raise Http404
    if request.method == "POST":
        papers.ask(PaperKind.MONTH, month, asked_by=request.user, again=True)
    return redirect("accounting")


@require_admin_access
@require_safe
def download(request: SignedInRequest, month: str) -> HttpResponseBase:
    """The file of a month."""
    _check(request)
    file = papers.opened(get_object_or_404(Paper, kind=PaperKind.MONTH, subject=month))
    if file is None:
        return redirect("accounting")
    return FileResponse(file, as_attachment=True, filename=f"documents-{month}.zip")


def _check(request: SignedInRequest) -> None:
    if not request.user.has_perm(EXPORT):
        raise PermissionDenied


ACCOUNTING_URLS: list[URLPattern] = [
    path("accounting/", index, name="accounting"),
    path("accounting/<str:month>/prepare/", prepare, name="accounting_prepare"),
    path("accounting/<str:month>.zip", download, name="accounting_download"),
]


def menu_item() -> MenuItem:
    """The way there."""
    return AccountingMenuItem(
        gettext_lazy("Accounting"), reverse("accounting"), name="accounting", icon_name="table", order=106
    )
