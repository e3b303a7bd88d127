"""What a basket costs at a moment. Reads, never writes. The rounding rule is ADR 0004."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.addresses import book_url
from catalog.faces import Card, card_of_face
from catalog.models import Edition
from catalog.offers import Offer, decide, offers_of
from commerce.covers import PlainCover
from commerce.currencies import choose
from commerce.discounts import PROMOTION, VOUCHER, Applied, Discounts, Goods, discounts_on
from commerce.eligibility import asked_for, typed_into
from commerce.models import Basket, BasketGiftCard, BasketLine, CheckoutDraft, DeliveryMethod, GiftCard, StockHold
from commerce.models.basket import MAX_QUANTITY
from commerce.models.promotions import BasketCode, Promotion
from commerce.models.shipping import ASSUMED_WEIGHT_G
from commerce.models.tax import TaxClass, tax_class_of, tax_note
from commerce.paying import CardPayment, pay_with
from commerce.price_law import Law, law_for
from commerce.promises import Forecast, Part, parts_of, time_of_day
from commerce.tax_territories import territory
from commerce.taxation import Rates, Tax
from core.money import Money, share, tax_within


@dataclass(frozen=True, slots=True)
class Held:
    """Copies of an edition that are kept for shoppers in the checkout (`commerce.services.holds`)."""

    by_others: int = 0
    until: dt.datetime | None = None
    """When others let the first of them go."""
    for_us_until: dt.datetime | None = None


NOTHING_HELD = Held()


@dataclass(frozen=True)
class PricedLine:
    """A basket line at the price of the moment. Amounts include tax."""

    pk: int
    edition: Edition
    offer: Offer
    quantity: int
    unit: Money
    seen: Money | None
    tax_rate: Decimal
    limit: int
    """Copies that could be sold now."""
    held: Held = NOTHING_HELD
    title: str = ""
    slug: str = ""
    face: str = field(default="", repr=False)
    entries: str = field(default="", repr=False)
    """The book's row of the read model, as text: `face` and `offers`; empty where the public may not see it."""
    off: tuple[Money, ...] = ()
    """What promotions and vouchers take off each copy; none where they take off nothing."""
    law_notice: str = ""
    """Why the book costs more here than the shop's offer, in words."""

    @property
    def format_label(self) -> str:
        """Paperback, eBook …"""
        return self.edition.format_label

    @property
    def url(self) -> str:
        """The book's page with this edition chosen."""
        return f"{book_url(self.slug)}?edition={self.edition.sku}"

    @property
    def field_name(self) -> str:
        """The name of the quantity's field in the basket's form."""
        return f"quantity-{self.pk}"

    @cached_property
    def card(self) -> Card | PlainCover:
        """What the book's cover is drawn from."""
        if not self.face:
            return PlainCover(self.title)
        return card_of_face(json.loads(self.face), json.loads(self.entries), timezone.now())

    @property
    def tag_ids(self) -> frozenset[int]:
        """The tags of the book, as far as lists show it."""
        return frozenset(pk for pk, *_name in json.loads(self.face).get("tags", ())) if self.face else frozenset()

    @cached_property
    def copies(self) -> tuple[Money, ...]:
        """What each copy costs, discounts taken off."""
        return tuple(self.unit - amount for amount in self.off) if self.off else (self.unit,) * self.quantity

    @property
    def before(self) -> Money:
        """All copies of the line without discounts."""
        return self.unit * self.quantity

    @cached_property
    def total(self) -> Money:
        """All copies of the line."""
        return sum(self.copies, Money.zero(self.unit.currency)) if self.off else self.before

    @cached_property
    def tax(self) -> Money:
        """The tax in all copies, rounded for each."""
        taxes = (tax_within(paid, self.tax_rate) * count for paid, count in Counter(self.copies).items())
        return sum(taxes, Money.zero(self.unit.currency))

    @property
    def price_notice(self) -> str:
        """What the shopper is told where the price is not the one they knew."""
        if self.seen is None or self.seen == self.unit or not self.offer.can_buy:
            return ""
        if self.seen.currency != self.unit.currency:  # which `PricedBasket.currency_notice` is about
            return ""
        return _("The price of %(title)s changed from %(old)s to %(new)s.") % {
            "title": self.title, "old": self.seen, "new": self.unit,
        }  # fmt: skip

    @property
    def here(self) -> int:
        """Copies on the shelf that nobody was promised and no other shopper holds."""
        return free_copies(self.edition, self.held)

    @property
    def supply_notice(self) -> str:
        """What the shopper is told where the shelf has some of the copies and the supplier the others."""
        here = self.here
        if self.edition.is_digital or self.problem or not 0 < here < self.quantity:
            return ""
        return ngettext(
            "%(count)d copy is here; the others come from our supplier.",
            "%(count)d copies are here; the others come from our supplier.",
            here,
        ) % {"count": here}

    @property
    def problem(self) -> str:
        """Why the line cannot be ordered as it is; empty where it can."""
        if not self.offer.can_buy and self.offer.availability.is_offered:
            return _("%(title)s has just been sold out. Please remove it.") % {"title": self.title}
        if not self.offer.can_buy:
            return _("%(title)s cannot be bought any more. Please remove it.") % {"title": self.title}
        if self.quantity > self.limit and self.held.until:
            return self._held_by_others(self.held.until)
        if self.quantity > self.limit:
            return ngettext(
                "Only %(count)d copy of %(title)s is left.", "Only %(count)d copies of %(title)s are left.", self.limit
            ) % {"count": self.limit, "title": self.title}
        return ""

    def _held_by_others(self, until: dt.datetime) -> str:
        facts = {"count": self.limit, "title": self.title, "time": time_of_day(until)}
        if not self.limit:
            return (
                _("%(title)s is held by another shopper until %(time)s. What is not bought is free again then.") % facts
            )
        return (
            ngettext(
                "Only %(count)d copy of %(title)s is free; another shopper holds more of them until %(time)s.",
                "Only %(count)d copies of %(title)s are free; another shopper holds more of them until %(time)s.",
                self.limit,
            )
            % facts
        )


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
                copies.append((line.title, leaves_on, self.forecast.arrives_by(leaves_on)))
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


