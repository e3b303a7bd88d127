"""What the shop adds to the Wagtail admin."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from wagtail import hooks
from wagtail.admin.ui.components import Component
from wagtail.admin.viewsets.base import ViewSet
from wagtail.permissions import register_permission_policy
from wagtail.snippets.models import register_snippet

from commerce.models import BankLine, Order, ProviderEvent, Refund
from commerce.office.bank import BankLineViewSet
from commerce.office.orders import OrderPolicy, OrderViewSet
from commerce.office.payments import CHANGE, MoneyPanel, ProviderEventViewSet, RefundViewSet
from commerce.office.promotions import CODE_URLS, OffersGroup
from commerce.office.rates import RatesGroup

for model in (Order, Refund, BankLine, ProviderEvent):
    register_permission_policy(model, OrderPolicy(model))
register_snippet(OffersGroup)


@hooks.register("register_admin_viewset")
def register_viewsets() -> list[ViewSet]:
    """Orders and their money, delivery and tax."""
    return [OrderViewSet(), RefundViewSet(), BankLineViewSet(), ProviderEventViewSet(), RatesGroup()]


@hooks.register("construct_homepage_panels")
def money_to_look_at(request: HttpRequest, panels: list[Component]) -> None:
    """Money that a colleague should look at, for those who work on orders."""
    if request.user.has_perm(CHANGE):
        panels.append(MoneyPanel(request))


@hooks.register("register_admin_urls")
def register_urls() -> list[URLPattern]:
    """The codes of vouchers."""
    return CODE_URLS


@hooks.register("register_permissions")
def register_permissions() -> QuerySet[Permission]:
    """The permissions that groups can be given beside Wagtail's own."""
    return Permission.objects.filter(
        content_type__app_label="commerce",
        codename__in=("view_order", "change_order", "dispatch_order", "export_order", "refund_order"),
    )
