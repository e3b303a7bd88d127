"""What promotions and vouchers take off a basket. Pure: facts in, figures out. The rule order is docs/pricing.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commerce.models.promotions import OrderDiscount, Promotion, Rule, Voucher
from core.money import Money, share

PROMOTION, VOUCHER = OrderDiscount.Source.PROMOTION, OrderDiscount.Source.VOUCHER


@dataclass(frozen=True)
class Goods:
    """A basket line as the rules see it. `unit` includes tax."""

    key: int
    unit: Money
    quantity: int
    book_id: int
    tag_ids: frozenset[int] = frozenset()
    refusal: str = ""
    """Why the law allows no discount on it, in words; empty where it does."""
    most_percent: Decimal | None = None
    """The largest discount that the law allows on it."""
    voucher_refusal: str = ""
    """Why the law allows no voucher on it that everybody may use."""
    named_voucher_refusal: str = ""
    """Why it allows not even one that names its customers."""

    def refusal_of(self, voucher: Voucher) -> str:
        """Why the law lets a voucher take nothing off it; empty where it may."""
        if self.refusal or voucher.kind == Voucher.Kind.FREE_DELIVERY:
            return self.refusal
        return self.named_voucher_refusal if voucher.customers.strip() else self.voucher_refusal


@dataclass(frozen=True)
class Asked:
    """A voucher that the shopper typed; `refusal` where it cannot be theirs now, whatever the basket holds."""

    voucher: Voucher
    code: str
    refusal: str = ""


@dataclass(frozen=True)
class Applied:
    """What one promotion or voucher did. `note` says why it did nothing, or what it left out."""

    source: str
    rule_id: int
    name: str
    amount: Money
    code: str = ""
    frees_delivery: bool = False
    note: str = ""

    @property
    def is_refused(self) -> bool:
        """True where nothing came of it."""
        return not self.amount and not self.frees_delivery

    @property
    def label(self) -> str:
        """How it is named in the sums."""
        return f"{self.name} ({self.code})" if self.code else self.name

    @property
    def shown(self) -> dict[str, object]:
        """Label and amount for the sums; no amount where delivery is what became free."""
        return {"label": self.label, "amount": self.amount * -1 if self.amount else None}


@dataclass(frozen=True)
class Discounts:
    """All that is taken off. `off` has the reduction of each copy of each line, tax included."""

    applied: tuple[Applied, ...] = ()
    hints: tuple[str, ...] = ()
    off: dict[int, tuple[Money, ...]] = field(default_factory=dict)

    @property
    def frees_delivery(self) -> bool:
        """True where delivery is to cost nothing."""
        return any(found.frees_delivery for found in self.applied)


def discounts_on(
    goods: Sequence[Goods], promotions: Iterable[Promotion], asked: Sequence[Asked], currency: str
) -> Discounts:
    """Apply promotions in their order, then vouchers in the order in which they were typed."""
    copies = [_Copy(line) for line in goods for _number in range(line.quantity)]
    run = _Run(copies, currency)
    for promotion in promotions:
        if promotion.is_for(currency):
            run.promote(promotion)
    for one in asked:
        run.redeem(one)
    off: dict[int, list[Money]] = {line.key: [] for line in goods}
    for copy in copies:
        off[copy.goods.key].append(copy.goods.unit - copy.paid)
    return Discounts(tuple(run.applied), tuple(run.hints), {key: tuple(amounts) for key, amounts in off.items()})


class _Copy:
    """One copy and what it still costs."""

    def __init__(self, goods: Goods) -> None:
        self.goods = goods
        self.paid = goods.unit
        self.is_promoted = False
        most = goods.most_percent
        self._least = goods.unit - goods.unit * (most / 100) if most is not None else Money.zero(goods.unit.currency)

    def reduce(self, amount: Money) -> Money:
        """Take an amount off, no further than the law and zero allow; returns what was taken."""
        zero = Money.zero(amount.currency)
        taken = min(amount, max(self.paid - self._least, zero, key=_amount), key=_amount)
        self.paid -= taken
        return taken


def _amount(money: Money) -> Decimal:
    return money.amount


class _Run:
    """The copies of a basket while rules are applied to them one after another."""

    def __init__(self, copies: Sequence[_Copy], currency: str) -> None:
        self._copies = copies
        self._zero = Money.zero(currency)
        self.applied: list[Applied] = []
        self.hints: list[str] = []

    # --- Promotions ----------------------------------------------------------------------------------

    def promote(self, promotion: Promotion) -> None:
        """Apply a promotion to copies that no other has taken, and say what is missing where little is."""
        kinds = Promotion.Kind
        if promotion.kind == kinds.FREE_DELIVERY:
            self._free_delivery(promotion)
            return
        meant = [copy for copy in self._meant_by(promotion) if not copy.is_promoted]
        copies = [copy for copy in meant if not copy.goods.refusal]
        taken = self._zero
        if self._sum(copies).amount >= (promotion.minimum or 0):
            taken = self._reduce_groups(promotion, copies)
        size = 1 if promotion.kind == kinds.PERCENT else promotion.group
        is_earned = self._sum(meant).amount >= (promotion.minimum or 0) and len(meant) >= size
        note = next((copy.goods.refusal for copy in meant if copy.goods.refusal), "") if is_earned else ""
        if taken or note:
            self.applied.append(Applied(PROMOTION, promotion.pk, promotion.name, taken, note=note))

    def _reduce_groups(self, promotion: Promotion, copies: list[_Copy]) -> Money:
        """Reduce every full group, hint at what is missing for another one, and return by how much."""
        kinds = Promotion.Kind
        if promotion.kind == kinds.PERCENT:
            groups = [[copy] for copy in copies]
        else:
            copies.sort(key=lambda copy: (-copy.paid.amount, copy.goods.key))
            size = promotion.group
            groups = [copies[start : start + size] for start in range(0, len(copies) - size + 1, size)]
            if missing := -len(copies) % size:
                self._hint(promotion, missing if copies else 0)
        taken = self._zero
        for group in groups:
            taken += self._reduce_group(promotion, group)
        return taken

    def _reduce_group(self, promotion: Promotion, group: list[_Copy]) -> Money:
        """Reduce one full group, dearest copy first, and return by how much."""
        kinds = Promotion.Kind
        if promotion.kind == kinds.N_FOR_M:
            wishes = [(copy, copy.paid) for copy in group[promotion.paid :]]
        elif promotion.kind == kinds.NTH_CHEAPER:
            wishes = [(group[-1], group[-1].paid * ((promotion.percent or Decimal(0)) / 100))]
        elif promotion.kind == kinds.PERCENT:
            wishes = [(copy, copy.paid * ((promotion.percent or Decimal(0)) / 100)) for copy in group]
        else:
            too_much = self._sum(group) - Money(promotion.amount or Decimal(0), self._zero.currency)
            if too_much <= self._zero:
                return self._zero
            wishes = list(zip(group, share(too_much, [copy.paid.amount for copy in group]), strict=True))
        for copy in group:
            copy.is_promoted = True
        return sum((copy.reduce(amount) for copy, amount in wishes), self._zero)

    def _free_delivery(self, promotion: Promotion) -> None:
        goods, least = self._sum(self._meant_by(promotion)), promotion.minimum or Decimal(0)
        if goods and goods.amount >= least:
            self.applied.append(Applied(PROMOTION, promotion.pk, promotion.name, self._zero, frees_delivery=True))
        elif goods:
            missing = Money(least, self._zero.currency) - goods
            self.hints.append(_("%(amount)s more and delivery is free.") % {"amount": missing})

    def _hint(self, promotion: Promotion, missing: int) -> None:
        if missing:
            text = ngettext(
                "%(count)d more book and you have “%(name)s”.", "%(count)d more books and you have “%(name)s”.", missing
            )
            self.hints.append(text % {"count": missing, "name": promotion.name})

    # --- Vouchers ------------------------------------------------------------------------------------

    def redeem(self, asked: Asked) -> None:
        """Apply a voucher, or say why not."""
        voucher = asked.voucher
        copies, refusal = self._for_voucher(asked)
        taken, free = self._zero, False
        if not refusal and voucher.kind == Voucher.Kind.FREE_DELIVERY:
            free = True
        elif not refusal:
            for copy, amount in self._wishes(voucher, copies):
                taken += copy.reduce(amount)
        reasons = (copy.goods.refusal_of(voucher) for copy in self._meant_by(voucher))
        note = refusal or next(filter(None, reasons), "")
        if not refusal and not free and not taken:
            note = note or _("There is nothing left in the basket to take it off.")
        self.applied.append(Applied(VOUCHER, voucher.pk, voucher.name, taken, asked.code, free, "" if free else note))

    def _for_voucher(self, asked: Asked) -> tuple[list[_Copy], str]:
        """The copies that a voucher may reduce, or the reason why it may none."""
        voucher = asked.voucher
        meant = self._meant_by(voucher)
        if asked.refusal:
            return [], asked.refusal
        if not voucher.is_for(self._zero.currency):
            return [], _("This voucher is for orders in %(currency)s.") % {"currency": voucher.currency}
        others = [one for one in self.applied if one.source == VOUCHER and not one.is_refused]
        if others and not (voucher.is_combinable and self._others_combine):
            return [], _("It cannot be used together with “%(name)s”.") % {"name": others[0].name}
        if not meant:
            return [], _("It is for other books than those in your basket.")
        if voucher.minimum and self._sum(meant).amount < voucher.minimum:
            least = Money(voucher.minimum, self._zero.currency)
            return [], _("It needs books it is for worth %(amount)s.") % {"amount": least}
        copies = [copy for copy in meant if not copy.goods.refusal_of(voucher)]
        if voucher.kind != Voucher.Kind.FREE_DELIVERY and not copies:
            return [], meant[0].goods.refusal_of(voucher)
        self._others_combine = voucher.is_combinable
        return copies, ""

    _others_combine = True
    """Whether every voucher so far may stand beside another."""

    def _wishes(self, voucher: Voucher, copies: list[_Copy]) -> Iterable[tuple[_Copy, Money]]:
        if voucher.kind == Voucher.Kind.PERCENT:
            return [(copy, copy.paid * (voucher.value / 100)) for copy in copies]
        whole = min(Money(voucher.value, self._zero.currency), self._sum(copies), key=_amount)
        return zip(copies, share(whole, [copy.paid.amount for copy in copies]), strict=True)

    # --- Both ----------------------------------------------------------------------------------------

    def _meant_by(self, rule: Rule) -> list[_Copy]:
        tags, books = rule.tag_ids, rule.book_ids
        if not tags and not books:
            return list(self._copies)
        return [copy for copy in self._copies if copy.goods.book_id in books or copy.goods.tag_ids & tags]

    def _sum(self, copies: Iterable[_Copy]) -> Money:
        return sum((copy.paid for copy in copies), self._zero)
