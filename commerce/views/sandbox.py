"""The page of the sandbox: what a provider would show, on the shop's own address. There is none where it is off."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from commerce.gateways import sandbox
from commerce.gateways.protocol import Outcome
from commerce.models import SandboxPayment
from commerce.models.order import PaymentMethod
from commerce.services import notifications
from commerce.views.orders import private

OUTCOMES = {"pay": Outcome.SUCCEEDED, "fail": Outcome.FAILED, "cancel": Outcome.CANCELLED}


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, reference: str) -> HttpResponse:
    """The shopper chooses what becomes of the payment; the shop is notified, and the shopper goes back there."""
    if not settings.PAYMENT_SANDBOX:
        raise Http404
    payment = get_object_or_404(SandboxPayment, reference=reference)
    outcome = OUTCOMES.get(request.POST.get("outcome", ""))
    if outcome is None:
        return private(render(request, "commerce/sandbox.html", {"payment": payment}))
    for headers, body in sandbox.finish(reference, outcome):
        notifications.take(PaymentMethod.SANDBOX, headers, body)
    return redirect(payment.cancel_url if outcome == Outcome.CANCELLED else payment.return_url)
