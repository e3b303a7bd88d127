"""Redirects: which of them an address that is in use makes untrue."""

from __future__ import annotations

from django.utils.encoding import uri_to_iri
from wagtail.contrib.redirects.models import Redirect


def stop_leading_away(path: str) -> None:
    """Something stands at this path (again): drop what led from it elsewhere, however its letters are written."""
    spellings = {path, uri_to_iri(path)}
    Redirect.objects.filter(old_path__in={Redirect.normalise_path(spelling) for spelling in spellings}).delete()
