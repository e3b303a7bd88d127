"""What a basket costs, figure by figure: the lines, sums and sentences that every page of it shows."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from commerce.discounts import PROMOTION, VOUCHER, Applied, Discounts
from commerce.models import BasketGiftCard, CheckoutDraft, DeliveryMethod, GiftCard
from commerce.models.shipping import ASSUMED_WEIGHT_G
from commerce.models.tax import TaxClass, tax_class_of, tax_note
from commerce.paying import CardPayment, pay_with
from commerce.price_law import Law, law_for
from commerce.priced_lines import PricedLine
from commerce.promises import Forecast, Part, parts_of, time_of_day
from core.money import Money, share, tax_within


@dataclass(frozen=True)
class TaxSum:
    """What a basket holds at one rate, delivery's share included."""

    rate: Decimal
    gross: Money
    tax: Money

    @property
    def net(self) -> Money:
        """Without the tax."""
        return self.gross - self.tax


@dataclass(frozen=True)
class PricedBasket:
    """A basket with every figure of the moment. `delivery` is None until a method is chosen or where none is needed."""

    lines: tuple[PricedLine, ...]
    currency: str
    """That of every amount in it."""
    method: DeliveryMethod | None = None
    draft: CheckoutDraft | None = field(default=None, repr=False)
    discounts: Discounts = field(default_factory=Discounts, repr=False)
    tax_free_reason: str = ""
    """Why it, or what of it goes by post, bears no tax (`TaxFreeReason`); empty where it does."""
    at: dt.datetime | None = None
    """The moment whose prices, taxes, laws and dates these are."""
    bought_cards: tuple[BasketGiftCard, ...] = ()
    """Gift cards that it buys: money for later, so no rule, tax or delivery knows of them."""
    typed_cards: tuple[GiftCard, ...] = field(default=(), repr=False)
    """Gift cards that are to pay for it, as they were typed."""
    currencies: tuple[str, ...] = ()
    """Those in which it could be paid, the shop's first."""
    currency_notice: str = ""
    """Why it is not in the currency that the shopper chose."""

    @property
    def other_currencies(self) -> list[str]:
        """Those in which it could be paid and is not."""
        return [currency for currency in self.currencies if currency != self.currency]

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to order."""
        return not self.lines and not self.bought_cards

    @property
    def shown_lines(self) -> tuple[PricedLine | BasketGiftCard, ...]:
        """Everything that is bought, for a summary."""
        return (*self.lines, *self.bought_cards)

    @cached_property
    def count(self) -> int:
        """Copies in the basket, and gift cards."""
        return sum(line.quantity for line in self.lines) + len(self.bought_cards)

    @cached_property
    def bought_cards_total(self) -> Money:
        """What the gift cards that it buys hold."""
        return sum((card.total for card in self.bought_cards), Money.zero(self.currency))

    @cached_property
    def goods(self) -> Money:
        """The books, tax included, and the gift cards."""
        return sum((line.total for line in self.lines), self.bought_cards_total)

    @cached_property
    def needs_delivery(self) -> bool:
        """True where something goes by post."""
        return any(not line.edition.is_digital for line in self.lines)

    @property
    def has_downloads(self) -> bool:
        """True where something is not posted."""
        return any(line.edition.is_digital for line in self.lines)

    @cached_property
    def delivery(self) -> Money | None:
        """What the chosen method costs."""
        if self.method is None or not self.needs_delivery:
            return None
        return self.price_of(self.method)

    def price_of(self, method: DeliveryMethod) -> Money:
        """What a method costs for this basket: never less than the law of the destination wants."""
        price = method.price_for(self.posted_goods, self.weight_g)
        if self.discounts.frees_delivery:
            price = Money.zero(self.currency)
        if method.is_collected or self.law is None:
            return price
        return max(price, self.law.least_delivery(self.posted_goods, self.new_books), key=lambda cost: cost.amount)

    @property
    def held_until(self) -> str:
        """Until when all that is on the shelf is kept for this shopper, as a time of the day; empty where it is not."""
        wanted = [line for line in self.lines if not line.edition.is_digital and line.here]
        moments = [line.held.for_us_until for line in wanted]
        known = [moment for moment in moments if moment]
        return time_of_day(min(known)) if known and len(known) == len(moments) else ""

    @cached_property
    def forecast(self) -> Forecast:
        """The dates on which things leave and arrive; to the shop's own country while there is no address."""
        country, _postcode = destination(self.draft, is_collected=self.is_collected)
        return Forecast(self.at or timezone.now(), country, self.method)

    @cached_property
    def parts(self) -> list[Part]:
        """What goes by post or is collected, put together by the day on which it leaves."""
        copies = []
        for line in self.lines:
            if line.edition.is_digital or line.problem:
                continue
            here = min(line.here, line.quantity)
            for is_here in (True,) * (here > 0) + (False,) * (here < line.quantity):
                leaves_on = self.forecast.leaves_on(line.edition, line.offer.availability.code, is_here=is_here)
                copies.append((line.title, line.format_label, leaves_on, self.forecast.arrives_by(leaves_on)))
        return parts_of(copies, is_collected=self.is_collected)

    @cached_property
    def law(self) -> Law | None:
        """The law on book prices at the destination; None while there is no address."""
        return law_for(self.draft.country.code, timezone.localdate(self.at)) if self.draft else None

    @property
    def is_collected(self) -> bool:
        """True where the shopper fetches the books."""
        return self.needs_delivery and self.method is not None and self.method.is_collected

    @property
    def pickup_lines(self) -> list[str]:
        """Where the books are collected and when it is open; empty where they are sent."""
        point = self.method.pickup_point if self.method and self.is_collected else None
        return point.lines if point else []

    @property
    def needs_address(self) -> bool:
        """True where a street is needed."""
        return self.needs_delivery and not self.is_collected

    @property
    def delivery_shown(self) -> Money | None:
        """As `delivery`, but nothing to pay where nothing is posted."""
        return self.delivery if self.needs_delivery else Money.zero(self.currency)

    @property
    def delivery_label(self) -> str:
        """How the order travels."""
        if not self.needs_delivery:
            return _("Download") if self.lines else _("By e-mail")
        return self.method.name if self.method else ""

    @cached_property
    def goods_before(self) -> Money:
        """The same before promotions and vouchers."""
        return sum((line.before for line in self.lines), self.bought_cards_total)

    @property
    def redeemed(self) -> list[Applied]:
        """The promotions and vouchers that something came of."""
        return [found for found in self.discounts.applied if not found.is_refused]

    @property
    def reductions(self) -> list[dict[str, object]]:
        """What they took off, for the sums."""
        return [found.shown for found in self.redeemed]

    @property
    def refused_promotions(self) -> list[Applied]:
        """The promotions that the price law kept from the basket, or from a part of it, with the reason."""
        return [found for found in self.discounts.applied if found.source == PROMOTION and found.note]

    @property
    def codes(self) -> list[Applied]:
        """The vouchers that were typed, with what became of each."""
        return [found for found in self.discounts.applied if found.source == VOUCHER]

    @cached_property
    def posted_goods(self) -> Money:
        """What goes by post, tax included."""
        posted = (line.total for line in self.lines if not line.edition.is_digital)
        return sum(posted, Money.zero(self.currency))

    @cached_property
    def new_books(self) -> Money:
        """The new printed books of it, which some laws count apart."""
        books = (line for line in self.lines if tax_class_of(line.edition.format) == TaxClass.BOOKS)
        return sum((line.total for line in books if line.edition.is_new), Money.zero(self.currency))

    @cached_property
    def weight_g(self) -> int:
        """What goes by post weighs, in grams."""
        posted = (line for line in self.lines if not line.edition.is_digital)
        return sum((line.edition.weight_g or ASSUMED_WEIGHT_G) * line.quantity for line in posted)

    @cached_property
    def total(self) -> Money:
        """What is to be paid, by whatever means."""
        return self.goods + (self.delivery or Money.zero(self.currency))

    @cached_property
    def gift_cards(self) -> tuple[CardPayment, ...]:
        """What gift cards pay of the total: all but other gift cards."""
        return pay_with(self.typed_cards, self.total - self.bought_cards_total)

    @property
    def card_payments(self) -> list[dict[str, object]]:
        """What they pay, for the sums."""
        return [card.shown for card in self.gift_cards if card.used]

    @cached_property
    def to_pay(self) -> Money:
        """What is left to pay by other means."""
        return self.total - sum((card.used for card in self.gift_cards), Money.zero(self.currency))

    @cached_property
    def delivery_shares(self) -> dict[Decimal, Money]:
        """The delivery charge shared over the rates of what is posted, by value: its tax follows the goods."""
        if not self.delivery:
            return {}
        weights: dict[Decimal, Decimal] = {}
        for line in self.lines:
            if not line.edition.is_digital:
                weights[line.tax_rate] = weights.get(line.tax_rate, Decimal(0)) + line.total.amount
        rates = sorted(weights)
        return dict(zip(rates, share(self.delivery, [weights[rate] for rate in rates]), strict=True))

    @cached_property
    def delivery_tax(self) -> Money:
        """The tax in the delivery charge."""
        parts = (tax_within(part, rate) for rate, part in self.delivery_shares.items())
        return sum(parts, Money.zero(self.currency))

    @cached_property
    def taxes(self) -> tuple[TaxSum, ...]:
        """One sum per rate, lowest first; they add up to the total without the gift cards that it buys."""
        zero = Money.zero(self.currency)
        gross: dict[Decimal, Money] = {}
        tax: dict[Decimal, Money] = {}
        for line in self.lines:
            gross[line.tax_rate] = gross.get(line.tax_rate, zero) + line.total
            tax[line.tax_rate] = tax.get(line.tax_rate, zero) + line.tax
        for rate, part in self.delivery_shares.items():
            gross[rate] += part
            tax[rate] += tax_within(part, rate)
        return tuple(TaxSum(rate, gross[rate], tax[rate]) for rate in sorted(gross))

    @cached_property
    def tax(self) -> Money:
        """The tax that is in the total."""
        return sum((row.tax for row in self.taxes), Money.zero(self.currency))

    @property
    def tax_note(self) -> str:
        """What is said of tax below a total."""
        return tax_note(self.tax, self.tax_free_reason)

    @cached_property
    def problems(self) -> list[str]:
        """Everything that stands in the way of an order."""
        return [line.problem for line in self.lines if line.problem]

    @cached_property
    def fingerprint(self) -> str:
        """Equal for two baskets that a shopper would call the same order: books, prices, address, delivery, payment."""
        draft = self.draft
        facts = [
            [
                [line.edition.pk, line.quantity, str(line.unit.amount), str(line.total.amount), str(line.tax_rate)]
                for line in self.lines
            ],
            [[found.code, found.rule_id, str(found.amount.amount)] for found in self.discounts.applied],
            self.method.pk if self.method else None,
            str(self.delivery.amount) if self.delivery else None,
            [draft.email, draft.vat_id, *draft.address_lines, *draft.invoice_lines] if draft else None,
            [[card.title, str(card.amount), card.how, card.message, str(card.send_on)] for card in self.bought_cards],
            [[card.card_id, str(card.used.amount)] for card in self.gift_cards],
            str(self.total.amount), self.currency,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def destination(draft: CheckoutDraft | None, *, is_collected: bool) -> tuple[str, str]:
    """The country whose law and taxes count, and the postcode there: the shop's own where the customer collects.

    So does it while there is no address.
    """
    if draft is None or is_collected:
        return settings.SHOP_COUNTRY, ""
    return draft.country.code, draft.postcode
