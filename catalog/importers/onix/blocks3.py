"""ONIX 3.0 and 3.1: a product in blocks."""

from __future__ import annotations

from collections import defaultdict

from catalog.importers import codes
from catalog.importers.onix import collateral, dates, identifiers, record, rights, series, subjects, territory, titles
from catalog.importers.onix.draft import Draft
from catalog.importers.onix.part import Part
from catalog.importers.onix.prices import Prices
from catalog.importers.records import Block, Notification
from catalog.importers.remarks import Refused

_ELEMENTS = {
    Block.DESCRIPTION: "DescriptiveDetail",
    Block.COLLATERAL: "CollateralDetail",
    Block.PUBLISHING: "PublishingDetail",
    Block.RELATED: "RelatedMaterial",
    Block.SUPPLY: "ProductSupply",
}


def has_blocks(product: Part) -> bool:
    """Whether a product is written as in 3.x, whatever release its message claims to be."""
    return any(element in product for element in _ELEMENTS.values())


def read(product: Part, draft: Draft) -> None:
    """Fill the draft from the product; from the blocks that it has where it is a block update.

    Raises:
        Refused: the record stays out.
    """
    wanted = draft.record
    if wanted.notification is Notification.BLOCKS:
        wanted.blocks = frozenset(block for block, element in _ELEMENTS.items() if element in product)
        if not wanted.blocks:
            raise Refused("A block update without a block: there is nothing to change.")
    if Block.DESCRIPTION in wanted.blocks:
        _description(product.part("DescriptiveDetail"), draft)
    if Block.COLLATERAL in wanted.blocks:
        _collateral(product.part("CollateralDetail"), draft)
    if Block.PUBLISHING in wanted.blocks:
        _publishing(product.part("PublishingDetail"), draft)
    if Block.RELATED in wanted.blocks:
        _related(product.part("RelatedMaterial"), draft)
    if Block.SUPPLY in wanted.blocks:
        _supply(product.parts("ProductSupply"), draft)


def _description(detail: Part, draft: Draft) -> None:
    listed = sorted(detail.parts("Subject"), key=lambda subject: "MainSubject" not in subject)
    record.describe(
        draft,
        detail,
        titles.from_details(detail.parts("TitleDetail")),
        series.from_collections(detail.parts("Collection")),
        subjects.from_parts(listed, "SubjectSchemeIdentifier"),
    )


def _collateral(detail: Part, draft: Draft) -> None:
    texts: dict[str, list[Part]] = defaultdict(list)
    for part in detail.parts("TextContent"):
        if _is_public(part):
            texts[part.code("TextType")].append(part)
    images: dict[str, list[str]] = defaultdict(list)
    for part in detail.parts("SupportingResource"):
        if _is_public(part) and part.code("ResourceMode") in ("", "03"):
            links = [link for version in part.parts("ResourceVersion") for link in version.codes("ResourceLink")]
            images[part.code("ResourceContentType")] += links
    draft.record.description = collateral.description(texts)
    draft.record.short_description = collateral.short_description(texts)
    draft.record.images = collateral.covers(images, draft.warn)


def _is_public(part: Part) -> bool:
    """Whether shoppers are among those it is meant for (list 154)."""
    audiences = part.codes("ContentAudience")
    return not audiences or not codes.PUBLIC_AUDIENCES.isdisjoint(audiences)


def _publishing(detail: Part, draft: Draft) -> None:
    into, warn, country = draft.record, draft.warn, draft.context.country
    record.publish(draft, detail)
    for part in detail.parts("PublishingDate"):
        role, value = part.code("PublishingDateRole"), part.code("Date")
        if role == "01":
            into.publication_date = dates.date(value, "publication date", warn) or into.publication_date
        elif role == "02":
            into.embargo_date = dates.day(value, "sales embargo", warn) or into.embargo_date
    stated = [
        (part.code("SalesRightsType"), bool(territory.of_part(part, country)[0]))
        for part in detail.parts("SalesRights")
    ]
    draft.reasons.append(rights.objection(stated, detail.code("ROWSalesRightsType"), country))


def _related(detail: Part, draft: Draft) -> None:
    manifested = (part for part in detail.parts("RelatedWork") if part.code("WorkRelationCode") == "01")
    draft.record.work_ids = identifiers.works(
        identifier for part in manifested for identifier in part.parts("WorkIdentifier")
    )
    draft.record.related_isbns = identifiers.other_formats(
        detail.parts("RelatedProduct"), "ProductRelationCode", draft.record.isbn
    )


def _supply(supplies: list[Part], draft: Draft) -> None:
    into, warn, country = draft.record, draft.warn, draft.context.country
    prices = Prices(draft.context, into.format, warn)
    ranked: list[tuple[bool, Part, Part]] = []
    for supply in supplies:
        markets = [territory.of_part(market, country) for market in supply.parts("Market")]
        ours = not markets or any(inside is not False for inside, _ in markets)
        market_named = any(named for _, named in markets)
        for detail in supply.parts("SupplyDetail"):
            ranked.append((ours, supply, detail))
            prices.add_unpriced(detail)
            for price in detail.parts("Price"):
                inside, named = territory.of_part(price, country)
                named = named or country in price.codes("CountryCode")
                here = named if "CountryCode" in price else inside is not False
                prices.add(price, here=ours and here, named=market_named or named)
    code = ""
    for _, supply, detail in [entry for entry in ranked if entry[0]] or ranked:
        code = code or detail.code("ProductAvailability")
        for date in detail.parts("SupplyDate"):
            if date.code("SupplyDateRole") == "02" and not into.embargo_date:
                into.embargo_date = dates.day(date.code("Date"), "sales embargo", warn)
        for date in supply.part("MarketPublishingDetail").parts("MarketDate"):
            if date.code("MarketDateRole") == "01" and not into.publication_date:
                into.publication_date = dates.date(date.code("Date"), "publication date", warn)
    record.supply(draft, prices, code)
