"""From basket to order."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.addresses import FIELDS, STREET
from accounts.models import Address, User
from catalog import stock
from catalog.choices import Role
from catalog.models import Contribution
from commerce import gateways, pricing
from commerce.exceptions import IncompleteCheckout, OrderChanged, OutOfStock
from commerce.models import (
    Basket,
    BasketGiftCard,
    CheckoutDraft,
    DeliveryMethod,
    GiftCard,
    InvoiceAddress,
    Order,
    OrderDiscount,
    OrderLine,
    OrderTax,
    SellerSettings,
)
from commerce.models.gift_cards import GIFT_CARD_SKU, Recipient
from commerce.models.order import EventKind, PaymentMethod, new_number
from commerce.priced import PricedBasket
from commerce.priced_lines import PricedLine
from commerce.promises import Forecast, time_of_day
from commerce.services import baskets, gift_cards, holds, invoicing, ledger, orders, vouchers
from core import crash
from core.mail.outbox import post
from core.money import Money, tax_within


def save_address(
    basket_id: int, email: str, address: dict[str, str], invoice: dict[str, str] | None = None
) -> CheckoutDraft:
    """Remember who gets the order and where it goes, on the basket; and where its invoice goes, if elsewhere.

    Raises:
        IncompleteCheckout: the basket has been ordered, or has joined another one at a sign-in.
    """
    with transaction.atomic():
        if Basket.objects.open().select_for_update().filter(pk=basket_id).first() is None:
            raise IncompleteCheckout("basket")
        draft, _made = CheckoutDraft.objects.update_or_create(basket_id=basket_id, defaults={"email": email, **address})
        if invoice is None:
            InvoiceAddress.objects.filter(draft=draft).delete()
        else:
            InvoiceAddress.objects.update_or_create(draft=draft, defaults=invoice)
    return draft


def save_vat_id(basket_id: int, vat_id: str) -> None:
    """Remember the VAT number of a business, checked by its form."""
    CheckoutDraft.objects.filter(basket_id=basket_id).update(vat_id=vat_id, updated_at=timezone.now())


def choose_delivery(basket_id: int, method: DeliveryMethod) -> None:
    """Remember how the order travels."""
    CheckoutDraft.objects.filter(basket_id=basket_id).update(delivery_method=method, updated_at=timezone.now())


def delivery_choices(priced: PricedBasket) -> list[DeliveryMethod]:
    """The methods that reach the address of the draft, in the shop's order."""
    if priced.draft is None or not priced.needs_delivery:
        return []
    return DeliveryMethod.objects.active(priced.currency).to(priced.draft.country.code, priced.draft.postcode)


def pickup_choices(priced: PricedBasket) -> list[DeliveryMethod]:
    """The ways to collect what is printed, for which no address is needed."""
    return list(DeliveryMethod.objects.active(priced.currency).collected()) if priced.needs_delivery else []


def check_complete(priced: PricedBasket) -> None:
    """Refuse what cannot be ordered yet.

    Raises:
        IncompleteCheckout: names the step that is missing.
        OutOfStock: a line cannot be had as it is.
    """
    if priced.is_empty:
        raise IncompleteCheckout("basket", _("Your basket is empty."))
    if priced.problems:
        raise OutOfStock(" ".join(priced.problems))
    draft = priced.draft
    if draft is None or not draft.email or not draft.full_name or (priced.needs_address and not draft.line_1):
        raise IncompleteCheckout("checkout", _("Please tell us where the books go first."))
    if priced.needs_delivery and priced.method is None:
        raise IncompleteCheckout("checkout_delivery", _("Please choose how the books travel first."))


def ways_to_pay(priced: PricedBasket) -> list[PaymentMethod]:
    """What the shopper can choose from."""
    return gateways.methods_for(
        priced.currency,
        is_collected=priced.is_collected,
        is_sent=priced.needs_address,
        cash_on_delivery=SellerSettings.load().cash_on_delivery,
    )


