"""What customers do when they do not keep a book: cancel, withdraw, ask to give it back. No account is needed.

Every page opens by a signed key that the pages and mails of the order have, or that who knows number and e-mail
address is given. The key proves who may; each step is done by a button only.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from commerce import withdrawal
from commerce.exceptions import CommerceError
from commerce.forms import AskReturnForm, FindOrderForm, GiveBackForm
from commerce.models import Order
from commerce.models.returns import ReturnKind
from commerce.services import refunds, returns
from commerce.views.orders import private
from core.throttle import is_too_often, sender_of

MOST_LOOKUPS = 20
LOOKUP_SECONDS = 600


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """“Withdraw from contract here”, for who has no link at hand: number and e-mail address lead to the order."""
    form = FindOrderForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if is_too_often("orders", sender_of(request), limit=MOST_LOOKUPS, seconds=LOOKUP_SECONDS):
            form.add_error(None, _("That was tried too often. Please wait ten minutes."))
            status = 429
        elif form.is_valid():
            order = Order.objects.known_by(form.cleaned_data["number"], form.cleaned_data["email"]).first()
            if order:
                return redirect("commerce:withdraw", key=order.cancel_key)
            form.add_error(None, _("We know no order with this number and this address. Please check both."))
    return private(render(request, "commerce/find_order.html", {"form": form}, status=status))


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, key: str) -> HttpResponse:
    """Withdraw from a purchase in two steps: choose, then confirm. What was declared stays to be read here."""
    order = get_object_or_404(Order.objects.by_cancel_key(key))
    lines = withdrawal.withdrawable(order, timezone.now())
    form = GiveBackForm(request.POST or None, lines=lines, initial=_who(order, lines))
    context: dict[str, Any] = {"form": form, "ends_on": withdrawal.last_day(order), "can_declare": bool(lines)}
    if request.method != "POST":
        return _page(request, order, key, "withdraw", context)
    if not form.is_valid():
        return _page(request, order, key, "withdraw", context, status=422)
    if "confirmed" not in request.POST:
        chosen = [line for line in lines if line.pk in form.line_ids]
        return _page(request, order, key, "withdraw_confirm", {**context, "chosen": chosen})
    try:
        returns.withdraw(
            order.pk,
            form.line_ids,
            name=form.cleaned_data["name"],
            email=form.cleaned_data["email"],
            actor=_customer(request),
        )
        messages.success(request, _("You have withdrawn. We are sending you the receipt by e-mail."))
    except CommerceError as refusal:
        messages.warning(request, refusal.public)
    return redirect("commerce:withdraw", key=key)


@require_http_methods(["GET", "HEAD", "POST"])
def ask_return(request: HttpRequest, key: str) -> HttpResponse:
    """Ask to give books back, with a reason."""
    order = get_object_or_404(Order.objects.by_cancel_key(key))
    lines = withdrawal.returnable(order)
    form = AskReturnForm(request.POST or None, lines=lines, initial={**_who(order, lines), "lines": []})
    context = {"form": form, "can_declare": bool(lines)}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            returns.announce(
                order.pk,
                form.line_ids,
                name=data["name"],
                email=data["email"],
                reason=data["reason"],
                actor=_customer(request),
            )
            messages.success(request, _("Thank you. We look at it and write to you."))
        except CommerceError as refusal:
            messages.warning(request, refusal.public)
        return redirect("commerce:return", key=key)
    return _page(request, order, key, "return", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, key: str) -> HttpResponse:
    """Cancel an order of which nothing has left."""
    order = get_object_or_404(Order.objects.by_cancel_key(key))
    if request.method == "POST":
        try:
            if not order.may_be_cancelled:
                raise CommerceError(_("Something has left the shop already. Please withdraw from it instead."))
            refunds.cancel(order.pk, _customer(request), _("by the customer"))
            messages.success(request, _("Your order is cancelled."))
        except CommerceError as refusal:
            messages.warning(request, refusal.public)
        return redirect("commerce:cancel_order", key=key)
    return _page(request, order, key, "cancel_order", {})


def _page(
    request: HttpRequest, order: Order, key: str, name: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    declared = order.returns.prefetch_related("lines__line")
    context |= {"order": order, "key": key, "returns": declared, "withdrawal": ReturnKind.WITHDRAWAL}
    return private(render(request, f"commerce/{name}.html", context, status=status))


def _who(order: Order, lines: list[Any]) -> dict[str, Any]:
    return {"name": order.full_name, "email": order.email, "lines": [str(line.pk) for line in lines]}


def _customer(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None
