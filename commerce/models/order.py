"""What was sold: a snapshot that no later edit changes. ADR 0006."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import PostalAddress
from catalog.faces import Card
from commerce.covers import PlainCover, cover_of
from commerce.models.basket import new_token
from commerce.models.tax import TaxFreeReason, tax_note
from core.money import Money

CANCEL_SALT = "commerce.cancel"

GRACE_DAYS = 7
"""Days after the time to pay before an invoice counts as overdue."""

LINK_DAYS = 30
"""Days for which the secret link of an order opens it without signing in."""


def new_number() -> str:
    """An order number that is easily read out and tells nothing: BT-7K3M-9QXZ."""
    letters = get_random_string(8, "23456789ABCDEFGHJKMNPQRSTUVWXYZ")
    return f"BT-{letters[:4]}-{letters[4:]}"


def adds_up(total: str, one: str, other: str) -> Q:
    """A condition: the sum holds. SQLite keeps decimals as floats, so half a mill is let pass."""
    half_a_mill = Decimal("0.0005")
    return Q(
        **{
            f"{total}__gt": F(one) + F(other) - half_a_mill,
            f"{total}__lt": F(one) + F(other) + half_a_mill,
        }
    )


def at_most(part: str, whole: str) -> Q:
    """A condition: between nothing and the whole. Half a mill is let pass, as in `adds_up`."""
    return Q(**{f"{part}__gte": 0, f"{part}__lt": F(whole) + Decimal("0.0005")})


class OrderStatus(models.TextChoices):
    """How far the shop is with an order."""

    PLACED = "placed", _("Placed")
    PROCESSING = "processing", _("In hand")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class PaymentStatus(models.TextChoices):
    """Whether the money came."""

    PENDING = "pending", _("Awaiting payment")
    PARTLY_PAID = "partly-paid", _("Partly paid")
    PAID = "paid", _("Paid")
    OVERPAID = "overpaid", _("Overpaid")
    PARTLY_REFUNDED = "partly-refunded", _("Partly refunded")
    REFUNDED = "refunded", _("Refunded")


UNPAID = (PaymentStatus.PENDING, PaymentStatus.PARTLY_PAID)


class LineStatus(models.TextChoices):
    """Where one copy is."""

    NEW = "new", _("New")
    PROCESSING = "processing", _("In hand")
    SENT = "sent", _("Sent")
    CANCELLED = "cancelled", _("Cancelled")
    RETURNED = "returned", _("Returned")


class DispatchStatus(models.TextChoices):
    """What has left the shop; worked out from the lines, not stored."""

    NOTHING = "nothing", _("Nothing to send")
    NOT_SENT = "not-sent", _("Not sent yet")
    PARTLY_SENT = "partly-sent", _("Partly sent")
    SENT = "sent", _("Sent")


def active_language() -> str:
    """The language in which the shopper reads now."""
    return get_language() or settings.LANGUAGE_CODE


UNSENT = (LineStatus.NEW, LineStatus.PROCESSING)


class PaymentMethod(models.TextChoices):
    """How the shopper will pay."""

    STRIPE = "stripe", _("Card")
    NOTCHPAY = "notchpay", _("Mobile money")
    INVOICE = "invoice", _("Pay by invoice / bank transfer")
    CASH = "cash", _("Pay when you get the books")
    GIFT_CARD = "gift-card", _("Gift card")
    SANDBOX = "sandbox", _("Test payment (no money moves)")


ONLINE = (PaymentMethod.STRIPE, PaymentMethod.NOTCHPAY, PaymentMethod.SANDBOX)
"""Paid on a provider's page, before anything leaves the shop."""

PAY_LATER = (PaymentMethod.INVOICE, PaymentMethod.CASH)
"""The books may go first. The money is seen by a colleague, and goes back by hand."""

SAME_KEY = dt.timedelta(hours=23)
"""For so long providers know a key again; a refund that could not be sent by then is a colleague's."""


