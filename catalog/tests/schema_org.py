"""A judge of structured data: what schema.org (30.0) and Google allow of the types that the shop uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from lxml import html

_THING = {"name", "url", "description", "image", "sameAs", "potentialAction", "mainEntityOfPage"}
_CREATIVE_WORK = _THING | {
    "author", "editor", "translator", "contributor", "inLanguage", "genre", "isPartOf", "position", "publisher",
    "workExample", "exampleOfWork", "datePublished", "alternativeHeadline", "offers", "about", "mainEntity",
}  # fmt: skip
_BOOK = _CREATIVE_WORK | {"isbn", "bookFormat", "bookEdition", "numberOfPages", "illustrator"}
_PAGE = _CREATIVE_WORK | {"breadcrumb"}
ALLOWED = {
    "Book": _BOOK,
    "Audiobook": _BOOK | {"readBy", "duration"},
    "Map": _CREATIVE_WORK,
    "SheetMusic": _CREATIVE_WORK,
    "CreativeWork": _CREATIVE_WORK,
    "BookSeries": _CREATIVE_WORK,
    "Product": _THING | {"sku", "gtin13", "brand", "offers"},
    "Brand": _THING,
    "Person": _THING,
    "Organization": _THING | {"logo", "address", "telephone", "email"},
    "WebSite": _CREATIVE_WORK,
    "WebPage": _PAGE,
    "CollectionPage": _PAGE,
    "ProfilePage": _PAGE,
    "ContactPage": _PAGE,
    "BreadcrumbList": _THING | {"itemListElement", "numberOfItems"},
    "ItemList": _THING | {"itemListElement", "numberOfItems"},
    "ListItem": _THING | {"position", "item"},
    "SearchAction": _THING | {"target", "query-input"},
    "EntryPoint": _THING | {"urlTemplate"},
    "Offer": _THING | {
        "price", "priceCurrency", "priceValidUntil", "availability", "availabilityStarts", "itemCondition", "seller",
        "priceSpecification", "shippingDetails", "hasMerchantReturnPolicy",
    },
    "OfferShippingDetails": _THING | {"shippingRate", "shippingDestination", "deliveryTime"},
    "MonetaryAmount": _THING | {"value", "currency"},
    "DefinedRegion": _THING | {"addressCountry"},
    "ShippingDeliveryTime": _THING | {"handlingTime", "transitTime"},
    "QuantitativeValue": _THING | {"minValue", "maxValue", "unitCode"},
    "MerchantReturnPolicy": _THING | {
        "applicableCountry", "returnPolicyCategory", "merchantReturnDays", "returnMethod", "returnFees",
    },
    "UnitPriceSpecification": _THING | {"price", "priceCurrency", "priceType", "valueAddedTaxIncluded"},
}  # fmt: skip
GOOGLE_AVAILABILITIES = {
    "BackOrder", "Discontinued", "InStock", "InStoreOnly", "LimitedAvailability", "OnlineOnly", "OutOfStock",
    "PreOrder", "PreSale", "SoldOut",
}  # fmt: skip
BOOK_FORMATS = {"Hardcover", "Paperback", "EBook", "AudiobookFormat", "GraphicNovel"}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?\Z")
_ADDRESSES = {"url", "logo", "item", "urlTemplate", "@id"}

Node = dict[str, Any]


def graph_of(page: str) -> list[Node]:
    """The nodes of a page's structured data; every script of it must be JSON."""
    scripts = html.fromstring(page).xpath('//script[@type="application/ld+json"]/text()')
    nodes: list[Node] = []
    for script in scripts:
        data = json.loads(script)
        assert data["@context"] == "https://schema.org"
        nodes += data["@graph"]
    return nodes


def types_of(node: Node) -> list[str]:
    """The types of a node as a list."""
    kind = node.get("@type", [])
    return [kind] if isinstance(kind, str) else kind


