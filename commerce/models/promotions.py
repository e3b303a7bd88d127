"""What marketers take off the price: promotions, which work by themselves, and vouchers, which are typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import Orderable
from wagtail.search import index

from commerce.codes import ALPHABET, bare
from core.money import Money, check_currency

CODE_LENGTH = 13
"""Random letters of a made code: 62 bits, which nobody guesses."""


class RuleQuerySet(models.QuerySet[Any]):
    """Sets of promotions or vouchers."""

    def on(self, at: dt.datetime) -> RuleQuerySet:
        """Those whose time it is."""
        begun = Q(starts_at__isnull=True) | Q(starts_at__lte=at)
        running = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
        return self.filter(begun, running, is_active=True)

    def gathered(self) -> list[Any]:
        """The rules with what they are for, in one query."""
        rows = self.annotate(scope_tag=F("tags__tag"), scope_book=F("books__page"))
        return with_scopes((row, row.scope_tag, row.scope_book) for row in rows)


def with_scopes(rows: Iterable[tuple[Rule, int | None, int | None]]) -> list[Rule]:
    """Rules from rows of rule, tag and book, one row for each: each rule once, with all that it is for."""
    rules: dict[int, Rule] = {}
    for row, tag_id, book_id in rows:
        rule = rules.setdefault(row.pk, row)
        if tag_id:
            rule.tag_ids |= {tag_id}
        if book_id:
            rule.book_ids |= {book_id}
    return list(rules.values())


class Rule(index.Indexed, ClusterableModel):
    """What promotions and vouchers have in common: when, on what, from which amount on."""

    name = models.CharField(
        _("name"), max_length=120, help_text=_("Shoppers read it in the basket: “3 for 2 on crime”.")
    )
    is_active = models.BooleanField(_("in use"), default=True)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    currency = models.CharField(
        _("currency"), max_length=3, default="GBP", validators=[check_currency], help_text=_("ISO 4217: GBP, EUR")
    )
    minimum = models.DecimalField(
        _("from an amount of"),
        max_digits=12,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("What the books it is for must cost together, tax included. Empty: any amount."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    search_fields = [index.SearchField("name"), index.AutocompleteField("name")]

    objects = RuleQuerySet.as_manager()

    in_money: ClassVar[frozenset[str]]
    """The kinds that are a sum of money."""
    tag_ids: frozenset[int] = frozenset()
    """Tags it is for, once it was `gathered`; with no book either: everything."""
    book_ids: frozenset[int] = frozenset()
    """Books it is for."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def is_for(self, currency: str) -> bool:
        """True for baskets in its currency, and for all where it names no sum: 3 for 2 is 3 for 2 in any money."""
        return self.currency == currency or not (self.minimum or self.kind in self.in_money)

    def clean(self) -> None:
        """It ends after it begins."""
        super().clean()
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("The end is before the beginning.")})


class Promotion(Rule):
    """A reduction that every basket gets by itself when it holds the right books."""

    class Kind(models.TextChoices):
        """What it does. Copies are taken in groups, the dearest together."""

        N_FOR_M = "n-for-m", _("So many for the price of fewer (3 for 2)")
        NTH_CHEAPER = "nth-cheaper", _("Every so many, the cheapest at a percentage less")
        SET_PRICE = "set-price", _("So many for a fixed amount")
        PERCENT = "percent", _("A percentage off each copy")
        FREE_DELIVERY = "free-delivery", _("Free delivery")

    in_money = frozenset({Kind.SET_PRICE})

    kind = models.CharField(_("what"), max_length=13, choices=Kind, default=Kind.N_FOR_M)
    group = models.PositiveSmallIntegerField(
        _("so many copies"), default=3, validators=[MinValueValidator(2), MaxValueValidator(50)],
        help_text=_("The 3 of “3 for 2”."),
    )  # fmt: skip
    paid = models.PositiveSmallIntegerField(
        _("copies that are paid"), default=2, validators=[MinValueValidator(1)], help_text=_("The 2 of “3 for 2”.")
    )
    percent = models.DecimalField(
        _("percent off"), max_digits=5, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(100))],
    )  # fmt: skip
    amount = models.DecimalField(
        _("amount"), max_digits=12, decimal_places=3, null=True, blank=True,
        validators=[MinValueValidator(Decimal(0))], help_text=_("What the group costs together, tax included."),
    )  # fmt: skip
    priority = models.PositiveSmallIntegerField(
        _("order"), default=100, help_text=_("Smaller first. A copy is in one promotion only: the first that takes it.")
    )

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ("priority", "id")

    def clean(self) -> None:
        """The figures that its kind needs are there."""
        super().clean()
        if self.kind == self.Kind.N_FOR_M and self.paid >= self.group:
            raise ValidationError({"paid": _("Fewer copies must be paid than are taken.")})
        if self.kind in {self.Kind.NTH_CHEAPER, self.Kind.PERCENT} and self.percent is None:
            raise ValidationError({"percent": _("How much is taken off?")})
        if self.kind == self.Kind.SET_PRICE and self.amount is None:
            raise ValidationError({"amount": _("What do they cost together?")})


