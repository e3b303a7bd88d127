"""What the shop's selling knows of a customer: baskets go; orders and invoices stay as long as the law wants them."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import privacy
from accounts.addresses import FIELDS
from accounts.models import User
from accounts.privacy import Fact, Part, Record, record
from commerce.models import Basket, Order
from commerce.models.order import OrderStatus

OPEN = (OrderStatus.PLACED, OrderStatus.PROCESSING)


def baskets(user: User) -> list[Record]:
    """What lies in the basket."""
    return [
        {
            "book": Fact(_("Book"), line.edition.product.title),
            "quantity": Fact(_("Quantity"), line.quantity),
            "added_at": Fact(_("Added"), line.added_at),
        }
        for basket in Basket.objects.open().of_user(user.pk)
        for line in basket.lines.select_related("edition__product")
    ]


def orders(user: User) -> list[Record]:
    """Every order with its address, its books and its invoice."""
    found = []
    for order in Order.objects.visible_to(user).select_related("invoice").prefetch_related("lines"):
        invoice = getattr(order, "invoice", None)
        found.append(
            record(order, "number", "placed_at", "status", "payment_status", "email", *FIELDS, "delivery_name")
            | {
                "total": Fact(_("Total"), str(order.total)),
                "books": Fact(_("Books"), "; ".join(line.title for line in order.lines.all())),
                "invoice": Fact(_("Invoice"), invoice.number if invoice else ""),
            }
        )
    return found


def erase_baskets(user: User) -> None:
    """Open baskets go; those that became orders lose their owner with the account, and the key of the browser here."""
    Basket.objects.open().of_user(user.pk).delete()
    Basket.objects.of_user(user.pk).update(token="")


def open_orders(user: User) -> str:
    """An order on its way needs somebody it is for."""
    numbers = list(Order.objects.visible_to(user).filter(status__in=OPEN).values_list("number", flat=True))
    return _("These orders are still open: %(orders)s.") % {"orders": ", ".join(numbers)} if numbers else ""


def register() -> None:
    """Called when the shop starts."""
    privacy.register(
        Part(
            "basket",
            gettext_lazy("Basket"),
            frozenset(
                {
                    "commerce.basket", "commerce.basketline", "commerce.basketcode", "commerce.checkoutdraft",
                    "commerce.stockhold",
                }
            ),
            baskets,
            erase_baskets,
        )
    )  # fmt: skip
    privacy.register(
        Part(
            "orders",
            gettext_lazy("Orders"),
            frozenset(
                {
                    "commerce.order", "commerce.orderline", "commerce.ordertax", "commerce.orderevent",
                    "commerce.orderdiscount", "commerce.redemption", "commerce.invoice", "commerce.pricefall",
                }
            ),
            orders,
            kept=gettext_lazy("Orders and invoices, which the law obliges us to keep. They have no account any more."),
        )
    )  # fmt: skip
    privacy.refusals.append(open_orders)
    privacy.of_nobody["commerce.sellersettings"] = "the shop's own address"
    privacy.of_nobody["catalog.pricechange"] = privacy.STAFF_WORK
    privacy.of_nobody["catalog.stockmovement"] = privacy.STAFF_WORK