def place_order(
    basket_id: int,
    *,
    seen: str,
    method: str = PaymentMethod.INVOICE,
    user: User | None = None,
    waives_withdrawal: bool = False,
) -> Order:
    """Make an order of a basket, once: asked again, the same order is returned.

    In one transaction: prices are read again, copies promised, everything copied, the invoice issued (unless the
    money must come first), the confirmation queued. `seen` is the fingerprint of what the shopper confirmed;
    `waives_withdrawal` that they want downloads at once and know what that costs them. Whether it is paid online or
    not, the basket is done with: an order that is not paid in time is cancelled and can be placed anew.

    Raises:
        IncompleteCheckout: a step is missing.
        OrderChanged: the order would not be what was confirmed.
        OutOfStock: a copy was sold to somebody else. Nothing is promised or written then.
    """
    with transaction.atomic():
        basket = Basket.objects.select_for_update().filter(pk=basket_id).first()
        if basket is None:  # it joined another one at a sign-in
            raise IncompleteCheckout("basket")
        if existing := Order.objects.filter(basket=basket).first():
            return existing
        now = timezone.now()
        priced = pricing.price_basket(basket, now)
        check_complete(priced)
        if priced.fingerprint != seen:
            raise OrderChanged
        if priced.to_pay and method not in ways_to_pay(priced):
            raise OrderChanged(_("Please choose how you pay."))
        crash.here("before-hold")
        number = new_number()
        promised = _allocate(basket, priced, number)
        crash.here("after-hold")
        order = _write(basket, priced, promised, number, method, user, waives_withdrawal=waives_withdrawal)
        holds.let_go(basket)
        crash.here("after-order-rows")
        vouchers.redeem(order, priced.redeemed)
        crash.here("after-voucher")
        orders.record(order, EventKind.PLACED, user)
        for entry in gift_cards.charge(order, priced.gift_cards):
            ledger.capture(order.pk, PaymentMethod.GIFT_CARD, entry.money * -1, reference=entry.reference)
        ledger.follow(orders.lock(order.pk))
        if user is not None:
            _remember_addresses(user, order)
        CheckoutDraft.objects.filter(basket=basket).delete()
        baskets.submit(basket)
        invoicing.issue_at_placing(order)
        crash.here("after-invoice")
        post("order", order.email, key=f"order:{order.pk}", language=order.language, order_id=order.pk)
        crash.here("before-commit")
    crash.here("after-commit")
    order.refresh_from_db(fields=["payment_status"])
    return order


def _allocate(basket: Basket, priced: PricedBasket, number: str) -> Counter[int]:
    """Promise the copies on the shelf; what the supplier has yet to send is left out. Downloads have no copies."""
    wanted = {line.edition.pk: line for line in priced.lines if not line.edition.is_digital}
    # Locked in ascending order, so that the copies counted here are still there a moment later.
    free = holds.lock_free(basket, wanted, timezone.now())
    promised: Counter[int] = Counter()
    for edition_id, line in wanted.items():
        copies, here = line.quantity, free[edition_id]
        if line.edition.can_order_without_stock:
            copies = min(copies, here.copies)
        elif copies > here.copies and here.held_until:
            raise OutOfStock(
                _("%(title)s is held by another shopper until %(time)s.")
                % {"title": line.title, "time": time_of_day(here.held_until)}
            )
        if copies:
            promised[edition_id] = copies
    try:
        stock.allocate(promised, order=number)
    except stock.InsufficientStock as shortage:
        title = wanted[shortage.edition_id].title
        raise OutOfStock(_("%(title)s has just been sold out.") % {"title": title}) from shortage
    return promised


def _write(
    basket: Basket,
    priced: PricedBasket,
    promised: Counter[int],
    number: str,
    method: str,
    user: User | None,
    *,
    waives_withdrawal: bool,
) -> Order:
    draft = priced.draft
    if draft is None:
        raise IncompleteCheckout("checkout")
    delivery = priced.delivery or Money.zero(priced.currency)
    order = Order.objects.create(
        number=number,
        basket=basket,
        user=user,
        email=draft.email,
        **_address(draft, priced),
        payment_method=PaymentMethod.GIFT_CARD if priced.gift_cards and not priced.to_pay else method,
        currency=priced.currency,
        goods_amount=priced.goods.amount,
        discount_amount=(priced.goods_before - priced.goods).amount,
        delivery_name=priced.method.name if priced.method and priced.needs_delivery else "",
        pickup_place="\n".join(priced.pickup_lines),
        delivery_amount=delivery.amount,
        delivery_tax_amount=priced.delivery_tax.amount,
        tax_amount=priced.tax.amount,
        total_amount=priced.total.amount,
        vat_id=draft.vat_id,
        tax_free_reason=priced.tax_free_reason,
        waives_withdrawal=waives_withdrawal,
        placed_at=timezone.now(),
    )
    InvoiceAddress.objects.filter(draft=draft).update(draft=None, order=order)
    bylines = _bylines({line.edition.product_id for line in priced.lines})
    OrderLine.objects.bulk_create(
        copy
        for line in priced.lines
        for copy in _copies(
            order, line, priced.forecast, bylines.get(line.edition.product_id, ""), promised[line.edition.pk]
        )
    )
    for card in priced.bought_cards:
        _write_gift_card(order, card)
    OrderDiscount.objects.bulk_create(
        OrderDiscount(
            order=order,
            source=found.source,
            rule_id=found.rule_id,
            name=found.name,
            code=found.code,
            amount=found.amount.amount,
            frees_delivery=found.frees_delivery,
            refusal=found.note,
        )
        for found in priced.discounts.applied
    )
    OrderTax.objects.bulk_create(
        OrderTax(order=order, rate=row.rate, gross=row.gross.amount, net=row.net.amount, tax=row.tax.amount)
        for row in priced.taxes
    )
    return order


