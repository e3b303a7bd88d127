"""What the shop adds to the Wagtail admin."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.urls import URLPattern
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSet
from wagtail.permissions import register_permission_policy
from wagtail.snippets.models import register_snippet

from commerce.models import GiftCard, Order
from commerce.office.orders import OrderPolicy, OrderViewSet
from commerce.office.promotions import CODE_URLS, OffersGroup
from commerce.office.rates import RatesGroup

register_permission_policy(Order, OrderPolicy(Order))
register_permission_policy(GiftCard, OrderPolicy(GiftCard))
register_snippet(OffersGroup)


@hooks.register("register_admin_viewset")
def register_viewsets() -> list[ViewSet]:
    """Orders, delivery and tax."""
    return [OrderViewSet(), RatesGroup()]


@hooks.register("register_admin_urls")
def register_urls() -> list[URLPattern]:
    """The codes of vouchers."""
    return CODE_URLS


@hooks.register("register_permissions")
def register_permissions() -> QuerySet[Permission]:
    """The permissions that groups can be given beside Wagtail's own."""
    return Permission.objects.filter(
        content_type__app_label="commerce",
        codename__in=(
            "view_order", "change_order", "dispatch_order", "export_order",
            "view_giftcard", "change_giftcard", "issue_giftcard",
        ),
    )  # fmt: skip