class OrderQuerySet(models.QuerySet["Order"]):
    """Sets of orders."""

    def visible_to(self, user: Any) -> OrderQuerySet:
        """A customer's own orders; nobody's for somebody who is not signed in."""
        return self.filter(user_id=user.pk) if user.is_authenticated else self.none()

    def by_link(self, token: str, user: Any, at: dt.datetime) -> OrderQuerySet:
        """The order of a secret link: for anybody who has it within 30 days, then for its owner only."""
        is_open = Q(placed_at__gte=at - dt.timedelta(days=LINK_DAYS))
        if user.is_authenticated:
            is_open |= Q(user_id=user.pk)
        return self.filter(is_open, token=token)

    def known_by(self, number: str, email: str) -> OrderQuerySet:
        """The order of a number, for who also knows its e-mail address. Case and blanks do not matter."""
        return self.filter(number=number.strip().upper(), email__iexact=email.strip())

    def by_cancel_key(self, key: str) -> OrderQuerySet:
        """The order of a `cancel_key`, while it is valid."""
        try:
            return self.filter(pk=signing.loads(key, salt=CANCEL_SALT, max_age=dt.timedelta(days=LINK_DAYS)))
        except signing.BadSignature:
            return self.none()

    def overdue(self, payment_days: int) -> OrderQuerySet:
        """Pay later, and the time to pay and a week more are over."""
        latest = timezone.now() - dt.timedelta(days=payment_days + GRACE_DAYS)
        return self.filter(
            payment_method__in=PAY_LATER,
            payment_status__in=UNPAID,
            placed_at__lt=latest,
        ).exclude(status=OrderStatus.CANCELLED)

    def of_shopper(self, user_id: int | None, token: str) -> OrderQuerySet:
        """What a signed-in shopper ordered, or else a browser by the token of its baskets."""
        if user_id:
            return self.filter(user_id=user_id)
        return self.filter(user=None, basket__token=token) if token else self.none()

    def to_pay_online(self) -> OrderQuerySet:
        """They wait for their customer on the page of a provider."""
        going_on = (OrderStatus.PLACED, OrderStatus.PROCESSING)
        return self.filter(payment_method__in=ONLINE, payment_status__in=UNPAID, status__in=going_on)

    def with_unwanted_money(self) -> OrderQuerySet:
        """Money came for them too late or twice, and went back by itself."""
        return self.filter(payments__is_unwanted=True).distinct()

    def with_refunds_to_do(self) -> OrderQuerySet:
        """A refund failed, could not be sent in time, or is to be paid out by hand."""
        by_hand = Q(payments__method__in=PAY_LATER, payments__refunds__state="created")
        not_sent = Q(
            payments__refunds__state="created",
            payments__refunds__created_at__lt=timezone.now() - SAME_KEY,
        )
        return self.filter(by_hand | not_sent | Q(payments__refunds__state="failed")).distinct()

    def with_lines_to_send(self) -> OrderQuerySet:
        """Each with the number of copies that are still to leave, as `lines_to_send`."""
        return self.annotate(lines_to_send=Count("lines", filter=Q(lines__status__in=UNSENT)))


