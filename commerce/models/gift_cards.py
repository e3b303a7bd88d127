"""Gift cards: money paid beforehand. Their balance is written by `commerce.services.gift_cards` only. ADR 0019."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from commerce.covers import PlainCover
from commerce.gift_codes import unseal
from commerce.models.basket import new_token
from core.money import Money

MOST_CARDS = 20
"""Gift cards that one basket buys."""
GIFT_CARD_SKU = "GIFT-CARD"
"""What stands on the order line of a gift card, which is no edition."""


@register_setting(icon="tag")
class GiftCardSettings(BaseGenericSetting):
    """Which gift cards the shop sells. Amounts are in the shop's own currency."""

    is_sold = models.BooleanField(_("sold"), default=True, help_text=_("Off: cards that were sold are still good."))
    amounts = models.CharField(
        _("amounts to choose from"), max_length=200, default="10, 25, 50, 100", help_text=_("Separated by commas.")
    )
    least = models.DecimalField(
        _("least"), max_digits=12, decimal_places=3, default=Decimal(5), validators=[MinValueValidator(Decimal(1))]
    )
    most = models.DecimalField(_("most"), max_digits=12, decimal_places=3, default=Decimal(500))
    valid_years = models.PositiveSmallIntegerField(
        _("good for so many years"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Empty: for ever. Ask the law first: Germany wants three years from the end of the year of the sale,"
            " Ireland five."
        ),
    )

    panels = [
        FieldPanel("is_sold"),
        MultiFieldPanel(
            [FieldPanel("amounts"), FieldRowPanel([FieldPanel("least"), FieldPanel("most")])], heading=_("Amounts")
        ),
        FieldPanel("valid_years"),
    ]

    class Meta:
        verbose_name = _("gift cards")

    def __str__(self) -> str:
        return str(_("gift cards"))

    @property
    def choices(self) -> list[Money]:
        """The amounts that are offered, as they were written."""
        found = re.findall(r"\d+(?:\.\d+)?", self.amounts)
        return [Money(Decimal(amount), settings.SHOP_CURRENCY) for amount in found]

    @property
    def limits(self) -> tuple[Money, Money]:
        """The least and the most that a card may hold."""
        return Money(self.least, settings.SHOP_CURRENCY), Money(self.most, settings.SHOP_CURRENCY)

    def valid_until(self, on: dt.date) -> dt.date | None:
        """The last day of a card that begins on a day: the end of a year; None where it is good for ever."""
        return dt.date(on.year + self.valid_years, 12, 31) if self.valid_years else None

    def clean(self) -> None:
        """Amounts are amounts, within the limits."""
        super().clean()
        if not re.fullmatch(r"\s*\d+(\.\d+)?\s*(,\s*\d+(\.\d+)?\s*)*", self.amounts):
            raise ValidationError({"amounts": _("Amounts separated by commas, as in “10, 25, 50”.")})
        if self.most < self.least:
            raise ValidationError({"most": _("The most is less than the least.")})
        if any(not self.least <= amount.amount <= self.most for amount in self.choices):
            raise ValidationError({"amounts": _("An amount is beyond the limits.")})


class Recipient(models.Model):
    """Whom a gift card is for, and when it is sent. Without an address, whoever buys it prints it."""

    recipient_name = models.CharField(_("recipient's name"), max_length=120, blank=True)
    recipient_email = models.EmailField(_("recipient's email"), blank=True)
    message = models.TextField(_("message"), max_length=500, blank=True)
    send_on = models.DateField(_("send on"), null=True, blank=True)

    class Meta:
        abstract = True


class BasketGiftCard(Recipient):
    """A gift card that somebody means to buy."""

    basket = models.ForeignKey("commerce.Basket", on_delete=models.CASCADE, related_name="gift_cards")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=12, decimal_places=3)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("gift card in a basket")
        verbose_name_plural = _("gift cards in baskets")
        ordering = ("added_at", "id")
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="basket_gift_card_holds_something")]

    def __str__(self) -> str:
        return str(self.total)

    @property
    def total(self) -> Money:
        """What it costs, and holds."""
        return Money(self.amount, self.currency)

    quantity = 1
    """One card, for components/order_line.html."""

    @property
    def title(self) -> str:
        """Gift card, and for whom."""
        if not self.recipient_name:
            return gettext("Gift card")
        return gettext("Gift card for %(name)s") % {"name": self.recipient_name}

    @property
    def card(self) -> PlainCover:
        """What its cover is drawn from."""
        return PlainCover(gettext("Gift card"), str(self.total))

    @property
    def how(self) -> str:
        """How it gets to whom it is for."""
        if not self.recipient_email:
            return gettext("To print")
        return gettext("By e-mail to %(email)s") % {"email": self.recipient_email}