class Voucher(Rule):
    """A reduction for who knows its code."""

    class Kind(models.TextChoices):
        """What it takes off."""

        AMOUNT = "amount", _("An amount")
        PERCENT = "percent", _("A percentage")
        FREE_DELIVERY = "free-delivery", _("Free delivery")

    in_money = frozenset({Kind.AMOUNT})

    kind = models.CharField(_("what"), max_length=13, choices=Kind, default=Kind.PERCENT)
    value = models.DecimalField(
        _("how much"), max_digits=12, decimal_places=3, default=Decimal(0), validators=[MinValueValidator(Decimal(0))],
        help_text=_("Percent, or an amount with tax. Nothing for free delivery."),
    )  # fmt: skip
    uses_in_all = models.PositiveIntegerField(_("orders in all"), null=True, blank=True)
    uses_per_customer = models.PositiveIntegerField(_("orders of one customer"), null=True, blank=True, default=1)
    uses_per_code = models.PositiveIntegerField(_("orders with one code"), null=True, blank=True)
    first_order_only = models.BooleanField(_("first order only"), default=False)
    customers = models.TextField(
        _("customers"), blank=True, help_text=_("E-mail addresses, one in a line. Empty: everybody.")
    )
    is_combinable = models.BooleanField(_("together with other vouchers"), default=False)
    used = models.PositiveIntegerField(_("used"), default=0, editable=False)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=Q(uses_in_all__isnull=True) | Q(used__lte=F("uses_in_all")), name="voucher_not_overused"
            )
        ]

    def clean(self) -> None:
        """A percentage is one; what takes something off says how much."""
        super().clean()
        if self.kind == self.Kind.PERCENT and not 0 < self.value <= 100:
            raise ValidationError({"value": _("A percentage lies between 0 and 100.")})
        if self.kind == self.Kind.AMOUNT and self.value <= 0:
            raise ValidationError({"value": _("How much is taken off?")})
        if self.uses_in_all is not None and self.uses_in_all < self.used:
            raise ValidationError({"uses_in_all": _("It was used %(count)d times already.") % {"count": self.used}})