def price_basket(basket: Basket | None, at: dt.datetime | None = None) -> PricedBasket:
    """The basket at the prices, taxes and stock of `at` (now), with the delivery that its draft has chosen.

    Costs the same few queries for one line and a hundred.
    """
    at = at or timezone.now()
    if basket is None:
        return PricedBasket(lines=(), currency=settings.SHOP_CURRENCY)
    draft = CheckoutDraft.objects.select_related("invoice_address").filter(basket=basket).first() if basket.pk else None
    bought = BasketGiftCard.objects.filter(basket=OuterRef("basket"))
    rows = list(basket.lines.to_price().annotate(buys_gift_cards=Exists(bought)))
    typed = typed_into(basket)
    offers = offers_of([row.edition for row in rows], at)
    buys_cards = not rows or rows[0].buys_gift_cards
    today = timezone.localdate(at)
    choice = choose(basket.currency, [row.title for row in rows], offers, today, buys_gift_cards=buys_cards)
    currency = choice.currency
    if currency != settings.SHOP_CURRENCY:
        offers = [decide(offer.terms, at, currency) for offer in offers]
    method = _method(draft, currency)
    is_collected = bool(method and method.is_collected) and not all(row.edition.is_digital for row in rows)
    rates = _rates(draft, today, is_collected=is_collected)
    held = _held(basket, rows, at)
    is_offered = any(offer.ordinary_price for offer in offers)
    law = _law(draft, at, is_collected=is_collected) if is_offered else None
    lines, reasons = [], set()
    for row, offer in zip(rows, offers, strict=True):
        edition = row.edition
        tax_class = tax_class_of(edition.format)
        tax = rates.tax_on(tax_class, is_digital=edition.is_digital)
        reasons.add(tax.reason)
        price = (law.lawful_price(edition, offer, is_collected) if law else offer.price) or Money.zero(currency)
        kept = held.get(edition.pk, NOTHING_HELD)
        lines.append(
            PricedLine(
                pk=row.pk,
                edition=edition,
                offer=offer,
                quantity=row.quantity,
                unit=as_paid(price, tax, rates.at_home(tax_class), tax_included=offer.tax_included),
                seen=row.seen,
                tax_rate=tax.rate,
                limit=sellable_copies(edition, kept),
                held=kept,
                title=row.title,
                slug=row.slug,
                face=row.face if row.is_listed else "",
                entries=row.offers if row.is_listed else "",
                law_notice=law.words_of(edition, offer, is_collected) if law and price != offer.price else "",
            )
        )
    reason = next(filter(None, reasons), "")
    found = _discounts(basket, typed, lines, draft, at, currency, is_collected=is_collected)
    if found.applied:
        lines = [replace(line, off=found.off.get(line.pk, ())) for line in lines]
    return PricedBasket(
        lines=tuple(lines),
        currency=currency,
        currencies=choice.payable,
        currency_notice=choice.notice,
        method=method,
        draft=draft,
        discounts=found,
        tax_free_reason=reason,
        at=at,
        # A basket of books costs no query more for the gift cards that it does not buy.
        bought_cards=tuple(basket.gift_cards.filter(currency=currency)) if buys_cards else (),
        typed_cards=tuple(row.gift_card for row in typed if row.gift_card),
    )


