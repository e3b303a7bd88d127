"""The content of a modal as a page, for browsers without scripts and for links."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from home.modals.rules import cards_in, draw
from home.modals.targeting import known


@require_safe
def offer(request: HttpRequest, slug: str) -> HttpResponse:
    """What the modal says in its first version, while it is on; 404 before and after."""
    now = timezone.now()
    showing = next((shown for shown in known().showings if shown.slug == slug and shown.is_on(now)), None)
    if showing is None:
        raise Http404
    version = showing.versions[0]
    html = draw(version, cards_in(request, [version.parts]))
    return render(request, "home/modals/offer.html", {"version": version, "html": html, "link": showing.link})
