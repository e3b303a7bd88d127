"""Paying an order: the choice, the way to the provider's page, and the way back, which proves nothing by itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commerce.exceptions import CommerceError
from commerce.forms import PayForm
from commerce.gateways import wire
from commerce.gateways.protocol import BadNotification, GatewayError
from commerce.models import Order
from commerce.models.order import ONLINE
from commerce.models.payment import OPEN_STATES
from commerce.services import notifications, payments
from commerce.views.orders import order_by_link, private
from commerce.views.ways_to_pay import ways

MOST_LOOKS = 12
"""How often the page that waits asks by itself; then there is a button."""


@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """An order that is not paid: how it is to be paid, and the button."""
    order = order_by_link(request, token)
    if not payments.due(order):
        return redirect(order)
    methods = payments.ways_to_pay(order)
    form = PayForm(request.POST or None, methods=methods)
    if request.method == "POST" and form.is_valid():
        try:
            chosen = form.cleaned_data["payment"]
            order = payments.choose(order.pk, chosen)
        except CommerceError as refusal:
            messages.warning(request, refusal.public)
            return redirect(order)
        return lead_to_payment(request, order, chosen)
    context = {
        "order": order,
        "due": payments.due(order),
        "ways": ways(methods, is_collected=order.is_collected, chosen=order.payment_method),
    }
    return private(render(request, "commerce/pay.html", context, status=422 if form.is_bound else 200))


def lead_to_payment(request: HttpRequest, order: Order, method: str) -> HttpResponse:
    """On to the provider's page where the chosen way of paying has one; else to the order."""
    if method not in ONLINE or not payments.due(order):
        return redirect(order)
    try:
        payments.begin(order.pk, method)
    except CommerceError as refusal:
        messages.warning(request, refusal.public)
        return redirect("commerce:pay", order.token)
    return redirect("commerce:pay_leave", order.token, method)


@require_safe
def leave(request: HttpRequest, token: str, method: str) -> HttpResponse:
    """A page that goes on to the provider by itself: the content policy lets no form lead to another host."""
    order = order_by_link(request, token)
    attempt = order.payments.filter(method=method, state__in=OPEN_STATES).exclude(url="").last()
    if attempt is None:
        return redirect("commerce:pay", token)
    return private(render(request, "commerce/pay_leave.html", {"order": order, "url": attempt.url}))


@require_safe
def come_back(request: HttpRequest, token: str) -> HttpResponse:
    """Back from the provider: it is asked. While it does not know yet, the page asks again by itself."""
    order = order_by_link(request, token)
    with wire.patience():
        for attempt in order.payments.filter(state__in=OPEN_STATES).exclude(reference=""):
            try:
                payments.look(attempt.pk)
            except (GatewayError, LookupError):
                continue  # the notification or the clock will tell
    order.refresh_from_db()
    if not payments.due(order):
        return redirect(order)
    if not order.payments.filter(state__in=OPEN_STATES).exists():
        messages.warning(request, _("The payment did not go through. You have not been charged."))
        return redirect("commerce:pay", token)
    looks = min(int(text), MOST_LOOKS) if (text := request.GET.get("looks", "0")[:3]).isdecimal() else 0
    context = {
        "order": order,
        "next_url": f"{reverse('commerce:pay_return', args=[token])}?looks={looks + 1}",
        "seconds": 3 + 2 * looks if looks < MOST_LOOKS else 0,
    }
    return private(render(request, "commerce/pay_pending.html", context))


@csrf_exempt  # Providers have no browser: who they are, the signature says.
@require_POST
def webhook(request: HttpRequest, method: str) -> HttpResponse:
    """Take in a notification: stored once, acted on by a task. 4xx where it is not the provider's."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > notifications.MOST_BYTES:
        return HttpResponse(status=413)
    body = request.read(notifications.MOST_BYTES + 1)
    if len(body) > notifications.MOST_BYTES:
        return HttpResponse(status=413)
    try:
        notifications.take(method, request.headers, body)
    except BadNotification:
        return HttpResponse(status=400)
    except LookupError:
        return HttpResponse(status=404)
    return HttpResponse(status=200)
