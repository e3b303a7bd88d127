"""Back in stock: readers ask to be told, confirm, are told once, and are forgotten."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.emails import normalised
from catalog.choices import DIGITAL_FORMATS, ORDERABLE_WITHOUT_STOCK
from catalog.models import Edition
from catalog.offers import offer_for
from commerce.exceptions import NotForSale
from commerce.models.waiting import CONFIRM_DAYS, CONFIRM_SALT, WaitingReader
from core.mail.outbox import post

MOST_ASKED_AN_HOUR = 5
"""Mails that ask one address to confirm: nobody's box is filled by strangers."""
TOLD_FOR_EACH_COPY = 3
"""Readers who are told within a day for each free copy: who is told at last finds one."""
WAITING_DAYS = 180
TOLD_DAYS = 30


def can_wait_for(edition: Edition) -> bool:
    """True where it is sold out and may come back."""
    return offer_for(edition).availability.code == "temporarily-out"


def ask(edition_id: int, email: str, *, is_own: bool, language: str) -> WaitingReader:
    """Note that somebody waits. `is_own`: they are signed in with this address; else a mail asks them to confirm.

    Asked again, nothing happens, but for a mail whose link is old or that came of another time.

    Raises:
        NotForSale: there is no such edition, or it is not sold out.
    """
    email, now = normalised(email), timezone.now()
    edition = Edition.objects.with_offer().select_related("product").filter(pk=edition_id, is_active=True).first()
    if edition is None or not edition.product.live or not can_wait_for(edition):
        raise NotForSale
    with transaction.atomic():
        reader, is_new = WaitingReader.objects.select_for_update().get_or_create(
            edition=edition, email=email, defaults={"language": language, "asked_at": now}
        )
        is_old = reader.told_at is not None or reader.asked_at < now - dt.timedelta(days=1)
        if reader.told_at is not None:
            reader.confirmed_at = reader.told_at = None
        if is_own and not reader.confirmed_at:
            reader.confirmed_at = now
        asks = not reader.confirmed_at and (is_new or is_old) and not _is_asked_too_often(email, now)
        if is_old:
            reader.asked_at = now
        reader.save()
        if asks:
            post("back-in-stock-confirm", email, language=language, reader_id=reader.pk)
    return reader


def confirm(key: str) -> WaitingReader | None:
    """The address is theirs, says who has the link; None where the link is old or the reader was forgotten."""
    WaitingReader.objects.by_key(key, CONFIRM_SALT).filter(confirmed_at=None).update(confirmed_at=timezone.now())
    return WaitingReader.objects.by_key(key, CONFIRM_SALT).select_related("edition__product").first()


def tell() -> int:
    """Write to those who wait for what can be bought again, the first who asked first. Returns how many were told."""
    may_be_back = (
        Q(stock__on_hand__gt=F("stock__allocated"))
        | Q(availability__in=ORDERABLE_WITHOUT_STOCK)
        | Q(format__in=DIGITAL_FORMATS)
    )
    waited_for = WaitingReader.objects.to_tell().values("edition")
    editions = Edition.objects.with_offer().select_related("product").for_sale().filter(may_be_back, pk__in=waited_for)
    return sum(_tell_of(edition) for edition in editions if edition.product.live and offer_for(edition).can_buy)


def purge() -> int:
    """Forget those who never confirmed, who were told, and who have waited for half a year."""
    now = timezone.now()
    gone = (
        Q(confirmed_at=None, asked_at__lt=now - dt.timedelta(days=CONFIRM_DAYS))
        | Q(told_at__lt=now - dt.timedelta(days=TOLD_DAYS))
        | Q(asked_at__lt=now - dt.timedelta(days=WAITING_DAYS))
    )
    return WaitingReader.objects.filter(gone).delete()[0]


def _tell_of(edition: Edition) -> int:
    waiting = WaitingReader.objects.to_tell().filter(edition=edition).order_by("asked_at", "pk")
    if not edition.can_order_without_stock:
        since = timezone.now() - dt.timedelta(days=1)
        told = WaitingReader.objects.filter(edition=edition, told_at__gt=since).count()
        waiting = waiting[: max(0, edition.available_copies() * TOLD_FOR_EACH_COPY - told)]
    return sum(_tell_one(reader) for reader in waiting)


def _tell_one(reader: WaitingReader) -> bool:
    """Mark and write, together; by a conditional update, so that two clocks write once."""
    with transaction.atomic():
        if not WaitingReader.objects.to_tell().filter(pk=reader.pk).update(told_at=timezone.now()):
            return False
        post("back-in-stock", reader.email, language=reader.language, reader_id=reader.pk)
    return True


def _is_asked_too_often(email: str, now: dt.datetime) -> bool:
    lately = WaitingReader.objects.filter(email=email, confirmed_at=None, asked_at__gt=now - dt.timedelta(hours=1))
    return lately.count() > MOST_ASKED_AN_HOUR
