"""What the product page shows."""

from __future__ import annotations

from django.http import HttpRequest


def product_context(page: object, request: HttpRequest) -> dict[str, object]:
    """The book, its editions with price and availability, and its neighbours."""
    return {}
