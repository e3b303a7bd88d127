"""Pictures served by the shop itself, where no object storage or web server does it."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.static import serve


def serve_rendition(request: HttpRequest, path: str) -> HttpResponseBase:
    """A rendition. Originals and documents are not served from here: renditions are what pages show.

    Names of renditions hold their recipe, so a browser may keep them for a year.
    """
    if not path.startswith("images/"):
        raise Http404
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
