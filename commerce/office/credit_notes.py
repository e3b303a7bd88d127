"""Crediting what was invoiced: whole copies and delivery, or an amount. What was paid for it goes back by itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.validators import MinValueValidator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.auth import require_admin_access

from accounts.requests import SignedInRequest
from commerce.exceptions import CommerceError
from commerce.models import CreditNote, Order
from commerce.services import refunds
from core.money import Money

ADD = "commerce.add_creditnote"


class CreditForm(forms.Form):
    """What is credited, and why. Copies and delivery are one way, an amount the other."""

    lines = forms.MultipleChoiceField(label=gettext_lazy("Copies"), required=False, widget=forms.CheckboxSelectMultiple)
    delivery = forms.DecimalField(
        label=gettext_lazy("Of the delivery"), required=False, max_digits=12, decimal_places=3,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    amount = forms.DecimalField(
        label=gettext_lazy("Or an amount"), required=False, max_digits=12, decimal_places=3,
        validators=[MinValueValidator(0)],
        help_text=gettext_lazy("Goodwill, or a price that fell: shared over the copies, each at its own rate of tax."),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason, printed"), max_length=255)

    def __init__(self, order: Order, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        self.fields["lines"].choices = [
            (str(line.pk), f"{line.title} ({line.format_label}): {line.left}")
            for line in order.lines.select_related("order")
            if line.left
        ]
        self.fields["delivery"].help_text = _("At most %(left)s.") % {"left": order.delivery_left}

    def clean(self) -> dict[str, Any]:
        """One way or the other."""
        said = super().clean() or {}
        by_copies = bool(said.get("lines") or said.get("delivery"))
        if by_copies == bool(said.get("amount")):
            raise forms.ValidationError(_("Choose copies or delivery, or type an amount."))
        return said

    def issue(self, actor: Any) -> CreditNote:
        """The note.

        Raises:
            CommerceError: it cannot be issued so.
        """
        said, currency = self.cleaned_data, self.order.currency
        if said["amount"]:
            return refunds.credit_amount(self.order.pk, Money(said["amount"], currency), actor, said["reason"])
        delivery = Money(said["delivery"], currency) if said["delivery"] else None
        return refunds.credit_copies(self.order.pk, map(int, said["lines"]), actor, said["reason"], delivery=delivery)


@require_admin_access
def credit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask what is credited, and issue the note."""
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    order = get_object_or_404(Order.objects.filter(invoice__isnull=False), pk=pk)
    form = CreditForm(order, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            note = form.issue(request.user)
        except CommerceError as refusal:
            form.add_error(None, refusal.public)
        else:
            messages.success(request, _("Credit note %(number)s was issued.") % {"number": note.number})
            return redirect("orders:inspect", pk)
    context = {
        "form": form,
        "order": order,
        "action_url": reverse("orders:credit", args=[pk]),
        "back_url": reverse("orders:inspect", args=[pk]),
        "header_title": _("Credit note"),
        "breadcrumbs_items": [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("orders:index"), "label": _("Orders")},
            {"url": reverse("orders:inspect", args=[pk]), "label": order.number},
            {"url": "", "label": _("Credit note")},
        ],
    }
    return render(request, "commerce/office/credit.html", context, status=422 if form.is_bound else 200)