def _address(draft: CheckoutDraft, priced: PricedBasket) -> dict[str, Any]:
    """The address of an order; of one that is collected, the name and the shop's own country."""
    fields = {name: getattr(draft, name) for name in FIELDS}
    if priced.is_collected:
        fields |= {**dict.fromkeys(STREET, ""), "country": settings.SHOP_COUNTRY}
    return fields


def _copies(order: Order, line: PricedLine, forecast: Forecast, byline: str, promised: int) -> list[OrderLine]:
    """One row per copy: each can be sent, cancelled or returned alone."""
    edition, code = line.edition, line.offer.availability.code
    dates = {is_here: forecast.leaves_on(edition, code, is_here=is_here) for is_here in (True, False)}
    if edition.is_digital and code != "pre-order":
        dates = {True: None, False: None}
    return [
        OrderLine(
            order=order,
            edition=edition,
            title=line.title,
            contributors=byline[:500],
            isbn=edition.isbn or "",
            sku=edition.sku,
            format_label=str(line.format_label),
            is_digital=edition.is_digital,
            list_gross=line.unit.amount,
            unit_gross=paid.amount,
            unit_net=(paid - tax).amount,
            unit_tax=tax.amount,
            tax_rate=line.tax_rate,
            is_allocated=number < promised,
            is_pre_order=code == "pre-order",
            leaves_on=dates[number < promised],
            arrives_by=None if edition.is_digital else forecast.arrives_by(dates[number < promised]),
        )
        for number, paid in enumerate(line.copies)
        for tax in [tax_within(paid, line.tax_rate)]
    ]


def _write_gift_card(order: Order, bought: BasketGiftCard) -> None:
    """A gift card that was bought: outside the scope of tax, and without a code until the order is paid."""
    line = OrderLine.objects.create(
        order=order,
        title=_("Gift card"),
        sku=GIFT_CARD_SKU,
        format_label=_("By e-mail") if bought.recipient_email else _("To print"),
        is_digital=True,
        is_gift_card=True,
        list_gross=bought.amount,
        unit_gross=bought.amount,
        unit_net=bought.amount,
        unit_tax=0,
        tax_rate=0,
    )
    about = {field.name: getattr(bought, field.name) for field in Recipient._meta.fields}
    GiftCard.objects.create(order_line=line, currency=bought.currency, initial_amount=bought.amount, **about)


def _bylines(product_ids: set[int]) -> dict[int, str]:
    """The contributors of books as one line of text each: authors alone, others with what they did."""
    rows = Contribution.objects.filter(page_id__in=product_ids).select_related("contributor").order_by("sort_order")
    names: dict[int, list[str]] = {}
    for row in rows:
        name = row.contributor.name
        if row.role != Role.AUTHOR:
            name = f"{name} ({row.get_role_display()})"
        names.setdefault(row.page_id, []).append(name)
    return {page_id: ", ".join(people) for page_id, people in names.items()}


def _remember_addresses(user: User, order: Order) -> None:
    """Into the address book; the one that the books go to last, so that it is proposed first."""
    used = [order.billed_to] if order.billed_to is not order else []
    for address in [*used, order] if order.needs_delivery else used:
        fields = {name: getattr(address, name) for name in FIELDS}
        known = Address.objects.filter(user=user, **fields).first()
        if known:
            known.save(update_fields=["last_used_at"])
        else:
            Address.objects.create(user=user, **fields)
