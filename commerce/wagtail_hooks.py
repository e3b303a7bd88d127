"""What the shop adds to the Wagtail admin."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component
from wagtail.admin.viewsets.base import ViewSet
from wagtail.permissions import register_permission_policy
from wagtail.snippets.models import register_snippet

from commerce.models import BankLine, GiftCard, Order, ProviderEvent, Refund, Return
from commerce.office.accounting import ACCOUNTING_URLS, MissingFacts, menu_item
from commerce.office.acting import LookedAtPolicy
from commerce.office.bank import BankLineViewSet
from commerce.office.orders import OrderViewSet
from commerce.office.payments import CHANGE, MoneyPanel, ProviderEventViewSet, RefundViewSet
from commerce.office.promotions import CODE_URLS, OffersGroup
from commerce.office.rates import RatesGroup
from commerce.office.returns import ReturnViewSet

for model in (Order, Return, Refund, BankLine, ProviderEvent, GiftCard):
    register_permission_policy(model, LookedAtPolicy(model))
register_snippet(OffersGroup)


@hooks.register("register_admin_viewset")
def register_viewsets() -> list[ViewSet]:
    """Orders, their money, returns, delivery and tax."""
    return [
        OrderViewSet(), ReturnViewSet(), RefundViewSet(), BankLineViewSet(), ProviderEventViewSet(), RatesGroup(),
    ]  # fmt: skip


@hooks.register("construct_homepage_panels")
def money_to_look_at(request: HttpRequest, panels: list[Component]) -> None:
    """Money that a colleague should look at, for those who work on orders."""
    if request.user.has_perm(CHANGE):
        panels.append(MoneyPanel(request))


@hooks.register("register_admin_urls")
def register_urls() -> list[URLPattern]:
    """The codes of vouchers; accounting."""
    return [*CODE_URLS, *ACCOUNTING_URLS]


@hooks.register("register_admin_menu_item")
def register_accounting() -> MenuItem:
    """The months for the accountant."""
    return menu_item()


@hooks.register("construct_homepage_panels")
def warn_of_missing_facts(request: HttpRequest, panels: list[Component]) -> None:
    """What invoices lack, told to those who can enter it."""
    if request.user.has_perm("commerce.change_sellersettings"):
        panels.append(MissingFacts())


@hooks.register("register_permissions")
def register_permissions() -> QuerySet[Permission]:
    """The permissions that groups can be given beside Wagtail's own."""
    return Permission.objects.filter(
        content_type__app_label="commerce",
        codename__in=(
            "view_order", "change_order", "dispatch_order", "export_order", "export_invoice", "add_creditnote",
            "refund_order", "view_return", "change_return", "view_giftcard", "change_giftcard", "issue_giftcard",
        ),
    )  # fmt: skip
