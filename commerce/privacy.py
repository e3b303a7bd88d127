"""What the shop's selling knows of a customer: baskets go; orders and invoices stay as long as the law wants them."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import privacy
from accounts.addresses import FIELDS
from accounts.models import User
from accounts.privacy import Fact, Part, Record, record
from commerce.models import Basket, BasketGiftCard, GiftCard, Order
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
    ] + [
        record(card, "recipient_name", "recipient_email", "message", "send_on")
        | {"gift_card": Fact(_("Gift card"), str(card.total))}
        for card in BasketGiftCard.objects.filter(basket__in=Basket.objects.open().of_user(user.pk))
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


def gift_cards(user: User) -> list[Record]:
    """Cards that the customer bought, and cards that were sent to an address of theirs; never a code."""
    return [
        record(card, "recipient_name", "recipient_email", "message", "send_on", "status", "issued_at", "sent_at")
        | {
            "card": Fact(_("Card"), str(card)),
            "holds": Fact(_("Holds"), str(card.balance)),
            "order": Fact(
                _("Bought with"), card.order_line.order.number if _is_bought_by(card, user) and card.order_line else ""
            ),
        }
        for card in _gift_cards(user).select_related("order_line__order")
    ]


def erase_gift_cards(user: User) -> None:
    """The money stays with whoever has the code; whom it was for and what was written to them goes."""
    _gift_cards(user).update(recipient_name="", recipient_email="", message="")


def _gift_cards(user: User) -> QuerySet[GiftCard]:
    addresses = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    sent = Q()
    for address in addresses:
        sent |= Q(recipient_email__iexact=address)
    bought = Q(order_line__order__user=user)
    return GiftCard.objects.filter(pk__in=GiftCard.objects.filter(sent | bought if sent else bought).values("pk"))


def _is_bought_by(card: GiftCard, user: User) -> bool:
    return card.order_line is not None and card.order_line.order.user_id == user.pk


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
                    "commerce.basket",
                    "commerce.basketline",
                    "commerce.basketcode",
                    "commerce.checkoutdraft",
                    "commerce.basketgiftcard",
                }
            ),
            baskets,
            erase_baskets,
        )
    )
    privacy.register(
        Part(
            "orders",
            gettext_lazy("Orders"),
            frozenset(
                {
                    "commerce.order", "commerce.orderline", "commerce.ordertax", "commerce.orderevent",
                    "commerce.orderdiscount", "commerce.redemption", "commerce.invoice",
                }
            ),
            orders,
            kept=gettext_lazy("Orders and invoices, which the law obliges us to keep. They have no account any more."),
        )
    )  # fmt: skip
    privacy.register(
        Part(
            "gift_cards",
            gettext_lazy("Gift cards"),
            frozenset({"commerce.giftcard", "commerce.giftcardentry"}),
            gift_cards,
            erase_gift_cards,
            kept=gettext_lazy("The cards themselves: they are money. They no longer say whom they were for."),
        )
    )
    privacy.refusals.append(open_orders)
    privacy.of_nobody["commerce.sellersettings"] = "the shop's own address"
    privacy.of_nobody["catalog.pricechange"] = privacy.STAFF_WORK
