"""Bank statements in the Wagtail admin: a file is looked at first, then its lines are taken in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.auth import require_admin_access
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.widgets.button import HeaderButton

from accounts.requests import SignedInRequest
from commerce import bank_files
from commerce.exceptions import CommerceError
from commerce.models import BankLine
from commerce.office.payments import CHANGE, LookedAtViewSet
from commerce.services import bank_statements

SALT = "commerce.statement"


class StatementForm(forms.Form):
    """A file from the bank."""

    file = forms.FileField(
        label=gettext_lazy("Bank statement (CSV)"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
    )

    def clean_file(self) -> UploadedFile:
        """Not larger than a statement is."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > bank_files.MOST_BYTES:
            raise ValidationError(_("This file is too large for a bank statement."))
        return file


@require_admin_access
def statement(request: SignedInRequest) -> HttpResponse:
    """Upload, look at what each line is, take in. Between the two looks the file travels with the form, signed."""
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    if "statement" in request.POST:
        return _take_in(request)
    form = StatementForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        text = bank_files.decode(form.cleaned_data["file"].read())
        try:
            return _page(request, form, text=text, matches=bank_statements.preview(text))
        except CommerceError as refusal:
            form.add_error("file", refusal.public)
    return _page(request, form, status=422 if form.is_bound else 200)


def _take_in(request: SignedInRequest) -> HttpResponse:
    try:
        text = signing.loads(request.POST["statement"], salt=SALT)
    except signing.BadSignature:
        messages.error(request, _("Please upload the file again."))
        return redirect("bank_lines:statement")
    done = bank_statements.take_in(text, set(request.POST.getlist("line")), request.user)
    taken = [match for match in done if match.is_to_take]
    for match in done:
        if not match.is_to_take:
            messages.error(request, f"{match.line.number}: {match.sentence}")
    said = ngettext("%(count)d line was taken in.", "%(count)d lines were taken in.", len(taken))
    messages.success(request, said % {"count": len(taken)})
    return redirect("bank_lines:index")


def _page(
    request: SignedInRequest,
    form: StatementForm,
    *,
    text: str = "",
    matches: list[bank_statements.Match] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "matches": matches,
        "statement": signing.dumps(text, salt=SALT, compress=True) if matches else "",
        "has_any": any(match.is_to_take for match in matches or ()),
        "names": bank_files.NAMES,
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("bank_lines:index"), "label": _("Bank transfers")},
            {"url": "", "label": _("Take a statement in")},
        ],
        "header_title": _("Take a statement in"),
    }
    return render(request, "commerce/office/statement.html", context, status=status)


class BankLineIndexView(IndexView):
    """What was taken in."""

    any_permission_required = ["view"]

    def get_base_queryset(self) -> QuerySet[BankLine]:
        """With what the list shows of each."""
        return BankLine.objects.select_related("payment__order", "actor")

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """The way to the upload, for those who may."""
        if not self.request.user.has_perm(CHANGE):
            return []
        return [HeaderButton(_("Take a statement in"), url=reverse("bank_lines:statement"), icon_name="upload")]


class BankLineInspectView(InspectView):
    """One line as the bank told it."""

    any_permission_required = ["view"]

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        """It is neither edited nor deleted."""
        return []


class BankLineViewSet(LookedAtViewSet):
    """Lines of bank statements that became payments."""

    model = BankLine
    name = "bank_lines"
    icon = "table"
    menu_label = gettext_lazy("Bank transfers")
    menu_order = 107
    add_to_admin_menu = True
    index_view_class = BankLineIndexView
    inspect_view_class = BankLineInspectView
    search_fields = ["text", "payer", "payment__order__number"]
    search_backend_name = None
    ordering = "-booked_on"
    list_display = [
        DateColumn("booked_on", label=gettext_lazy("Booked"), sort_key="booked_on"),
        Column("money", label=gettext_lazy("Amount"), accessor="payment.captured"),
        Column("payer", label=gettext_lazy("Payer")),
        Column("text", label=gettext_lazy("Reference text")),
        Column("order", label=gettext_lazy("Order"), accessor="payment.order.number"),
        Column("actor", label=gettext_lazy("By"), accessor="actor"),
    ]

    def get_urlpatterns(self) -> list[URLPattern]:
        """And the upload."""
        return [*super().get_urlpatterns(), path("statement/", statement, name="statement")]
