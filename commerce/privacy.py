"""What selling knows of a customer: baskets and lists go, orders lose the person, invoices stay. ADR 0014."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import privacy
from accounts.addresses import FIELDS
from accounts.models import User
from accounts.privacy import Fact, Part, Record, record
from commerce.codes import plain_address
from commerce.models import Basket, BasketGiftCard, CheckoutDraft, GiftCard, Order, Voucher, WaitingReader, WishList
from commerce.models.order import OrderStatus
from commerce.services import erasure
from core.money import Money

OPEN = (OrderStatus.PLACED, OrderStatus.PROCESSING)


def orders_of(user: User) -> QuerySet[Order]:
    """The customer's orders, and those that were placed with an address of theirs without signing in."""
    theirs = Q(user=user)
    for address in _addresses(user):
        theirs |= Q(user=None, email__iexact=address)
    return Order.objects.filter(theirs)


def baskets(user: User) -> list[Record]:
    """What lies in the basket, what was saved for later, and what the checkout was told."""
    found: list[Record] = []
    for basket in Basket.objects.open().of_user(user.pk):
        for line in basket.lines.select_related("edition__product"):
            found.append(_in_basket(line.edition.product.title, line.quantity, line.added_at, is_saved=False))
        for saved in basket.saved_lines.all():
            found.append(_in_basket(saved.title, saved.quantity, saved.added_at, is_saved=True))
        for card in basket.gift_cards.all():
            found.append(
                record(card, "recipient_name", "recipient_email", "message", "send_on")
                | {"gift_card": Fact(_("Gift card"), str(card.total))}
            )
        for draft in CheckoutDraft.objects.filter(basket=basket):
            found.append(record(draft, "email", *FIELDS, "vat_id", "updated_at") | _invoice_address(draft))
    return found


def wish_lists(user: User) -> list[Record]:
    """Every list, with its link and its books."""
    found: list[Record] = []
    for wish_list in WishList.objects.of_user(user.pk).prefetch_related("wishes"):
        found.append(
            record(wish_list, "name", "visibility", "owner_name", "created_at")
            | {"link": Fact(_("Link"), wish_list.link)}
        )
        found += [
            {"list": Fact(_("On the list"), wish_list.name)} | record(wish, "title", "format_label", "note", "added_at")
            for wish in wish_list.wishes.all()
        ]
    return found


def orders(user: User) -> list[Record]:
    """Every order with its address, its books, what was taken off, its papers, its returns and what happened when."""
    found = []
    for order in (
        orders_of(user)
        .select_related("invoice", "invoice_address")
        .prefetch_related(
            "lines",
            "payments__refunds",
            "payments__bank_line",
            "invoice__credit_notes",
            "discounts",
            "redemptions__code",
            "returns__lines__line",
            "events",
        )
    ):
        invoice = getattr(order, "invoice", None)
        notes = invoice.credit_notes.all() if invoice else ()
        found.append(
            record(
                order, "number", "placed_at", "status", "payment_status", "email", *FIELDS, "vat_id", "delivery_name"
            )
            | _invoice_address(order)
            | {
                "total": Fact(_("Total"), str(order.total)),
                "books": Fact(_("Books"), "; ".join(line.title for line in order.lines.all())),
                "invoice": Fact(_("Invoice"), invoice.number if invoice else ""),
                "payments": Fact(_("Payments"), "; ".join(_payments(order))),
                "credit_notes": Fact(_("Credit notes"), "; ".join(note.number for note in notes)),
                "reductions": Fact(_("Reductions"), "; ".join(_reductions(order))),
                "vouchers": Fact(
                    _("Vouchers used"), "; ".join(use.code.code for use in order.redemptions.all() if use.code)
                ),
                "returns": Fact(_("Returns"), "; ".join(_returns(order))),
                "history": Fact(
                    _("What happened"), "; ".join(f"{_moment(event.at)}: {event.told}" for event in order.events.all())
                ),
            }
        )
    return found


def _invoice_address(of: CheckoutDraft | Order) -> Record:
    """Where the invoice goes, if elsewhere."""
    address = getattr(of, "invoice_address", None)
    return {"invoice_address": Fact(_("Invoice to"), str(address))} if address else {}


def _reductions(order: Order) -> Iterator[str]:
    """What promotions and vouchers took off, or why they did not."""
    for one in order.discounts.all():
        yield f"{one.name}: {one.refusal or Money(one.amount, order.currency)}"


def _returns(order: Order) -> Iterator[str]:
    """What was declared, by whom, and for which books."""
    for one in order.returns.all():
        books = ", ".join(line.line.title for line in one.lines.all())
        said = filter(None, (one.name, one.email, books, one.reason))
        yield f"{_moment(one.announced_at)} {one.get_kind_display()}: {'; '.join(said)}"


