"""The counting endpoint: what happened to modals, as totals of a day, and nothing of who it happened to.

Works whatever a visitor consented to, but for orders: those need consent to statistics, and the mark that the page of
a new order carries, which counts once. Machines are left out: they do not come from our own pages, say what they are,
or ask too often.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import time
from collections.abc import Collection
from typing import NamedTuple

from django.core import signing
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from wagtail.models import Page

from core.throttle import is_too_often, sender_of
from home.consent.choice import granted_categories
from home.consent.purposes import Purpose
from home.models.modals import FIRST_VARIANT, HOLD_OUT, ModalCount, ModalVariant, PageModal

LARGEST = 4096
"""Bytes of a batch."""
MOST = 40
"""Events of a batch."""
BATCHES_A_MINUTE = 30
"""From one household."""
MARK_SECONDS = 24 * 60 * 60
"""So long after an order was placed it may be counted."""
_SALT = "home.modals.order"

_MACHINES = re.compile(
    r"bot|crawl|spider|slurp|archiver|preview|headless|lighthouse|pagespeed|monitor|scan|fetch|facebookexternal"
    r"|curl|wget|python|java/|go-http|okhttp|libwww|httpclient|axios|node",
    re.IGNORECASE,
)


class Happening(NamedTuple):
    """Something that happened once. Sorted, so that two batches lock rows in the same order."""

    modal_id: int
    event: str
    variant: str
    page_number: int


@never_cache
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """Take a batch: {"p": page, "e": [[modal, version, event], …]}. The answer says nothing of what was counted."""
    if request.headers.get("Sec-Fetch-Site") != "same-origin" or request.content_type != "application/json":
        return HttpResponse(status=403)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return HttpResponse(status=413)
    if is_too_often("modals", sender_of(request), limit=BATCHES_A_MINUTE, seconds=60):
        return HttpResponse(status=429)
    try:
        happenings, mark = read(request.body)
    except ValueError:
        return HttpResponse(status=400)
    if any(_is_order(happening) for happening in happenings) and not _may_count_order(request, mark):
        happenings = {happening for happening in happenings if not _is_order(happening)}
    if happenings and not is_machine(request.headers.get("User-Agent", "")):
        add(happenings)
    return HttpResponse(status=204)


def mark_of(token: str, placed_at: dt.datetime) -> str:
    """What the page of an order carries, so that its browser may say that a modal led to it."""
    return signing.dumps([token, int(placed_at.timestamp())], salt=_SALT)


def _may_count_order(request: HttpRequest, mark: object) -> bool:
    """With consent, for an order placed just now, once. Where the cache is away, none is counted."""
    if Purpose.STATISTICS not in granted_categories(request) or is_machine(request.headers.get("User-Agent", "")):
        return False
    try:
        token, placed_at = signing.loads(str(mark), salt=_SALT)
    except signing.BadSignature:
        return False
    is_new = time.time() - placed_at < MARK_SECONDS
    name = hashlib.sha256(token.encode()).hexdigest()[:32]
    return is_new and bool(cache.add(f"modals.order.{name}", 1, MARK_SECONDS))


def _is_order(happening: Happening) -> bool:
    return happening.event == ModalCount.Event.ORDERED


def is_machine(user_agent: str) -> bool:
    """True where the sender says so, or says nothing."""
    return not user_agent or bool(_MACHINES.search(user_agent))


def read(body: bytes) -> tuple[set[Happening], object]:
    """What a batch says, and its mark of an order if it has one; the same thing twice is one.

    Raises:
        ValueError: it is no such batch.
    """
    try:
        batch = json.loads(body)
        page, events = batch["p"], batch["e"]
        if len(events) > MOST:
            raise ValueError("too many events")
        return {_happening(page, *event) for event in events}, batch.get("o")
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError("not a batch of events") from error


def _happening(page: object, modal: object, variant: object, event: object) -> Happening:
    is_number = all(type(number) is int and 0 <= number < 2**31 for number in (page, modal))
    if not is_number or event not in ModalCount.Event.values or not isinstance(variant, str):
        raise ValueError("not an event")
    return Happening(modal, event, variant, page)  # type: ignore[arg-type]


def add(happenings: Collection[Happening]) -> None:
    """Raise the totals of today; what is said of a modal, a version or a page that is not there is passed over."""
    known = _versions({happening.modal_id for happening in happenings})
    pages = {happening.page_number for happening in happenings} - {0}
    pages = {0, *Page.objects.filter(pk__in=pages).values_list("pk", flat=True)} if pages else {0}
    day = timezone.localdate()
    with transaction.atomic():
        for happening in sorted(happenings):
            if (happening.modal_id, happening.variant) in known and happening.page_number in pages:
                _raise({**happening._asdict(), "day": day})


def _versions(modal_ids: set[int]) -> set[tuple[int, str]]:
    there = set(PageModal.objects.filter(pk__in=modal_ids).values_list("pk", flat=True))
    others = ModalVariant.objects.filter(modal__in=there).values_list("modal_id", "code")
    return {(pk, code) for pk in there for code in (FIRST_VARIANT, HOLD_OUT)} | set(others)


def _raise(row: dict[str, object]) -> None:
    if ModalCount.objects.filter(**row).update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            ModalCount.objects.create(**row, count=1)
    except IntegrityError:  # another batch made the row in between
        ModalCount.objects.filter(**row).update(count=F("count") + 1)
