"""What a basket costs at a moment. Reads, never writes. The rounding rule is ADR 0004.

First everything that counts is read (`circumstances_of`), then the basket is reckoned from it, without a query
(`reckon`). What comes of it is a `commerce.priced.PricedBasket`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from catalog.offers import Offer, decide, offers_of
from commerce.currencies import Choice, choose
from commerce.discounts import Asked, Discounts, Goods, discounts_on
from commerce.eligibility import asked_for, typed_into
from commerce.models import Basket, BasketGiftCard, BasketLine, CheckoutDraft, DeliveryMethod, GiftCard, StockHold
from commerce.models.promotions import Promotion
from commerce.models.tax import tax_class_of
from commerce.price_law import Law, law_for
from commerce.priced import PricedBasket, destination
from commerce.priced_lines import NOTHING_HELD, Held, PricedLine, sellable_copies
from commerce.tax_territories import territory
from commerce.taxation import Rates, Tax
from core.money import Money, tax_within


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that the price of a basket depends on, at a moment."""

    at: dt.datetime
    rows: Sequence[BasketLine]
    offers: Sequence[Offer]
    """Of the rows, in their order and in the currency of `choice`."""
    choice: Choice
    draft: CheckoutDraft | None
    method: DeliveryMethod | None
    is_collected: bool
    rates: Rates
    held: Mapping[int, Held]
    """What shoppers in the checkout hold, by edition."""
    law: Law | None
    """None where nothing is reduced, so that no law has a say."""
    promotions: Sequence[Promotion]
    vouchers: Sequence[Asked]
    bought_cards: tuple[BasketGiftCard, ...]
    typed_cards: tuple[GiftCard, ...]


def price_basket(basket: Basket | None, at: dt.datetime | None = None) -> PricedBasket:
    """The basket at the prices, taxes and stock of `at` (now), with the delivery that its draft has chosen."""
    if basket is None:
        return PricedBasket(lines=(), currency=settings.SHOP_CURRENCY)
    return reckon(circumstances_of(basket, at or timezone.now()))


def circumstances_of(basket: Basket, at: dt.datetime) -> Circumstances:
    """Read what counts: the same few queries for one line and a hundred."""
    draft = CheckoutDraft.objects.select_related("invoice_address").filter(basket=basket).first() if basket.pk else None
    bought = BasketGiftCard.objects.filter(basket=OuterRef("basket"))
    rows = list(basket.lines.to_price().annotate(buys_gift_cards=Exists(bought)))
    typed = typed_into(basket)
    offers = offers_of([row.edition for row in rows], at)
    buys_cards = not rows or rows[0].buys_gift_cards
    today = timezone.localdate(at)
    choice = choose(basket.currency, [row.title for row in rows], offers, today, buys_gift_cards=buys_cards)
    if choice.currency != settings.SHOP_CURRENCY:
        offers = [decide(offer.terms, at, choice.currency) for offer in offers]
    method = _method(draft, choice.currency)
    is_collected = bool(method and method.is_collected) and not all(row.edition.is_digital for row in rows)
    email = draft.email if draft and draft.email else basket.user.email if basket.user else ""
    promotions, vouchers = Promotion.objects.on(at).gathered(), asked_for(basket, typed, email, at)
    is_reduced = promotions or vouchers or any(offer.ordinary_price for offer in offers)
    return Circumstances(
        at=at,
        rows=rows,
        offers=offers,
        choice=choice,
        draft=draft,
        method=method,
        is_collected=is_collected,
        rates=_rates(draft, today, is_collected=is_collected),
        held=_held(basket, rows, at),
        law=_law(draft, at, is_collected=is_collected) if is_reduced else None,
        promotions=promotions,
        vouchers=vouchers,
        # A basket of books costs no query more for the gift cards that it does not buy.
        bought_cards=tuple(basket.gift_cards.filter(currency=choice.currency)) if buys_cards else (),
        typed_cards=tuple(row.gift_card for row in typed if row.gift_card),
    )


def reckon(given: Circumstances) -> PricedBasket:
    """The basket under these circumstances. Asks the database nothing."""
    lines, reasons = [], set()
    for row, offer in zip(given.rows, given.offers, strict=True):
        edition = row.edition
        tax_class = tax_class_of(edition.format)
        tax = given.rates.tax_on(tax_class, is_digital=edition.is_digital)
        reasons.add(tax.reason)
        price, notice = _price(given, row, offer)
        kept = given.held.get(edition.pk, NOTHING_HELD)
        lines.append(
            PricedLine(
                pk=row.pk,
                edition=edition,
                offer=offer,
                quantity=row.quantity,
                unit=as_paid(price, tax, given.rates.at_home(tax_class), tax_included=offer.tax_included),
                seen=row.seen,
                tax_rate=tax.rate,
                limit=sellable_copies(edition, kept),
                held=kept,
                title=row.title,
                slug=row.slug,
                face=row.face if row.is_listed else "",
                entries=row.offers if row.is_listed else "",
                law_notice=notice,
            )
        )
    discounts = _discounts(given, lines)
    if discounts.applied:
        lines = [replace(line, off=discounts.off.get(line.pk, ())) for line in lines]
    return PricedBasket(
        lines=tuple(lines),
        currency=given.choice.currency,
        method=given.method,
        draft=given.draft,
        discounts=discounts,
        tax_free_reason=next(filter(None, reasons), ""),
        at=given.at,
        bought_cards=given.bought_cards,
        typed_cards=given.typed_cards,
        currencies=given.choice.payable,
        currency_notice=given.choice.notice,
    )


def _price(given: Circumstances, row: BasketLine, offer: Offer) -> tuple[Money, str]:
    """What a copy is sold at, and why, where the law wants more than the shop's offer."""
    if offer.price is None:
        return Money.zero(given.choice.currency), ""
    if given.law is None or offer.ordinary_price is None:
        return offer.price, ""
    price = given.law.lawful_price(row.edition, offer, given.is_collected) or offer.price
    return price, given.law.words_of(row.edition, offer, given.is_collected) if price != offer.price else ""


def _discounts(given: Circumstances, lines: Sequence[PricedLine]) -> Discounts:
    """What promotions and vouchers take off, as far as the price law lets them."""
    law = given.law
    if law is None or not (given.promotions or given.vouchers):
        return Discounts()
    goods = [
        Goods(
            key=line.pk,
            unit=line.unit,
            quantity=line.quantity,
            book_id=line.edition.product_id,
            tag_ids=line.tag_ids,
            refusal=law.refusal(line.edition, given.is_collected, line.offer),
            most_percent=law.left_to_take(line.edition, line.offer, given.is_collected),
            voucher_refusal=law.voucher_refusal(line.edition, is_named=False),
            named_voucher_refusal=law.voucher_refusal(line.edition, is_named=True),
        )
        for line in lines
        if line.offer.can_buy
    ]
    return discounts_on(goods, given.promotions, given.vouchers, given.choice.currency)


def _method(draft: CheckoutDraft | None, currency: str) -> DeliveryMethod | None:
    """The method that the draft has chosen, if it goes to the address."""
    if draft is None or draft.delivery_method_id is None:
        return None
    reaching = DeliveryMethod.objects.active(currency).to(draft.country.code, draft.postcode)
    return next((method for method in reaching if method.pk == draft.delivery_method_id), None)


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