class VoucherCode(models.Model):
    """What is typed for a voucher: a word, or one of a batch. Capitals, blanks and hyphens do not matter."""

    voucher = models.ForeignKey(Voucher, on_delete=models.CASCADE, related_name="codes")
    code = models.CharField(_("code"), max_length=40)
    bare = models.CharField(max_length=40, unique=True, editable=False)
    used = models.PositiveIntegerField(_("used"), default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("voucher code")
        verbose_name_plural = _("voucher codes")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the spelling by which it is found."""
        self.bare = bare(self.code)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """It has letters, and no other voucher has it."""
        self.bare = bare(self.code)
        if len(self.bare) < 3:
            raise ValidationError({"code": _("A code has at least three letters or digits.")})
        if VoucherCode.objects.filter(bare=self.bare).exclude(pk=self.pk).exists():
            raise ValidationError({"code": _("The code “%s” is taken.") % self.code})


def new_code() -> str:
    """A code that nobody guesses, in groups that are easily typed."""
    letters = get_random_string(CODE_LENGTH, ALPHABET)
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


class _Tag(Orderable):
    tag = models.ForeignKey("catalog.Tag", on_delete=models.CASCADE, related_name="+", verbose_name=_("tag"))

    class Meta(Orderable.Meta):
        abstract = True

    def __str__(self) -> str:
        return str(self.tag)


class _Book(Orderable):
    page = models.ForeignKey("catalog.ProductPage", on_delete=models.CASCADE, related_name="+", verbose_name=_("book"))

    class Meta(Orderable.Meta):
        abstract = True

    def __str__(self) -> str:
        return str(self.page)


class PromotionTag(_Tag):
    """A tag that a promotion is for."""

    rule = ParentalKey(Promotion, on_delete=models.CASCADE, related_name="tags")


class PromotionBook(_Book):
    """A book that a promotion is for."""

    rule = ParentalKey(Promotion, on_delete=models.CASCADE, related_name="books")


class VoucherTag(_Tag):
    """A tag that a voucher is for."""

    rule = ParentalKey(Voucher, on_delete=models.CASCADE, related_name="tags")


class VoucherBook(_Book):
    """A book that a voucher is for."""

    rule = ParentalKey(Voucher, on_delete=models.CASCADE, related_name="books")


class BasketCode(models.Model):
    """What a shopper typed into the box for codes: a voucher's code, or that of a gift card."""

    basket = models.ForeignKey("commerce.Basket", on_delete=models.CASCADE, related_name="codes")
    code = models.ForeignKey(VoucherCode, null=True, on_delete=models.CASCADE, related_name="+")
    gift_card = models.ForeignKey("commerce.GiftCard", null=True, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("code in a basket")
        verbose_name_plural = _("codes in baskets")
        ordering = ("added_at", "id")
        constraints = [
            models.UniqueConstraint(fields=("basket", "code"), name="basket_code_once"),
            models.UniqueConstraint(fields=("basket", "gift_card"), name="basket_gift_card_pays_once"),
            models.CheckConstraint(
                condition=Q(code__isnull=True, gift_card__isnull=False) | Q(code__isnull=False, gift_card__isnull=True),
                name="basket_code_is_voucher_or_gift_card",
            ),
        ]

    def __str__(self) -> str:
        return str(self.code or self.gift_card)


class Redemption(models.Model):
    """A voucher's use by an order. `is_withdrawn` once the order was cancelled: then it may be used again."""

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="redemptions")
    code = models.ForeignKey(VoucherCode, null=True, on_delete=models.SET_NULL, related_name="redemptions")
    order = models.ForeignKey("commerce.Order", on_delete=models.CASCADE, related_name="redemptions")
    customer = models.CharField(max_length=254, db_index=True, help_text=_("The e-mail address in its plain spelling."))
    at = models.DateTimeField(auto_now_add=True)
    is_withdrawn = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("use of a voucher")
        verbose_name_plural = _("uses of vouchers")
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=("voucher", "order"), name="voucher_once_per_order")]

    def __str__(self) -> str:
        return f"{self.voucher_id} {self.order_id}"


class OrderDiscount(models.Model):
    """What was taken off an order, or refused and why, in the words of that day."""

    class Source(models.TextChoices):
        PROMOTION = "promotion", _("Promotion")
        VOUCHER = "voucher", _("Voucher")

    order = models.ForeignKey("commerce.Order", on_delete=models.CASCADE, related_name="discounts")
    source = models.CharField(max_length=9, choices=Source)
    rule_id = models.PositiveBigIntegerField()
    name = models.CharField(max_length=120)
    code = models.CharField(max_length=40, blank=True)
    amount = models.DecimalField(max_digits=12, decimal_places=3, help_text=_("Taken off the books, tax included."))
    frees_delivery = models.BooleanField(default=False)
    refusal = models.TextField(blank=True)

    class Meta:
        verbose_name = _("discount of an order")
        verbose_name_plural = _("discounts of orders")
        ordering = ("id",)
        indexes = [models.Index(fields=("source", "rule_id"), name="order_discount_rule")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_refused(self) -> bool:
        """True where nothing came of it; `refusal` says why."""
        return not self.amount and not self.frees_delivery

    @property
    def shown(self) -> dict[str, Any]:
        """Label and amount for the sums. Reads `order`."""
        return {
            "label": f"{self.name} ({self.code})" if self.code else self.name,
            "amount": Money(-self.amount, self.order.currency) if self.amount else None,
        }