def _method(draft: CheckoutDraft | None, currency: str) -> DeliveryMethod | None:
    """The method that the draft has chosen, if it goes to the address."""
    if draft is None or draft.delivery_method_id is None:
        return None
    reaching = DeliveryMethod.objects.active(currency).to(draft.country.code, draft.postcode)
    return next((method for method in reaching if method.pk == draft.delivery_method_id), None)


def _discounts(
    basket: Basket,
    typed: Sequence[BasketCode],
    lines: Sequence[PricedLine],
    draft: CheckoutDraft | None,
    at: dt.datetime,
    currency: str,
    *,
    is_collected: bool,
) -> Discounts:
    """What promotions and the vouchers in the basket take off its lines, as far as the price law lets them."""
    email = draft.email if draft and draft.email else basket.user.email if basket.user else ""
    promotions = Promotion.objects.on(at).gathered()
    asked = asked_for(basket, typed, email, at)
    if not promotions and not asked:
        return Discounts()
    law = _law(draft, at, is_collected=is_collected)
    goods = [
        Goods(
            key=line.pk,
            unit=line.unit,
            quantity=line.quantity,
            book_id=line.edition.product_id,
            tag_ids=line.tag_ids,
            refusal=law.refusal(line.edition, is_collected, line.offer),
            most_percent=law.left_to_take(line.edition, line.offer, is_collected),
            voucher_refusal=law.voucher_refusal(line.edition, is_named=False),
            named_voucher_refusal=law.voucher_refusal(line.edition, is_named=True),
        )
        for line in lines
        if line.offer.can_buy
    ]
    return discounts_on(goods, promotions, asked, currency)


def destination(draft: CheckoutDraft | None, *, is_collected: bool) -> tuple[str, str]:
    """The country whose law and taxes count, and the postcode there: the shop's own where the customer collects.

    So does it while there is no address.
    """
    if draft is None or is_collected:
        return settings.SHOP_COUNTRY, ""
    return draft.country.code, draft.postcode


def _law(draft: CheckoutDraft | None, at: dt.datetime, *, is_collected: bool) -> Law:
    """The law on book prices that counts."""
    country, _postcode = destination(draft, is_collected=is_collected)
    return law_for(country, timezone.localdate(at))


def _rates(draft: CheckoutDraft | None, on: dt.date, *, is_collected: bool) -> Rates:
    """The taxes of the destination."""
    there, shop = territory(*destination(draft, is_collected=is_collected)), territory(settings.SHOP_COUNTRY)
    return Rates(there, shop, on, draft.vat_id if draft else "")


def as_paid(price: Money, tax: Tax, rate_at_home: Decimal, *, tax_included: bool) -> Money:
    """The price of a copy as the shopper pays it. What is free of tax costs its net price."""
    if not tax_included:
        return price * ((100 + tax.rate) / Decimal(100))
    return price - tax_within(price, rate_at_home) if tax.reason else price


def _held(basket: Basket, rows: Iterable[BasketLine], at: dt.datetime) -> dict[int, Held]:
    """What shoppers in the checkout hold of the editions in a basket."""
    found: dict[int, Held] = {}
    holds = StockHold.objects.active(at).filter(edition__in=[row.edition_id for row in rows]).order_by("until")
    for pk, owner, quantity, until in holds.values_list("edition", "basket", "quantity", "until"):
        known = found.get(pk, NOTHING_HELD)
        if owner == basket.pk:
            found[pk] = replace(known, for_us_until=until)
        else:
            found[pk] = replace(known, by_others=known.by_others + quantity, until=known.until or until)
    return found


def free_copies(edition: Edition, held: Held) -> int:
    """Copies on the shelf that nobody was promised and no other shopper holds."""
    return max(edition.available_copies() - held.by_others, 0)


def sellable_copies(edition: Edition, held: Held = NOTHING_HELD) -> int:
    """How many copies one basket may have: what is free on the shelf, unless more can be had elsewhere."""
    return MAX_QUANTITY if edition.can_order_without_stock else min(free_copies(edition, held), MAX_QUANTITY)