def _moment(at: dt.datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def vouchers(user: User) -> list[Record]:
    """Vouchers that were made out to an address of the customer."""
    addresses = {plain_address(address) for address in _addresses(user)}
    made_out = Voucher.objects.exclude(customers="").prefetch_related("codes")
    return [
        record(voucher, "name", "starts_at", "ends_at")
        | {"codes": Fact(_("Codes"), ", ".join(code.code for code in voucher.codes.all()))}
        for voucher in made_out
        if addresses.intersection(map(plain_address, voucher.customers.split()))
    ]


def _payments(order: Order) -> Iterator[str]:
    """What was paid and what went back, with the bank's words where it was a transfer."""
    for payment in order.payments.all():
        line = getattr(payment, "bank_line", None)
        yield " ".join(
            filter(
                None,
                (
                    f"{timezone.localdate(payment.created_at)} {payment.get_method_display()}:",
                    f"{payment.captured or payment.asked} ({payment.get_state_display()})",
                    f"{line.payer} {line.text}" if line else "",
                    *(f"− {refund.money} ({refund.reason})" for refund in payment.refunds.all()),
                ),
            )
        )


def waiting(user: User) -> list[Record]:
    """The books that the customer wants to hear of."""
    rows = WaitingReader.objects.filter(email__iexact=user.email).select_related("edition__product")
    return [
        record(row, "email", "asked_at", "confirmed_at", "told_at")
        | {"book": Fact(_("Book"), row.edition.product.title)}
        for row in rows
    ]


def erase_waiting(user: User) -> None:
    """They go."""
    WaitingReader.objects.filter(email__iexact=user.email).delete()


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
    BasketGiftCard.objects.filter(basket__user=user).delete()
    Basket.objects.open().of_user(user.pk).delete()
    Basket.objects.of_user(user.pk).update(token="")


def erase_orders(user: User) -> None:
    """Orders, and vouchers that were made out to the customer, are nobody's any more; invoices stay as issued."""
    erasure.erase_from_orders(orders_of(user).values_list("pk", flat=True))
    erasure.erase_from_vouchers(_addresses(user))


def open_orders(user: User) -> str:
    """An order on its way needs somebody it is for."""
    numbers = list(orders_of(user).filter(status__in=OPEN).values_list("number", flat=True))
    return _("These orders are still open: %(orders)s.") % {"orders": ", ".join(numbers)} if numbers else ""


def _addresses(user: User) -> list[str]:
    """The e-mail addresses that the customer has proved to own."""
    return list(EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True))


def _in_basket(title: str, quantity: int, added_at: dt.datetime, *, is_saved: bool) -> Record:
    return {
        "book": Fact(_("Book"), title),
        "quantity": Fact(_("Quantity"), quantity),
        "added_at": Fact(_("Added"), added_at),
        "saved_for_later": Fact(_("Saved for later"), is_saved),
    }


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
                    "commerce.invoiceaddress",
                    "commerce.savedline",
                    "commerce.basketgiftcard",
                    "commerce.stockhold",
                }
            ),
            baskets,
            erase_baskets,
        )
    )  # fmt: skip
    privacy.register(
        Part(
            "wish_lists",
            gettext_lazy("Wish lists"),
            frozenset({"commerce.wishlist", "commerce.wish"}),
            wish_lists,
        )
    )
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
    privacy.register(
        Part(
            "orders",
            gettext_lazy("Orders"),
            frozenset(
                {
                    "commerce.order", "commerce.orderline", "commerce.ordertax", "commerce.orderevent",
                    "commerce.orderdiscount", "commerce.redemption", "commerce.invoice", "commerce.creditnote",
                    "commerce.payment", "commerce.refund", "commerce.bankline", "commerce.pricefall",
                    "commerce.return", "commerce.returnline",
                }
            ),
            orders,
            erase_orders,
            kept=gettext_lazy(
                "Invoices, which the law obliges us to keep as they were issued. The orders themselves no longer say "
                "who you are."
            ),
        )
    )  # fmt: skip
    made_out = frozenset({"commerce.voucher"})
    privacy.register(Part("vouchers", gettext_lazy("Vouchers made out to you"), made_out, vouchers))
    waited_for = frozenset({"commerce.waitingreader"})
    privacy.register(Part("waiting", gettext_lazy("Books you wait for"), waited_for, waiting, erase_waiting))
    privacy.refusals.append(open_orders)
    privacy.of_nobody["commerce.sellersettings"] = "the shop's own address"
    privacy.of_nobody["commerce.paper"] = privacy.STAFF_WORK
    privacy.of_nobody["catalog.pricechange"] = privacy.STAFF_WORK
    privacy.of_nobody["catalog.stockmovement"] = privacy.STAFF_WORK
