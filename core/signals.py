"""The remembered site is dropped whenever a site or a page changes."""

from __future__ import annotations

import time

from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from wagtail.models import PageViewRestriction, Site
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move

from core import page_cache
from core.middleware import SITE_GENERATION
from core.models import SearchEngineSettings


def forget_site(instance: object = None, **_kwargs: object) -> None:
    """Start a new generation of remembered sites, now and once more when the change is committed.

    The second time is for a request that read the old rows in between.
    """
    if not getattr(instance, "shows_everywhere", True):
        return
    page_cache.purge(page_cache.SITE)
    _begin_generation()
    transaction.on_commit(_begin_generation)


def _begin_generation() -> None:
    cache.set(SITE_GENERATION, time.time_ns(), None)


def connect() -> None:
    """Called once, when the app is ready."""
    for signal in (page_published, page_unpublished, page_slug_changed, post_page_move):
        signal.connect(forget_site, dispatch_uid="core.forget_site")
    for signal in (post_save, post_delete):
        signal.connect(forget_site, sender=PageViewRestriction, dispatch_uid="core.forget_site")
        signal.connect(forget_site, sender=Site, dispatch_uid="core.forget_site")
        signal.connect(forget_site, sender=SearchEngineSettings, dispatch_uid="core.forget_site")
