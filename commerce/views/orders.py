"""Orders as customers see them: by the secret link of the confirmation, or in their account."""

from __future__ import annotations

from typing import TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from commerce import promises, withdrawal
from commerce.exceptions import CommerceError
from commerce.invoice_pages import document_file, document_page, issued_for
from commerce.models import GiftCard, Order, SellerSettings
from commerce.models.order import grouped_lines
from commerce.services import payments, preorders, refunds

ORDERS_PER_PAGE = 20

Response = TypeVar("Response", bound=HttpResponseBase)


@require_safe
def done(request: HttpRequest, token: str) -> HttpResponseBase:
    """Thank you: what was ordered and what happens now."""
    order = order_by_link(request, token)
    return private(render(request, "commerce/order_done.html", _context(order)))


@require_safe
def invoice(request: HttpRequest, token: str, number: str = "") -> HttpResponseBase:
    """The invoice of an order, or its credit note with that number, as a page."""
    issued = issued_for(order_by_link(request, token), number)
    return private(
        document_page(
            request,
            issued,
            _document_url("pdf", token, number),
            lambda note: _document_url("", token, note.number),
        )
    )


@require_safe
def invoice_pdf(request: HttpRequest, token: str, number: str = "") -> HttpResponseBase:
    """The invoice of an order, or its credit note with that number, as a file."""
    issued = issued_for(order_by_link(request, token), number)
    return private(document_file(request, issued, _document_url("", token, number)))


@require_http_methods(["GET", "HEAD", "POST"])
def cancel_pre_orders(request: HttpRequest, key: str) -> HttpResponseBase:
    """Cancel what was ordered before publication, by a secret link: one click on the order's page, or from a mail."""
    order = get_object_or_404(Order.objects.by_cancel_key(key))
    if request.method == "POST":
        user = request.user if request.user.is_authenticated else None
        try:
            refunds.cancel_pre_orders(order.pk, user, _("by the customer"))
            messages.success(request, _("Your pre-order is cancelled."))
        except CommerceError as refusal:
            messages.warning(request, refusal.public)
        return redirect("commerce:cancel_pre_orders", key=key)
    return private(render(request, "commerce/cancel_pre_orders.html", {"order": order, "key": key}))


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The customer's orders, newest first."""
    own = Order.objects.visible_to(request.user).prefetch_related("lines")
    page = Paginator(own, ORDERS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "commerce/orders.html", {"orders": page})


@login_required
@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponseBase:
    """One order of the customer."""
    order = get_object_or_404(Order.objects.visible_to(request.user).select_related("invoice_address"), number=number)
    return private(render(request, "commerce/order.html", _context(order)))


def _document_url(form: str, token: str, number: str) -> str:
    """Where a document is: the page, or with the form "pdf" the file."""
    name = f"commerce:{'credit_note' if number else 'invoice'}"
    return reverse(f"{name}_{form}" if form else name, args=[token, number] if number else [token])


def order_by_link(request: HttpRequest, token: str) -> Order:
    """The order of a secret link, for whom it opens."""
    open_orders = Order.objects.by_link(token, request.user, timezone.now())
    return get_object_or_404(open_orders.select_related("invoice_address"))


def _context(order: Order) -> dict[str, object]:
    return {
        "order": order,
        "lines": grouped_lines(order.lines.to_show()),
        "parts": promises.parts_of_order(order),
        "gift_cards": GiftCard.objects.filter(order_line__order=order),
        "seller": SellerSettings.load(),
        "due": payments.due(order),
        "key": order.cancel_key,
        "can_withdraw": bool(withdrawal.withdrawable(order, timezone.now())),
        "can_return": bool(withdrawal.returnable(order)),
        "money_back": preorders.money_back(order),
    }


def private(response: Response) -> Response:
    """The address is a secret: it is not told to other sites, nor kept by search engines."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