class GiftCard(Recipient):
    """Money for whoever has the code. Only a digest of it and a sealed copy are stored; staff see its last four."""

    class Status(models.TextChoices):
        """Only what is active pays."""

        WAITING = "waiting", _("Waiting for payment")
        ACTIVE = "active", _("Good")
        BLOCKED = "blocked", _("Blocked")
        WITHDRAWN = "withdrawn", _("Taken back")

    digest = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001  # many have none
    sealed = models.TextField(blank=True, editable=False)
    last4 = models.CharField(_("last four"), max_length=4, blank=True, db_index=True, editable=False)
    status = models.CharField(
        _("status"), max_length=9, choices=Status, default=Status.WAITING, editable=False, db_index=True
    )
    currency = models.CharField(_("currency"), max_length=3)
    initial_amount = models.DecimalField(_("held at first"), max_digits=12, decimal_places=3)
    balance_amount = models.DecimalField(
        _("balance"), max_digits=12, decimal_places=3, default=Decimal(0), editable=False
    )
    valid_until = models.DateField(_("good until"), null=True, blank=True)
    order_line = models.OneToOneField(
        "commerce.OrderLine", null=True, blank=True, on_delete=models.PROTECT, related_name="gift_card"
    )
    issued_at = models.DateTimeField(_("issued"), null=True, blank=True, editable=False)
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("gift card")
        verbose_name_plural = _("gift cards")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=("status", "queued_at", "send_on"), name="gift_card_to_send")]
        constraints = [
            models.CheckConstraint(condition=Q(balance_amount__gte=0), name="gift_card_balance_not_negative"),
            models.CheckConstraint(
                condition=Q(balance_amount__lte=F("initial_amount")), name="gift_card_holds_at_most_what_it_held"
            ),
            models.CheckConstraint(
                condition=Q(balance_amount=0) | Q(status__in=["active", "blocked"]), name="gift_card_money_is_issued"
            ),
            models.CheckConstraint(
                condition=Q(status="waiting") | Q(status="withdrawn") | Q(digest__isnull=False),
                name="gift_card_issued_has_code",
            ),
        ]
        permissions = [("issue_giftcard", "Can issue gift cards by hand")]

    def __str__(self) -> str:
        return gettext("Gift card …%(last4)s") % {"last4": self.last4} if self.last4 else gettext("Gift card")

    @property
    def initial(self) -> Money:
        """What it held at first."""
        return Money(self.initial_amount, self.currency)

    @property
    def balance(self) -> Money:
        """What it holds."""
        return Money(self.balance_amount, self.currency)

    @property
    def code(self) -> str:
        """The code in full, for the mail and the print. Shown to nobody else."""
        return unseal(self.sealed) if self.sealed else ""

    @property
    def is_issued(self) -> bool:
        """True where it has a code."""
        return bool(self.last4)

    @property
    def is_over(self) -> bool:
        """True once its last day has passed."""
        return self.valid_until is not None and self.valid_until < timezone.localdate()

    @property
    def is_good(self) -> bool:
        """True where it may pay."""
        return self.status == self.Status.ACTIVE and not self.is_over

    @property
    def is_unspent(self) -> bool:
        """True where nothing was taken off it."""
        return self.balance_amount == self.initial_amount

    @property
    def state(self) -> str:
        """How it stands, in a word."""
        if self.status == self.Status.ACTIVE and self.is_over:
            return gettext("Over")
        if self.status == self.Status.ACTIVE and not self.balance_amount:
            return gettext("Spent")
        return str(self.get_status_display())


class EntryKind(models.TextChoices):
    """Why the balance of a card moved."""

    ISSUED = "issued", _("Issued")
    REDEEMED = "redeemed", _("Paid with")
    REFUNDED = "refunded", _("Given back")
    EXPIRED = "expired", _("Over")
    WITHDRAWN = "withdrawn", _("Taken back")
    CORRECTED = "corrected", _("Corrected")
    BLOCKED = "blocked", _("Blocked")
    UNBLOCKED = "unblocked", _("Good again")
    RENEWED = "renewed", _("Given a new code")


class GiftCardEntry(models.Model):
    """What happened to a card: how much its balance moved, why, for which order, by whom. Never changed.

    Its entries add up to the balance, always. `key` makes one happen once.
    """

    card = models.ForeignKey(GiftCard, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(_("what"), max_length=9, choices=EntryKind)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=3)
    balance_amount = models.DecimalField(_("held then"), max_digits=12, decimal_places=3)
    order = models.ForeignKey(
        "commerce.Order", null=True, blank=True, on_delete=models.PROTECT, related_name="gift_card_entries"
    )
    key = models.CharField(max_length=80, unique=True, default=new_token, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        verbose_name=_("by"),
    )  # fmt: skip
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("entry of a gift card")
        verbose_name_plural = _("entries of gift cards")
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(~Q(amount=0), ~Q(kind__in=["blocked", "unblocked", "renewed"]))
                | Q(amount=0, kind__in=["blocked", "unblocked", "renewed"]),
                name="gift_card_entry_moves_or_notes",
            ),
            models.UniqueConstraint(
                fields=("card", "order"), condition=Q(kind="redeemed"), name="gift_card_once_per_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"

    @property
    def reference(self) -> str:
        """By which the payment of an order knows it."""
        return f"gift-card-entry-{self.pk}"

    @property
    def money(self) -> Money:
        """By how much the balance moved. Reads `card`."""
        return Money(self.amount, self.card.currency)

    @property
    def balance(self) -> Money:
        """What the card held afterwards. Reads `card`."""
        return Money(self.balance_amount, self.card.currency)

    @property
    def shown(self) -> dict[str, Any]:
        """Label and amount for the sums of an order. Reads `card`."""
        return {"label": str(self.card), "amount": self.money}
