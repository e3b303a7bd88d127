"""What somebody means to buy: repriced on every look, until an order is made of it."""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import PostalAddress
from core.money import Money

MAX_QUANTITY = 50
"""Copies of one edition in one basket; larger orders are a conversation."""

MAX_LINES = 100
"""Different editions in one basket."""


def new_token() -> str:
    """32 random bytes as text: what nobody can guess."""
    return secrets.token_urlsafe(32)


class BasketQuerySet(models.QuerySet["Basket"]):
    """Sets of baskets."""

    def open(self) -> BasketQuerySet:
        """Baskets that are still being filled."""
        return self.filter(status=Basket.Status.OPEN)

    def of_user(self, user_id: int) -> BasketQuerySet:
        """Baskets of a signed-in shopper."""
        return self.filter(user_id=user_id)

    def of_browser(self, token: str) -> BasketQuerySet:
        """Baskets of a browser that nobody was signed in with."""
        return self.filter(user=None, token=token).exclude(token="")


class Basket(models.Model):
    """One shopper's basket. A signed-in shopper is known by `user`, a browser by the random `token` in its cookie."""

    class Status(models.TextChoices):
        """A submitted basket has become an order and is never touched again."""

        OPEN = "open", _("Open")
        SUBMITTED = "submitted", _("Submitted")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="baskets"
    )
    token = models.CharField(max_length=64, blank=True, db_index=True)
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    """What the shopper chose to pay in; empty: the shop's currency. `commerce.currencies` says whether that goes."""
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = BasketQuerySet.as_manager()

    class Meta:
        verbose_name = _("basket")
        verbose_name_plural = _("baskets")
        constraints = [
            models.UniqueConstraint(fields=("user",), condition=Q(status="open"), name="basket_one_open_per_user"),
            models.UniqueConstraint(
                fields=("token",), condition=Q(status="open") & ~Q(token=""), name="basket_one_open_per_browser"
            ),
        ]

    def __str__(self) -> str:
        return f"Basket {self.pk} ({self.status})"


class BasketLineQuerySet(models.QuerySet["BasketLine"]):
    """Sets of basket lines."""

    def to_price(self) -> BasketLineQuerySet:
        """With what `commerce.pricing` reads of edition, stock and book, in one query.

        Of the book only its title, slug and, as the text that it is, its row of the read model (`is_listed`, `face`,
        `offers`): a page of Wagtail costs more to load than all the rest, and few callers show a cover.
        """
        listing = "edition__product__listing"
        rows = self.select_related("edition__stock").annotate(
            title=F("edition__product__title"),
            slug=F("edition__product__slug"),
            is_listed=F(f"{listing}__is_live"),
            face=Cast(f"{listing}__face", models.TextField()),
            offers=Cast(f"{listing}__offers", models.TextField()),
        )
        return rows.defer("edition__created_at", "edition__updated_at")


class BasketLine(models.Model):
    """An edition in a basket. `seen_amount` is the price that the shopper was last shown and has not objected to."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    edition = models.ForeignKey("catalog.Edition", on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField()
    seen_amount = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    seen_currency = models.CharField(max_length=3, blank=True)
    added_at = models.DateTimeField(auto_now_add=True)

    objects = BasketLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("basket line")
        verbose_name_plural = _("basket lines")
        ordering = ("added_at", "id")
        constraints = [
            models.UniqueConstraint(fields=("basket", "edition"), name="basket_line_once_per_edition"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1) & Q(quantity__lte=MAX_QUANTITY), name="basket_line_quantity_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.edition_id}"

    @property
    def seen(self) -> Money | None:
        """The price that the shopper knows of."""
        return None if self.seen_amount is None else Money(self.seen_amount, self.seen_currency)


class HoldQuerySet(models.QuerySet["StockHold"]):
    """Sets of holds."""

    def active(self, at: dt.datetime) -> HoldQuerySet:
        """Those that still count."""
        return self.filter(until__gt=at)


class StockHold(models.Model):
    """Copies on the shelf that are kept for a basket until a moment: others cannot order them before.

    It is the basket's, whoever and wherever its shopper is, so that nobody is kept out by a hold of their own.
    """

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="holds")
    edition = models.ForeignKey("catalog.Edition", on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField()
    begun_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(db_index=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(fields=("basket", "edition"), name="stock_hold_once_per_edition"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="stock_hold_has_copies"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.edition_id} until {self.until:%H:%M}"


class CheckoutDraft(PostalAddress):
    """What the shopper has told the checkout so far; it goes when the order is placed."""

    basket = models.OneToOneField(Basket, on_delete=models.CASCADE, primary_key=True, related_name="draft")
    email = models.EmailField(_("email"))
    delivery_method = models.ForeignKey(
        "commerce.DeliveryMethod", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    vat_id = models.CharField(_("VAT number"), max_length=20, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("checkout draft")
        verbose_name_plural = _("checkout drafts")

    def __str__(self) -> str:
        return f"Draft of basket {self.basket_id}"

    @property
    def invoice_lines(self) -> list[str]:
        """The address that the invoice is made out to, line by line; nothing where it is the one above."""
        return self.invoice_address.address_lines if hasattr(self, "invoice_address") else []


class InvoiceAddress(PostalAddress):
    """Whom and where an invoice is made out to, where that is not where the books go: of a draft, then of its order."""

    draft = models.OneToOneField(CheckoutDraft, null=True, on_delete=models.CASCADE, related_name="invoice_address")
    order = models.OneToOneField("commerce.Order", null=True, on_delete=models.CASCADE, related_name="invoice_address")

    class Meta:
        verbose_name = _("address of an invoice")
        verbose_name_plural = _("addresses of invoices")
        constraints = [
            models.CheckConstraint(
                condition=Q(draft=None, order__isnull=False) | Q(draft__isnull=False, order=None),
                name="invoice_address_of_one",
            )
        ]

    def __str__(self) -> str:
        return ", ".join(self.address_lines)