class Order(PostalAddress):
    """What a customer ordered, at the prices, taxes and address of that moment. Downloads need no street."""

    number = models.CharField(_("number"), max_length=20, unique=True, default=new_number, editable=False)
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    basket = models.OneToOneField(
        "commerce.Basket", null=True, on_delete=models.PROTECT, related_name="order", editable=False
    )
    replaces = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="replacements",
        verbose_name=_("replaces"), help_text=_("Copies of that order, sent once more at no cost."),
    )  # fmt: skip
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="orders",
        verbose_name=_("customer"),
    )
    email = models.EmailField(_("email"))
    status = models.CharField(
        _("status"), max_length=10, choices=OrderStatus, default=OrderStatus.PLACED, editable=False, db_index=True
    )
    payment_status = models.CharField(
        _("payment"), max_length=15, choices=PaymentStatus, default=PaymentStatus.PENDING, editable=False, db_index=True
    )
    payment_method = models.CharField(_("pays by"), max_length=20, choices=PaymentMethod, default=PaymentMethod.INVOICE)
    currency = models.CharField(_("currency"), max_length=3)
    goods_amount = models.DecimalField(_("books"), max_digits=12, decimal_places=3)
    discount_amount = models.DecimalField(
        _("discounts"), max_digits=12, decimal_places=3, default=Decimal(0), help_text=_("Taken off the books already.")
    )
    delivery_name = models.CharField(_("delivery"), max_length=80, blank=True)
    pickup_place = models.TextField(_("collected at"), blank=True)
    delivery_amount = models.DecimalField(_("price of delivery"), max_digits=12, decimal_places=3, default=Decimal(0))
    delivery_tax_amount = models.DecimalField(_("tax in delivery"), max_digits=12, decimal_places=3, default=Decimal(0))
    tax_amount = models.DecimalField(_("tax included"), max_digits=12, decimal_places=3)
    total_amount = models.DecimalField(_("total"), max_digits=12, decimal_places=3)
    vat_id = models.CharField(_("VAT number of the customer"), max_length=20, blank=True)
    tax_free_reason = models.CharField(_("free of tax because"), max_length=14, choices=TaxFreeReason, blank=True)
    language = models.CharField(
        _("language"), max_length=10, default=active_language, editable=False,
        help_text=_("In which mails and documents are written."),
    )  # fmt: skip
    credited_amount = models.DecimalField(
        _("credited"), max_digits=12, decimal_places=3, default=Decimal(0), editable=False
    )
    delivery_credited_amount = models.DecimalField(
        _("credited of the delivery"), max_digits=12, decimal_places=3, default=Decimal(0), editable=False
    )
    waives_withdrawal = models.BooleanField(
        _("wants downloads at once"), default=False, help_text=_("And knows that the right to withdraw from them ends.")
    )
    placed_at = models.DateTimeField(_("placed"), db_index=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-placed_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=adds_up("total_amount", "goods_amount", "delivery_amount"), name="order_total_adds_up"
            ),
            models.CheckConstraint(condition=Q(total_amount__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(
                condition=at_most("credited_amount", "total_amount"), name="order_credited_at_most_invoiced"
            ),
            models.CheckConstraint(
                condition=at_most("delivery_credited_amount", "delivery_amount"),
                name="order_delivery_credited_at_most_invoiced",
            ),
        ]
        permissions = [
            ("dispatch_order", "Can mark copies as sent"),
            ("export_order", "Can export orders"),
            ("refund_order", "Can give money back"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """The confirmation page, by the secret link."""
        return reverse("commerce:order_done", args=[self.token])

    @property
    def billed_to(self) -> PostalAddress:
        """Whom the invoice is made out to: its own address, or the one that the books go to."""
        return getattr(self, "invoice_address", self)

    @property
    def customer_label(self) -> str:
        """Who ordered, for lists of staff."""
        return gettext("Erased") if self.erased_at else self.full_name

    @property
    def goods(self) -> Money:
        """The books, tax included."""
        return Money(self.goods_amount, self.currency)

    @property
    def goods_before(self) -> Money:
        """The books before promotions and vouchers, tax included."""
        return Money(self.goods_amount + self.discount_amount, self.currency)

    @property
    def reductions(self) -> list[dict[str, Any]]:
        """What promotions and vouchers took off, for the sums. Reads `discounts`."""
        return [row.shown for row in self.discounts.all() if not row.is_refused]

    @cached_property
    def card_payments(self) -> list[dict[str, Any]]:
        """What gift cards paid when it was placed, for the sums."""
        paid = self.gift_card_entries.filter(kind="redeemed").select_related("card")
        return [entry.shown for entry in paid]

    @property
    def to_pay(self) -> Money:
        """What was left to pay by other means when it was placed."""
        return sum((paid["amount"] for paid in self.card_payments), self.total)

    @property
    def delivery(self) -> Money:
        """The delivery, tax included."""
        return Money(self.delivery_amount, self.currency)

    @property
    def tax(self) -> Money:
        """The tax that is in the total."""
        return Money(self.tax_amount, self.currency)

    @property
    def total(self) -> Money:
        """What is to be paid."""
        return Money(self.total_amount, self.currency)

    @property
    def worth(self) -> Money:
        """What the customer owes in all: the total, less what was credited."""
        return Money(self.total_amount - self.credited_amount, self.currency)

    @property
    def delivery_left(self) -> Money:
        """What of the delivery was not credited yet."""
        return Money(self.delivery_amount - self.delivery_credited_amount, self.currency)

    @property
    def tax_note(self) -> str:
        """What is said of tax below the total."""
        return tax_note(self.tax, self.tax_free_reason)

    @property
    def delivery_label(self) -> str:
        """How the order travels."""
        return self.delivery_name or gettext("Download")

    @property
    def needs_delivery(self) -> bool:
        """True where something goes by post."""
        return bool(self.line_1)

    @property
    def pickup_lines(self) -> list[str]:
        """Where the books are collected and when it is open; empty where they are sent."""
        return self.pickup_place.splitlines()

    @property
    def is_collected(self) -> bool:
        """True where the customer fetches the books."""
        return bool(self.pickup_place)

    @property
    def pays_online(self) -> bool:
        """True where it is to be paid on the page of a provider."""
        return self.payment_method in ONLINE

    @property
    def is_unpaid(self) -> bool:
        """True while money is awaited."""
        return self.payment_status in UNPAID and self.status != OrderStatus.CANCELLED

    @property
    def awaits_money(self) -> bool:
        """True where nothing may leave yet: it is paid first, or too little came. Reads `payments`.

        Who pays by invoice or at the counter may have the books first, unless a payment came that was too small.
        """
        if self.payment_method in PAY_LATER and self.is_unpaid:
            return self.payments.filter(captured_amount__gt=0).exclude(method=PaymentMethod.GIFT_CARD).exists()
        return self.payment_status not in (PaymentStatus.PAID, PaymentStatus.OVERPAID, PaymentStatus.PARTLY_REFUNDED)

    @property
    def has_open_pre_orders(self) -> bool:
        """True where something ordered before publication is still to leave. Reads `lines`."""
        return any(line.is_pre_order and line.status in UNSENT for line in self.lines.all())

    @property
    def cancel_key(self) -> str:
        """What opens the pages on which the customer gives it up, whole or in part, for thirty days from now."""
        return signing.dumps(self.pk, salt=CANCEL_SALT)

    @property
    def timeline(self) -> list[OrderEvent]:
        """What happened, for the customer; moves of the status that say no more than another event are left out."""
        return [event for event in self.events.all() if event.kind != EventKind.STATUS]

    @property
    def may_be_cancelled(self) -> bool:
        """True while no copy has left and something is still to leave. Reads `lines`."""
        statuses = {line.status for line in self.lines.all()}
        return bool(statuses & set(UNSENT)) and not statuses & {LineStatus.SENT, LineStatus.RETURNED}

    @property
    def dispatch_status(self) -> DispatchStatus:
        """What has left the shop. Reads `lines`, so prefetch them where there are many orders."""
        return dispatch_status(line.status for line in self.lines.all())


def dispatch_status(lines: Iterable[str]) -> DispatchStatus:
    """The dispatch status of an order with lines of these statuses."""
    left = sent = 0
    for status in lines:
        left += status in UNSENT
        sent += status in (LineStatus.SENT, LineStatus.RETURNED)
    if not left and not sent:
        return DispatchStatus.NOTHING
    if not left:
        return DispatchStatus.SENT
    return DispatchStatus.PARTLY_SENT if sent else DispatchStatus.NOT_SENT


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    """Sets of order lines."""

    def to_show(self) -> OrderLineQuerySet:
        """With what `grouped_lines` reads, in one query."""
        return self.select_related("order", "edition__product__listing")


class OrderLine(models.Model):
    """One copy that was sold, with everything about it as it was."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    edition = models.ForeignKey(
        "catalog.Edition", null=True, blank=True, on_delete=models.SET_NULL, related_name="order_lines"
    )
    title = models.CharField(_("title"), max_length=255)
    contributors = models.CharField(_("contributors"), max_length=500, blank=True)
    isbn = models.CharField("ISBN", max_length=13, blank=True, db_index=True)
    sku = models.CharField(_("SKU"), max_length=40)
    format_label = models.CharField(_("format"), max_length=40)
    is_digital = models.BooleanField(_("download"), default=False)
    is_gift_card = models.BooleanField(_("gift card"), default=False, editable=False)
    list_gross = models.DecimalField(_("price before discounts"), max_digits=12, decimal_places=3, null=True)
    unit_gross = models.DecimalField(_("price"), max_digits=12, decimal_places=3)
    unit_net = models.DecimalField(_("net"), max_digits=12, decimal_places=3)
    unit_tax = models.DecimalField(_("tax"), max_digits=12, decimal_places=3)
    tax_rate = models.DecimalField(_("tax rate"), max_digits=5, decimal_places=2)
    credited_amount = models.DecimalField(
        _("credited"), max_digits=12, decimal_places=3, default=Decimal(0), editable=False
    )
    status = models.CharField(_("status"), max_length=10, choices=LineStatus, default=LineStatus.NEW, editable=False)
    is_allocated = models.BooleanField(
        _("from our shelf"), default=False, editable=False, help_text=_("Off: to be ordered from the supplier.")
    )
    is_pre_order = models.BooleanField(_("ordered before publication"), default=False, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    leaves_on = models.DateField(_("leaves us on"), null=True, blank=True, editable=False)
    arrives_by = models.DateField(_("arrives by"), null=True, blank=True, editable=False)

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ("id",)
        indexes = [models.Index(fields=("status",), name="order_line_status")]
        constraints = [
            models.CheckConstraint(
                condition=adds_up("unit_gross", "unit_net", "unit_tax"), name="order_line_gross_is_net_and_tax"
            ),
            models.CheckConstraint(
                condition=at_most("credited_amount", "unit_gross"), name="order_line_credited_at_most_invoiced"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_unsent(self) -> bool:
        """True while the copy is still to leave."""
        return self.status in UNSENT

    @property
    def price(self) -> Money:
        """What the copy cost, tax included. Reads `order`."""
        return Money(self.unit_gross, self.order.currency)

    @property
    def left(self) -> Money:
        """What of the price was not credited yet. Reads `order`."""
        return Money(self.unit_gross - self.credited_amount, self.order.currency)


@dataclass(frozen=True)
class LineGroup:
    """Copies of one edition at one price, shown as one line."""

    title: str
    contributors: str
    format_label: str
    isbn: str
    url: str
    card: Card | PlainCover
    quantity: int
    total: Money
    statuses: tuple[tuple[str, int], ...]
    """What became of the copies: label and how many, in the order of the statuses."""


def grouped_lines(lines: Iterable[OrderLine]) -> list[LineGroup]:
    """Copies put together for display. Reads `order` and, for links, `edition.product`: select them."""
    groups: dict[tuple[object, ...], list[OrderLine]] = {}
    for line in lines:
        key = (line.sku, line.title, line.unit_gross, line.tax_rate)
        groups.setdefault(key, []).append(line)
    return [
        LineGroup(
            title=copies[0].title,
            contributors=copies[0].contributors,
            format_label=copies[0].format_label,
            isbn=copies[0].isbn,
            url=copies[0].edition.get_absolute_url() if copies[0].edition else "",
            card=cover_of(
                copies[0].edition.product if copies[0].edition else None, copies[0].title, copies[0].contributors
            ),
            quantity=len(copies),
            total=Money(copies[0].unit_gross, copies[0].order.currency) * len(copies),
            statuses=tuple(
                (str(status.label), count)
                for status in LineStatus
                if (count := sum(copy.status == status for copy in copies))
            ),
        )
        for copies in groups.values()
    ]


class OrderTax(models.Model):
    """What an order holds at one rate of tax, delivery's share included. The rows of an order add up to its total."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="taxes")
    rate = models.DecimalField(_("rate"), max_digits=5, decimal_places=2)
    gross = models.DecimalField(_("gross"), max_digits=12, decimal_places=3)
    net = models.DecimalField(_("net"), max_digits=12, decimal_places=3)
    tax = models.DecimalField(_("tax"), max_digits=12, decimal_places=3)

    class Meta:
        verbose_name = _("tax of an order")
        verbose_name_plural = _("taxes of orders")
        ordering = ("rate",)
        constraints = [models.UniqueConstraint(fields=("order", "rate"), name="order_tax_once_per_rate")]

    def __str__(self) -> str:
        return f"{self.rate} %"


class EventKind(models.TextChoices):
    """What can happen to an order."""

    PLACED = "placed", _("The order was placed")
    STATUS = "status", _("The status changed")
    PAID = "paid", _("Money received")
    SENT = "sent", _("Marked as sent")
    CANCELLED = "cancelled", _("Cancelled")
    REFUNDED = "refunded", _("Money given back")
    NO_REFUND = "no-refund", _("Money could not be given back")
    WITHDRAWN = "withdrawn", _("The customer withdrew")
    RETURN = "return", _("The customer wishes to give back")
    RETURNED = "returned", _("Came back")
    REFUSED = "refused", _("Not taken back")
    REPLACED = "replaced", _("Sent once more")
    PRICE_FELL = "price-fell", _("The price fell before publication; the customer gets back")
    GIVEN_BACK = "given-back", _("Given back")


class OrderEvent(models.Model):
    """Something that happened to an order: what, when, by whom, why. Never changed."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("who"),
    )
    kind = models.CharField(_("what"), max_length=10, choices=EventKind)
    detail = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event of an order")
        verbose_name_plural = _("events of orders")
        ordering = ("at", "id")

    def __str__(self) -> str:
        return self.kind

    @property
    def told(self) -> str:
        """What happened, as the customer reads it: without what colleagues noted."""
        if self.kind == EventKind.STATUS:
            return str(OrderStatus(self.detail["to"]).label)
        titles = ", ".join(self.detail.get("titles", []))
        return f"{self.get_kind_display()}: {titles}" if titles else str(self.get_kind_display())

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        parts = [str(self.get_kind_display())]
        if self.kind == EventKind.STATUS:
            parts.append(str(OrderStatus(self.detail["to"]).label))
        if self.detail.get("amount"):
            parts.append(str(Money(Decimal(self.detail["amount"]), self.detail["currency"])))
        parts += self.detail.get("titles", [])
        if self.detail.get("reason"):
            parts.append(self.detail["reason"])
        return ": ".join((parts[0], ", ".join(parts[1:]))) if parts[1:] else parts[0]