def every(value: Any) -> Iterator[Node]:
    """Every node within, however deep."""
    if isinstance(value, list):
        for item in value:
            yield from every(item)
    elif isinstance(value, dict):
        yield value
        for item in value.values():
            yield from every(item)


def faults_of(nodes: list[Node]) -> list[str]:
    """What schema.org or Google would object to."""
    faults = []
    named = {node["@id"] for node in every(nodes) if "@id" in node and len(node) > 1}
    for node in every(nodes):
        kinds = types_of(node)
        if set(node) == {"@id"}:
            if node["@id"] not in named:
                faults.append(f"{node['@id']} is spoken of and not said")
            continue
        faults += [f"unknown type {kind}" for kind in kinds if kind not in ALLOWED]
        if not kinds:
            faults.append(f"no type: {node}")
        allowed = set().union(*(ALLOWED.get(kind, set()) for kind in kinds))
        faults += [f"{kinds} has no {name}" for name in node if name not in allowed and not name.startswith("@")]
        faults += [f"{name} is empty" for name, value in node.items() if value in ("", None, [], {})]
        for name in _ADDRESSES & node.keys():
            parts = urlsplit(node[name]) if isinstance(node[name], str) else None
            if parts and not (parts.scheme in {"http", "https"} and parts.netloc):
                faults.append(f"{name} is no whole address: {node[name]}")
        for name in {"datePublished", "availabilityStarts", "priceValidUntil"} & node.keys():
            if not _DATE.match(node[name]):
                faults.append(f"{name}: {node[name]}")
        faults += _google(node, kinds)
    return faults


def _google(node: Node, kinds: list[str]) -> list[str]:
    faults = []
    if "Product" in kinds:
        faults += [f"product without {name}" for name in ("name", "image", "offers") if not node.get(name)]
    if "Book" in kinds and "exampleOfWork" not in node and "workExample" not in node and "Product" not in kinds:
        faults.append("book without editions and of no work")
    if "isbn" in node and not re.fullmatch(r"97[89]\d{10}", node["isbn"]):
        faults.append(f"isbn {node['isbn']}")
    if "bookFormat" in node and node["bookFormat"].removeprefix("https://schema.org/") not in BOOK_FORMATS:
        faults.append(f"bookFormat {node['bookFormat']}")
    if "Offer" in kinds:
        faults += [f"offer without {name}" for name in ("price", "priceCurrency", "availability") if not node.get(name)]
        if float(node.get("price", 0)) <= 0:
            faults.append("offer for nothing")
        if node.get("availability", "").removeprefix("https://schema.org/") not in GOOGLE_AVAILABILITIES:
            faults.append(f"availability {node.get('availability')}")
    if "OfferShippingDetails" in kinds:
        faults += [f"shipping without {name}" for name in ("shippingRate", "shippingDestination") if name not in node]
        if times := node.get("deliveryTime"):
            faults += [f"times without {name}" for name in ("handlingTime", "transitTime") if name not in times]
    if "QuantitativeValue" in kinds and not 0 <= node["minValue"] <= node["maxValue"]:
        faults.append(f"from {node['minValue']} to {node['maxValue']}")
    if "MerchantReturnPolicy" in kinds:
        faults += [
            f"returns without {name}" for name in ("applicableCountry", "returnPolicyCategory") if not node.get(name)
        ]
        if node["returnPolicyCategory"].endswith("FiniteReturnWindow") and not node.get("merchantReturnDays"):
            faults.append("returns within no days")
    if "BreadcrumbList" in kinds or "ItemList" in kinds:
        places = [item["position"] for item in node["itemListElement"]]
        if places != list(range(places[0], places[0] + len(places))):
            faults.append(f"positions {places}")
    if "BreadcrumbList" in kinds:
        faults += [
            "crumb without name or item" for item in node["itemListElement"] if not {"name", "item"} <= set(item)
        ]
    return faults
