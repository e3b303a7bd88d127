"""What every template is given about the site. Nothing personal."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Name and currency of the shop."""
    return {"site_name": settings.WAGTAIL_SITE_NAME, "currency": settings.SHOP_CURRENCY}
