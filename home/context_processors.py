"""What every template is given about the site. Nothing personal."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from wagtail.models import Site

from core import languages
from home.navigation import Surroundings, surroundings


def site(request: HttpRequest) -> dict[str, object]:
    """Name and currency of the shop, the page in its languages; menus and footer, read only where they are shown."""

    def around() -> Surroundings:
        if not hasattr(request, "_shop_surroundings"):
            request._shop_surroundings = surroundings(Site.find_for_request(request))  # type: ignore[attr-defined]
        return request._shop_surroundings  # type: ignore[attr-defined,no-any-return]

    return {
        "site_name": settings.WAGTAIL_SITE_NAME,
        "currency": settings.SHOP_CURRENCY,
        "translations": languages.translations(request.get_full_path()),
        "menus": SimpleLazyObject(lambda: around()["menus"]),
        "footer": SimpleLazyObject(lambda: around()["footer"]),
    }
