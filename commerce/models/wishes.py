"""What somebody would like to have, but not now: wish lists, and what was taken out of the basket for later."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models import Edition
from commerce.models.basket import MAX_QUANTITY, new_token
from core.money import Money

MAX_LISTS = 20
"""Wish lists of one customer."""

MAX_WISHES = 200
"""Books on one list."""

MAX_SAVED = 100
"""Books saved for later."""


class KeptEdition(models.Model):
    """An edition that somebody keeps an eye on. Its words are kept too: they outlive the book."""

    edition = models.ForeignKey("catalog.Edition", null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(_("title"), max_length=255)
    format_label = models.CharField(_("format"), max_length=40)
    seen_amount = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    seen_currency = models.CharField(max_length=3, blank=True)
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    def take(self, edition: Edition, price: Money | None) -> Self:
        """Keep this edition, by the words and the price of the moment."""
        self.edition, self.title, self.format_label = edition, edition.product.title, edition.format_label
        if price is not None:
            self.seen_amount, self.seen_currency = price.amount, price.currency
        return self

    @property
    def seen(self) -> Money | None:
        """The price of the day it was added; None where it had none."""
        return None if self.seen_amount is None else Money(self.seen_amount, self.seen_currency)


class WishListQuerySet(models.QuerySet["WishList"]):
    """Sets of wish lists."""

    def of_user(self, user_id: int) -> WishListQuerySet:
        """A customer's own."""
        return self.filter(user_id=user_id)

    def by_link(self, token: str) -> WishListQuerySet:
        """The list that an address names, while its owner lets others read it."""
        return self.filter(token=token).exclude(visibility=WishList.Visibility.PRIVATE)


class WishList(models.Model):
    """A named list of a customer. Others read it by the random `token` in its address, if its owner lets them."""

    class Visibility(models.TextChoices):
        """Who may read a list."""

        PRIVATE = "private", _("Private: only you")
        SHARED = "shared", _("Shared: who has the link")
        PUBLIC = "public", _("Public: anybody, search engines too")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="wish_lists")
    name = models.CharField(_("name of the list"), max_length=60)
    visibility = models.CharField(
        _("who may read it"), max_length=7, choices=Visibility, default=Visibility.PRIVATE
    )  # fmt: skip
    owner_name = models.CharField(
        _("your name on the list"), max_length=40, blank=True, help_text=_("What readers see of you. May stay empty.")
    )
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WishListQuerySet.as_manager()

    class Meta:
        verbose_name = _("wish list")
        verbose_name_plural = _("wish lists")
        ordering = ("-updated_at", "-id")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its page in the owner's account."""
        return reverse("commerce:wish_list", args=[self.pk])

    @property
    def link(self) -> str:
        """The address for others, with the host; empty while the list is private."""
        if self.is_private:
            return ""
        return settings.SITE_URL + reverse("commerce:wish_list_read", args=[self.token])

    @property
    def is_private(self) -> bool:
        """True where nobody but the owner may read it."""
        return self.visibility == self.Visibility.PRIVATE

    @property
    def is_public(self) -> bool:
        """True where search engines may know of it."""
        return self.visibility == self.Visibility.PUBLIC


class Wish(KeptEdition):
    """A book on a wish list, in its owner's order, with a word for its readers."""

    wish_list = models.ForeignKey(WishList, on_delete=models.CASCADE, related_name="wishes")
    note = models.CharField(_("note"), max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("wish")
        verbose_name_plural = _("wishes")
        ordering = ("position", "id")
        constraints = [models.UniqueConstraint(fields=("wish_list", "edition"), name="wish_once_per_edition")]


class SavedLine(KeptEdition):
    """Copies that were taken out of a basket for later. They stay with the shopper's open basket."""

    basket = models.ForeignKey("commerce.Basket", on_delete=models.CASCADE, related_name="saved_lines")
    quantity = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("line saved for later")
        verbose_name_plural = _("lines saved for later")
        ordering = ("added_at", "id")
        constraints = [
            models.UniqueConstraint(fields=("basket", "edition"), name="saved_line_once_per_edition"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1) & Q(quantity__lte=MAX_QUANTITY), name="saved_line_quantity_in_range"
            ),
        ]
