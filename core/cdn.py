"""A CDN in front: what it may keep without asking, and how it is told to forget it. ADR 0008.

A CDN is purged by address. So it may keep an answer only where the address was noted down together with what the
answer was built from; addresses with parameters, of which there is no end, and lists, which change with each sale,
are not noted: for those it asks each time, as browsers do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django_tasks import task
from wagtail.contrib.frontend_cache.tasks import purge_urls_from_cache_task

from core.models import KeptAddress
from core.tasks import enqueue

SECONDS = 5 * 60
"""How long a CDN keeps an answer at most: the net below, should it not hear that something changed."""
NOTED_FOR = dt.timedelta(hours=2)
"""How long an address is remembered: longer than an answer may be given out anywhere."""
_AT_ONCE = 500


def is_used() -> bool:
    """True where a CDN is configured."""
    return bool(settings.WAGTAILFRONTENDCACHE)


def may_keep(address: str) -> bool:
    """True for an address that can be noted."""
    return len(address) <= KeptAddress.LONGEST


def note(address: str, names: Collection[str]) -> None:
    """Remember what the answer at an address was built from, before a CDN is allowed to keep it."""
    KeptAddress.objects.bulk_create(
        [KeptAddress(address=address, names=f" {' '.join(sorted(names))} ", noted_at=timezone.now())],
        update_conflicts=True,
        unique_fields=["address"],
        update_fields=["names", "noted_at"],
    )


def forget(names: Collection[str]) -> None:
    """Have the CDN forget every answer that was built from one of these, outside the request."""
    built_from_them = reduce(or_, (Q(names__contains=f" {name} ") for name in names))
    if KeptAddress.objects.filter(built_from_them, is_stale=False).update(is_stale=True):
        enqueue(purge_stale)


@task(queue_name="slow")
def purge_stale() -> int:
    """Purge what is stale from the CDN, through Wagtail's frontend cache, and return how many addresses there were.

    A change during the purge marks its addresses again. One that the CDN did not hear of is over in `SECONDS`.
    """
    KeptAddress.objects.filter(noted_at__lt=timezone.now() - NOTED_FOR).delete()
    total = 0
    while stale := dict(KeptAddress.objects.filter(is_stale=True).values_list("pk", "address")[:_AT_ONCE]):
        KeptAddress.objects.filter(pk__in=stale).update(is_stale=False)
        purge_urls_from_cache_task.call(list(stale.values()))
        total += len(stale)
    return total
