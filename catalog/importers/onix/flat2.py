"""ONIX 2.1: everything stands directly in the product."""

from __future__ import annotations

from collections import defaultdict

from catalog.importers import codes
from catalog.importers.onix import collateral, dates, identifiers, record, rights, series, subjects, titles
from catalog.importers.onix.draft import Draft
from catalog.importers.onix.part import Part
from catalog.importers.onix.prices import Prices
from catalog.importers.onix.subjects import Subject
from catalog.importers.onix.territory import holds


def read(product: Part, draft: Draft) -> None:
    """Fill the draft from the product.

    Raises:
        Refused: the record stays out.
    """
    record.describe(
        draft, product, titles.from_product(product), series.from_series(product.parts("Series")), _subjects(product)
    )
    _collateral(product, draft)
    _publishing(product, draft)
    _supply(product, draft)


def _subjects(product: Part) -> list[Subject]:
    return [
        *(Subject(codes.BISAC, code, "") for code in product.codes("BASICMainSubject")),
        *(Subject(codes.BIC, code, "") for code in product.codes("BICMainSubject")),
        *subjects.from_parts(product.parts("MainSubject"), "MainSubjectSchemeIdentifier"),
        *subjects.from_parts(product.parts("Subject"), "SubjectSchemeIdentifier"),
    ]


def _collateral(product: Part, draft: Draft) -> None:
    texts: dict[str, list[Part]] = defaultdict(list)
    for part in product.parts("OtherText"):
        kind = codes.FROM_LIST_33.get(part.code("TextTypeCode").zfill(2))
        if kind:
            texts[kind].append(part)
    images: dict[str, list[str]] = defaultdict(list)
    for part in product.parts("MediaFile"):
        kind, link = codes.FROM_LIST_38.get(part.code("MediaFileTypeCode")), part.code("MediaFileLink")
        if kind and link:
            images[kind].append(link)
    draft.record.description = collateral.description(texts)
    draft.record.short_description = collateral.short_description(texts)
    draft.record.images = collateral.covers(images, draft.warn)


def _publishing(product: Part, draft: Draft) -> None:
    into, country = draft.record, draft.context.country
    record.publish(draft, product)
    into.publication_date = dates.date(product.code("PublicationDate"), "publication date", draft.warn)
    into.work_ids = identifiers.works(product.parts("WorkIdentifier"))
    into.related_isbns = identifiers.other_formats(product.parts("RelatedProduct"), "RelationCode", into.isbn)
    sales_rights = product.parts("SalesRights")
    stated = [(right.code("SalesRightsType"), _names(right, country)) for right in sales_rights]
    stated += [("03", _names(right, country)) for right in product.parts("NotForSale")]
    rest_named = any("ROW" in right.codes("RightsTerritory") for right in sales_rights)
    granted = next((kind for kind, _ in stated if kind in codes.SALES_RIGHTS_YES), "")
    draft.reasons.append(rights.objection(stated, granted if rest_named else "", country))


def _names(right: Part, country: str) -> bool:
    """Whether a right says that it holds in the country."""
    countries, regions = right.codes("RightsCountry"), right.codes("RightsTerritory")
    return bool(countries or regions) and holds(country, countries, [], regions, [])


def _supply(product: Part, draft: Draft) -> None:
    into, country = draft.record, draft.context.country
    prices = Prices(draft.context, into.format, draft.warn)
    ranked: list[tuple[bool, Part]] = []
    for detail in product.parts("SupplyDetail"):
        countries, regions = detail.codes("SupplyToCountry"), detail.codes("SupplyToTerritory")
        ours = holds(country, countries, detail.codes("SupplyToCountryExcluded"), regions, [])
        ranked.append((ours, detail))
        prices.add_unpriced(detail)
        for price in detail.parts("Price"):
            own = price.codes("CountryCode")
            here = holds(
                country,
                own,
                price.codes("CountryExcluded"),
                price.codes("Territory"),
                price.codes("TerritoryExcluded"),
            )
            prices.add(price, here=ours and here, named=country in countries or country in own)
    code = ""
    for _, detail in [entry for entry in ranked if entry[0]] or ranked:
        older = codes.FROM_LIST_54.get(detail.code("AvailabilityCode").upper(), "")
        code = code or detail.code("ProductAvailability") or older
        if not into.embargo_date:
            into.embargo_date = dates.day(detail.code("OnSaleDate"), "on-sale date", draft.warn)
    record.supply(draft, prices, code)
