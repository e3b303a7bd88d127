"""Orders as customers see them: by the secret link of the confirmation, or in their account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from commerce import promises
from commerce.exceptions import CommerceError
from commerce.invoice_pages import invoice_file, invoice_page
from commerce.models import Order, SellerSettings
from commerce.models.order import grouped_lines
from commerce.services import orders, preorders

ORDERS_PER_PAGE = 20


@require_safe
def done(request: HttpRequest, token: str) -> HttpResponse:
    """Thank you: what was ordered and what happens now."""
    order = _by_link(request, token)
    return _private(render(request, "commerce/order_done.html", _context(order)))


@require_safe
def invoice(request: HttpRequest, token: str) -> HttpResponse:
    """The invoice as a page."""
    order = _by_link(request, token)
    return _private(invoice_page(request, order, reverse("commerce:invoice_pdf", args=[token])))


@require_safe
def invoice_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The invoice as a file."""
    order = _by_link(request, token)
    return _private(invoice_file(request, order, reverse("commerce:invoice", args=[token])))


@require_http_methods(["GET", "HEAD", "POST"])
def cancel_pre_orders(request: HttpRequest, key: str) -> HttpResponse:
    """Cancel what was ordered before publication, by a secret link: one click on the order's page, or from a mail."""
    order = get_object_or_404(Order.objects.by_cancel_key(key))
    if request.method == "POST":
        user = request.user if request.user.is_authenticated else None
        try:
            orders.cancel_pre_orders(order.pk, user, reason=str(_("by the customer")))
            messages.success(request, _("Your pre-order is cancelled."))
        except CommerceError as refusal:
            messages.warning(request, refusal.public)
        return redirect("commerce:cancel_pre_orders", key=key)
    return _private(render(request, "commerce/cancel_pre_orders.html", {"order": order, "key": key}))


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The customer's orders, newest first."""
    own = Order.objects.visible_to(request.user).prefetch_related("lines")
    page = Paginator(own, ORDERS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "commerce/orders.html", {"orders": page})


@login_required
@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """One order of the customer."""
    order = get_object_or_404(Order.objects.visible_to(request.user), number=number)
    return _private(render(request, "commerce/order.html", _context(order)))


def _by_link(request: HttpRequest, token: str) -> Order:
    return get_object_or_404(Order.objects.by_link(token, request.user, timezone.now()))


def _context(order: Order) -> dict[str, object]:
    return {
        "order": order,
        "lines": grouped_lines(order.lines.to_show()),
        "parts": promises.parts_of_order(order),
        "seller": SellerSettings.load(),
        "money_back": preorders.money_back(order),
    }


def _private(response: HttpResponse) -> HttpResponse:
    """The address is a secret: it is not told to other sites, nor kept by search engines."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
