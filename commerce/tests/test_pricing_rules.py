"""The examples of docs/pricing.md, number for number, and what must hold of every basket."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.discounts import Asked, Discounts, Goods, discounts_on
from commerce.models import DeliveryMethod, GiftCard, Promotion, Voucher
from commerce.paying import pay_with
from commerce.priced import PricedBasket
from commerce.priced_lines import PricedLine
from core.money import Money, minor_unit

TAGS = {"crime": 1, "fixed": 2}
GOODS = re.compile(r"^(?P<name>\w+)\s+(?P<price>[\d.]+) × (?P<quantity>\d+)\s*(?P<tags>[\w ]*)$")
RULE = re.compile(r"^(?P<name>.+?)\s+(?:-?(?P<off>\d+\.\d\d)|refused: (?P<refusal>.+))$")
CARD = re.compile(r"^gift card with (?P<held>[\d.]+)\s+pays (?P<pays>[\d.]+), keeps (?P<keeps>[\d.]+)$")
BOUGHT = "buys a gift card"
FIXED = "The price is fixed by law."


def gbp(amount: str | Decimal) -> Money:
    return Money(Decimal(amount), "GBP")


def promotion(name: str, tag: str = "", **fields) -> Promotion:
    rule = Promotion(pk=len(name), name=name, **fields)
    rule.tag_ids = frozenset([TAGS[tag]] if tag else [])
    return rule


def voucher(name: str, tag: str = "", **fields) -> Voucher:
    rule = Voucher(pk=len(name), name=name, **fields)
    rule.tag_ids = frozenset([TAGS[tag]] if tag else [])
    return rule


def rules() -> dict[str, Promotion | Voucher]:
    """The rules that the examples name."""
    percent, amount = Voucher.Kind.PERCENT, Voucher.Kind.AMOUNT
    return {
        "3 for 2 on crime": promotion("3 for 2 on crime", "crime"),
        "every second at half price": promotion("Half", kind="nth-cheaper", group=2, percent=Decimal(50)),
        "two for 10": promotion("Two for ten", kind="set-price", group=2, amount=Decimal(10)),
        "10 % off everything": promotion("Sale", kind="percent", percent=Decimal(10)),
        "free delivery from 25.00": promotion("Free delivery", kind="free-delivery", minimum=Decimal(25)),
        "voucher TEN: 10 %": voucher("Ten percent", kind=percent, value=Decimal(10)),
        "voucher CRIME5: 5.00 on crime": voucher("Five", "crime", kind=amount, value=Decimal(5)),
        "voucher BIG: 20.00": voucher("Big", kind=amount, value=Decimal(20)),
        "voucher FIVE: 5.00, combinable": voucher("Five pounds", kind=amount, value=Decimal(5), is_combinable=True),
        "voucher TENTH: 10 %, combinable": voucher("A tenth", kind=percent, value=Decimal(10), is_combinable=True),
        "voucher THIRTY: 5.00 from 30.00": voucher("Thirty", kind=amount, value=Decimal(5), minimum=Decimal(30)),
    }


def examples() -> list:
    text = (Path(django_settings.BASE_DIR) / "docs" / "pricing.md").read_text()
    found = re.findall(r"### (.+?)\n\n```\n(.+?)```", text.partition("## Examples")[2], re.DOTALL)
    return [pytest.param(block.splitlines(), id=title) for title, block in found]


@pytest.mark.parametrize("lines", examples())
def test_the_examples_of_the_documentation_are_true(lines):
    goods, named, hints, cards, bought, last = [], [], [], [], gbp("0"), {}
    for line in lines:
        if line.startswith("hint: "):
            hints.append(line.removeprefix("hint: "))
        elif line.startswith(("total", "to pay")):
            what, amount = line.rsplit(maxsplit=1)
            last[what.strip()] = gbp(amount)
        elif line.startswith(BOUGHT):
            bought = gbp(line.removeprefix(BOUGHT).strip())
        elif match := CARD.match(line):
            cards.append(match)
        elif match := GOODS.match(line):
            tags = match["tags"].split()
            goods.append(
                Goods(
                    key=len(goods), unit=gbp(match["price"]), quantity=int(match["quantity"]), book_id=len(goods),
                    tag_ids=frozenset(TAGS[tag] for tag in tags), refusal=FIXED if "fixed" in tags else "",
                )
            )  # fmt: skip
        else:
            named.append(RULE.match(line))
    known = rules()
    given_rules = [(known[match["name"]], match) for match in named]

    found = discounts_on(
        goods,
        [rule for rule, _match in given_rules if isinstance(rule, Promotion)],
        [Asked(rule, "CODE") for rule, _match in given_rules if isinstance(rule, Voucher)],
        "GBP",
    )

    told = {one.name: one for one in found.applied}
    for rule, match in given_rules:
        if match["refusal"]:
            assert (told[rule.name].is_refused, told[rule.name].note) == (True, match["refusal"])
        else:
            assert (told[rule.name].amount if rule.name in told else gbp("0")) == gbp(match["off"])
    assert list(found.hints) == hints
    total = sum((line.unit * line.quantity for line in goods), bought) - taken(found, gbp("0"))
    assert total == last["total"]
    paid = pay_with([good_card(match["held"]) for match in cards], total - bought)
    assert [(one.used, one.left) for one in paid] == [(gbp(match["pays"]), gbp(match["keeps"])) for match in cards]
    assert total - sum((one.used for one in paid), gbp("0")) == last.get("to pay", total)


def good_card(held: str) -> GiftCard:
    return GiftCard(status="active", currency="GBP", initial_amount=Decimal(held), balance_amount=Decimal(held))


def taken(found: Discounts, zero: Money) -> Money:
    return sum((amount for amounts in found.off.values() for amount in amounts), zero)


def test_every_example_is_read():
    assert len(examples()) == 18


def test_an_amount_is_shared_by_what_the_copies_cost():
    goods = [Goods(1, gbp("10"), 1, 1), Goods(2, gbp("20"), 1, 2)]

    found = discounts_on(goods, [], [Asked(voucher("Five", kind="amount", value=Decimal(5)), "FIVE")], "GBP")

    assert found.off == {1: (gbp("1.67"),), 2: (gbp("3.33"),)}


def test_the_law_may_allow_so_many_percent_and_no_more():
    goods = [Goods(1, gbp("10"), 1, 1, most_percent=Decimal(5))]

    found = discounts_on(goods, [], [Asked(voucher("Ten", kind="percent", value=Decimal(10)), "TEN")], "GBP")

    assert found.off == {1: (gbp("0.50"),)}


def test_a_voucher_in_another_currency_is_refused():
    found = discounts_on(
        [Goods(1, gbp("10"), 1, 1)],
        [],
        [Asked(voucher("Euro", kind="amount", value=Decimal(5), currency="EUR"), "EURO")],
        "GBP",
    )

    assert found.applied[0].note == "This voucher is for orders in EUR."


money = st.decimals(min_value=0, max_value=500, places=2)
percents = st.decimals(min_value="0.01", max_value=100, places=2)
all_goods = st.lists(
    st.builds(
        Goods,
        key=st.integers(),
        unit=money.map(gbp),
        quantity=st.integers(1, 7),
        book_id=st.integers(1, 5),
        tag_ids=st.frozensets(st.sampled_from([1, 2]), max_size=2),
        refusal=st.sampled_from(["", "", "", FIXED]),
        most_percent=st.none() | st.just(Decimal(5)),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda line: line.key,
)
all_promotions = st.lists(
    st.builds(
        promotion,
        name=st.text("abc", min_size=1, max_size=8),
        tag=st.sampled_from(["", "crime"]),
        kind=st.sampled_from(Promotion.Kind.values),
        group=st.integers(2, 4),
        paid=st.just(1),
        percent=percents,
        amount=money,
        minimum=st.none() | money,
    ),
    max_size=3,
)
all_vouchers = st.lists(
    st.builds(
        voucher,
        name=st.text("abc", min_size=1, max_size=8),
        tag=st.sampled_from(["", "crime"]),
        kind=st.sampled_from(Voucher.Kind.values),
        value=percents,
        minimum=st.none() | money,
        is_combinable=st.booleans(),
    ),
    max_size=3,
)


rates = st.lists(st.sampled_from(["0", "2.1", "5.5", "20"]).map(Decimal), min_size=6, max_size=6)


@pytest.mark.pure
@settings(max_examples=10_000, deadline=None)
@given(all_goods, all_promotions, all_vouchers, rates, st.none() | money, st.sampled_from(["GBP", "XAF"]))
def test_ten_thousand_baskets_break_no_penny_and_no_law(goods, promotions, vouchers, rates, post, currency):
    """P12: whole francs as well as pennies; what is shown is the sum of its parts, and no part is below nothing."""
    zero = Money.zero(currency)
    goods = [replace(line, unit=Money(line.unit.amount, currency)) for line in goods]
    for rule in (*promotions, *vouchers):
        rule.currency = currency

    found = discounts_on(goods, promotions, [Asked(one, "CODE") for one in vouchers], currency)

    assert sum((one.amount for one in found.applied), zero) == taken(found, zero)
    for line in goods:
        assert len(found.off[line.key]) == line.quantity
        for off in found.off[line.key]:
            assert zero <= off <= line.unit
            if line.refusal:
                assert off == zero
            if line.most_percent is not None:
                most = line.unit.amount * line.most_percent / 100
                assert off.amount <= most + minor_unit(currency) / 2
    working = [one for one in found.applied if one.code and not one.is_refused]
    combinable = {one.name for one in vouchers if one.is_combinable}
    assert len(working) <= 1 or all(one.name in combinable for one in working)

    method = DeliveryMethod(name="Post", price=post, currency=currency) if post is not None else None
    basket = PricedBasket(
        tuple(priced_line(line, found, rate) for line, rate in zip(goods, rates, strict=False)),
        currency,
        method,
        discounts=found,
    )
    before = sum((line.unit * line.quantity for line in goods), zero)
    delivery = basket.delivery or zero
    assert basket.total == before - taken(found, zero) + delivery
    assert zero <= basket.total <= before + Money(post or Decimal(0), currency)
    is_paid = method is not None and basket.needs_delivery and not found.frees_delivery
    assert delivery == (Money(post, currency) if is_paid else zero)
    assert sum((row.gross for row in basket.taxes), zero) == basket.total
    assert sum((row.net + row.tax for row in basket.taxes), zero) == basket.total
    assert zero <= basket.tax <= basket.total


def priced_line(line: Goods, found: Discounts, rate: Decimal) -> PricedLine:
    """A line of the basket at what the rules left of its price; books and, at full tax, what is not posted."""
    edition = SimpleNamespace(
        pk=line.key, is_digital=rate == 20 and line.book_id == 1, format="paperback", weight_g=300
    )
    offer = SimpleNamespace(can_buy=True)
    return PricedLine(line.key, edition, offer, line.quantity, line.unit, None, rate, 50, off=found.off[line.key])


@given(st.lists(money, max_size=5), money)
def test_cards_pay_no_more_than_they_hold_and_no_more_than_is_asked(held, asked):
    paid = pay_with([good_card(str(amount)) for amount in held], gbp(asked))

    assert all(gbp("0") <= one.used <= one.balance for one in paid)
    assert sum((one.used for one in paid), gbp("0")) == min(
        gbp(asked), gbp(sum(held, Decimal(0))), key=lambda m: m.amount
    )
    assert all(bool(one.note) != bool(one.used) for one in paid)
