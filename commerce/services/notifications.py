"""What providers tell by themselves: verified, stored once, then a reason to ask them how things stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from commerce.gateways import gateway_for
from commerce.gateways.protocol import BadNotification
from commerce.models import Payment, ProviderEvent
from commerce.models.payment import RefundState
from commerce.services import payments, refunding
from core.tasks import BEFORE_UPKEEP, enqueue

MOST_BYTES = 256 * 1024
"""No notification of a payment is larger."""


def take(method: str, headers: Mapping[str, str], body: bytes) -> None:
    """Take a notification in: asked again, nothing happens. What it is about is done by a task.

    Raises:
        BadNotification: it is forged, altered or stale. Nothing is stored.
        LookupError: there is no such provider here.
    """
    gateway = gateway_for(method)
    try:
        told = gateway.read(headers, body)
        payload = _storable(told.payload)
        event_id, kind, reference = told.event_id[:255], told.kind[:100], told.reference[:255]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:  # hostile JSON, of another shape
        raise BadNotification(str(error)[:200]) from error
    with transaction.atomic():
        event, is_new = ProviderEvent.objects.get_or_create(
            method=method,
            event_id=event_id,
            defaults={"kind": kind, "reference": reference, "payload": payload},
        )
        if is_new:
            enqueue(act_on, event_id=event.pk)


@task(priority=BEFORE_UPKEEP)
def act_on(event_id: int) -> None:
    """Ask the provider about the payment of a notification. Run twice, or in any order, it comes to the same."""
    event = ProviderEvent.objects.get(pk=event_id)
    if event.handled_at:
        return
    if event.reference:
        payment = Payment.objects.filter(method=event.method, reference=event.reference).first()
        if payment is None:
            return  # our own row may still be on its way: the clock comes back to it
        payments.look(payment.pk)
        for refund in payment.refunds.filter(state=RefundState.PENDING):
            refunding.send_refund.func(refund.pk)
    ProviderEvent.objects.filter(pk=event_id).update(handled_at=timezone.now())


def _storable(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A payload as every database can keep it.

    Raises:
        ValueError: numbers that are none, or signs that are no text.
    """
    text = json.dumps(payload, allow_nan=False, ensure_ascii=False)
    text.encode()  # no lone surrogates
    stored = json.loads(text)
    if "\\u0000" in text:  # PostgreSQL keeps no NUL
        raise ValueError("NUL in a text")
    return dict(stored)
