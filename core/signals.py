"""What is remembered of the site is dropped whenever a site or a page changes, and stored pages with their pictures."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed
from django.conf import settings
from django.db.models.signals import post_delete, post_migrate, post_save
from wagtail.models import Page, PageViewRestriction, Site
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move

from core import generations, page_cache, redirects
from core.mail.kinds import editable
from core.models import SearchEngineSettings, ShopImage


def forget_site(instance: object = None, **_kwargs: object) -> None:
    """Read sites, menus and settings anew from the next request on, in every process."""
    if not getattr(instance, "shows_everywhere", True):
        return
    generations.begin(generations.SITE)
    page_cache.purge(page_cache.SITE)


def stands_here(instance: Page, **_kwargs: object) -> None:
    """A page has this address from now on: what led away from it, for a page was here before, does no more."""
    address = instance.specific.get_url_parts()
    if address and address[2]:
        redirects.stop_leading_away(address[2])


def picture_changed(created: bool = False, **_kwargs: object) -> None:
    """A picture has another description or file, or is gone: it may stand on any page. A new one stands on none."""
    if not created:
        page_cache.purge(page_cache.SITE)


def list_mail_texts(apps: Any, **_kwargs: object) -> None:
    """A row for the words of each kind of mail in each language, so that staff find them all in one list."""
    try:
        model = apps.get_model("core", "MailText")
    except LookupError:  # migrated to before there was one
        return
    known = set(model.objects.values_list("kind", "language"))
    wanted = {(kind.name, language) for kind in editable() for language, _label in settings.LANGUAGES}
    model.objects.bulk_create(
        (model(kind=kind, language=language) for kind, language in sorted(wanted - known)), ignore_conflicts=True
    )


def connect() -> None:
    """Called once, when the app is ready."""
    post_migrate.connect(list_mail_texts, sender=installed.get_app_config("core"), dispatch_uid="core.list_mail_texts")
    for signal in (page_published, page_unpublished, page_slug_changed, post_page_move):
        signal.connect(forget_site, dispatch_uid="core.forget_site")
    for signal in (page_slug_changed, post_page_move):
        signal.connect(stands_here, dispatch_uid="core.stands_here")
    for signal in (post_save, post_delete):
        signal.connect(forget_site, sender=PageViewRestriction, dispatch_uid="core.forget_site")
        signal.connect(forget_site, sender=Site, dispatch_uid="core.forget_site")
        signal.connect(forget_site, sender=SearchEngineSettings, dispatch_uid="core.forget_site")
        signal.connect(picture_changed, sender=ShopImage, dispatch_uid="core.picture_changed")
