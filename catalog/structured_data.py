"""What machines are told of a page: schema.org in JSON-LD, as Google reads it.

Every value comes from what the page itself shows (`catalog.product`, `catalog.listing`, `catalog.offers`): there is
no second rule for a price or an availability, and no query of its own. A page has one graph; its nodes name each
other by `@id`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from catalog import delivery
from catalog import isbn as isbns
from catalog.choices import DIGITAL_FORMATS, Condition, DatePrecision, Format, Role
from catalog.delivery import Way, Ways
from catalog.models.editions import Edition
from catalog.offers import Offer
from catalog.product import ShownBook, ShownEdition

Node = dict[str, Any]
Absolute = Callable[[str], str]

SCHEMA = "https://schema.org/"

AVAILABILITIES = {
    "in-stock": "InStock",
    "low-stock": "LimitedAvailability",
    "download": "InStock",
    "to-order": "BackOrder",
    "special-order": "BackOrder",
    "print-on-demand": "BackOrder",
    "pre-order": "PreOrder",
    "temporarily-out": "OutOfStock",
    "out-of-print": "Discontinued",
    "unavailable": "OutOfStock",
}
"""Our availability in the words of schema.org, as far as Google knows them: it has none for print on demand."""

CONDITIONS = {Condition.NEW: "NewCondition", Condition.USED: "UsedCondition"}

_BOOK_FORMATS = {
    Format.HARDBACK: "Hardcover",
    Format.PAPERBACK: "Paperback",
    Format.EBOOK: "EBook",
    Format.AUDIOBOOK: "AudiobookFormat",
    Format.AUDIO_CD: "AudiobookFormat",
}
_KINDS = {
    Format.AUDIOBOOK: "Audiobook",
    Format.AUDIO_CD: "Audiobook",
    Format.MAP: "Map",
    Format.SHEET_MUSIC: "SheetMusic",
    Format.DISC: "CreativeWork",
    Format.GIFT: "",
}
"""What an edition is besides a product; a book where nothing else is said."""
_PARTS = {
    Role.AUTHOR: "author",
    Role.EDITOR: "editor",
    Role.TRANSLATOR: "translator",
    Role.ILLUSTRATOR: "illustrator",
}
_READER = "readBy"

ESCAPES = {ord(character): f"\\u{ord(character):04X}" for character in "<>&\u2028\u2029"}


def script(nodes: Iterable[Node]) -> SafeString:
    """The graph as a script element of data; no text can end the element or open another one."""
    graph = [node for node in nodes if node]
    if not graph:
        return SafeString("")
    data = {"@context": SCHEMA.rstrip("/"), "@graph": graph}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - escaped above


# --- The shop ------------------------------------------------------------------------------------


def organization_id(absolute: Absolute, home: str) -> str:
    """The name under which other nodes speak of the shop."""
    return f"{absolute(home)}#organization"


def organization(
    absolute: Absolute, home: str, *, footer: Mapping[str, str], logo: str, profiles: Sequence[str]
) -> Node:
    """The shop: name, logo, how to reach it, where else it is, and its search."""
    return _without_empty(
        {
            "@type": "Organization",
            "@id": organization_id(absolute, home),
            "name": settings.WAGTAIL_SITE_NAME,
            "url": absolute(home),
            "logo": logo,
            "description": footer.get("about", ""),
            "address": ", ".join(footer.get("address", "").split("\n")).replace("\r", ""),
            "telephone": footer.get("phone", ""),
            "email": footer.get("email", ""),
            "sameAs": list(profiles),
            "potentialAction": {"@id": f"{absolute(home)}#search"},
        }
    )


def website(absolute: Absolute, home: str, search: str, language: str) -> Node:
    """The site and how it is searched."""
    return {
        "@type": "WebSite",
        "@id": f"{absolute(home)}#website",
        "name": settings.WAGTAIL_SITE_NAME,
        "url": absolute(home),
        "inLanguage": language,
        "publisher": {"@id": organization_id(absolute, home)},
        "potentialAction": {
            "@type": "SearchAction",
            "@id": f"{absolute(home)}#search",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{absolute(search)}?q={{search_term_string}}"},
            "query-input": "required name=search_term_string",
        },
    }


# --- Any page ------------------------------------------------------------------------------------


def breadcrumbs(absolute: Absolute, crumbs: Sequence[Mapping[str, str]], canonical: str) -> Node:
    """The way to the page as it is shown above its heading; nothing where none is shown."""
    if len(crumbs) < 2:
        return {}
    return {
        "@type": "BreadcrumbList",
        "@id": f"{canonical}#breadcrumbs",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "name": str(crumb["label"]),
                "item": absolute(crumb["url"]) if crumb["url"] else canonical,
            }
            for position, crumb in enumerate(crumbs, start=1)
        ],
    }


def web_page(kind: str, canonical: str, name: str, *, description: str = "", about: Node | None = None) -> Node:
    """A page as such."""
    return _without_empty(
        {
            "@type": kind,
            "@id": f"{canonical}#page",
            "url": canonical,
            "name": name,
            "description": description,
            "about": about,
        }
    )


def list_of_books(absolute: Absolute, canonical: str, listing: Any) -> Node:
    """The books of a page of a list, in their order and with their places in the whole list."""
    entries = [(card.title, card.url) for card in listing.cards]
    return _item_list(absolute, canonical, entries, first=listing.first, total=listing.total)


def list_of_tags(absolute: Absolute, canonical: str, tags: Sequence[Mapping[str, Any]]) -> Node:
    """The tags of the index."""
    return _item_list(absolute, canonical, [(str(tag["name"]), str(tag["url"])) for tag in tags], total=len(tags))


def _item_list(
    absolute: Absolute, canonical: str, entries: Sequence[tuple[str, str]], *, total: int, first: int = 1
) -> Node:
    if not entries:
        return {}
    return {
        "@type": "ItemList",
        "@id": f"{canonical}#list",
        "numberOfItems": total,
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "url": absolute(url)}
            for position, (name, url) in enumerate(entries, start=first)
        ],
    }


# --- A book --------------------------------------------------------------------------------------


def book(absolute: Absolute, home: str, shown: ShownBook, description: str, at: dt.datetime) -> list[Node]:
    """The work and each of its editions. What is no book at all (a map, a mug) has no work beside it."""
    url = absolute(shown.url)
    people = _people(absolute, shown.contributors)
    pictures = [absolute(cover["large"]["src"]) for cover in shown.gallery]
    is_book = not shown.editions or any(_kind(edition.row) in {"Book", "Audiobook"} for edition in shown.editions)
    work_id = f"{url}#work" if is_book else ""
    seller = {"@type": "Organization", "@id": organization_id(absolute, home), "name": settings.WAGTAIL_SITE_NAME}
    ways = delivery.ways()
    editions = [
        node
        for edition in shown.editions
        if (node := _edition(absolute, shown, edition, work_id, people, pictures, description, seller, ways, at))
    ]
    if not is_book:
        return editions
    languages = list(dict.fromkeys(edition.row.language for edition in shown.editions if edition.row.language))
    work = {
        "@type": "Book",
        "@id": work_id,
        "name": shown.title,
        "alternativeHeadline": shown.subtitle,
        "url": url,
        "description": description,
        "image": pictures,
        **{part: members for part, members in people.items() if part != _READER},
        "inLanguage": languages[0] if len(languages) == 1 else languages,
        "genre": [tag["name"] for tag in shown.tags],
        **_series(absolute, shown.series),
        "workExample": [{"@id": edition["@id"]} for edition in editions],
    }
    return [_without_empty(work), *editions]


def _edition(
    absolute: Absolute,
    shown: ShownBook,
    edition: ShownEdition,
    work_id: str,
    people: Mapping[str, list[Node]],
    pictures: Sequence[str],
    description: str,
    seller: Node,
    ways: Ways,
    at: dt.datetime,
) -> Node:
    row, kind = edition.row, _kind(edition.row)
    offered = offer(edition.offer, edition.row.condition, absolute(edition.url), seller, at)
    if offered:
        offered |= _delivery(row, ways(row, edition.offer))
    # Google wants a picture and an offer of every product: an edition without one of them is said to be a book, and
    # what is no work of any kind is not spoken of.
    types = [name for name in ("Product" if pictures and offered else "", kind) if name]
    if not types:
        return {}
    is_work = kind in {"Book", "Audiobook"}
    published = row.publication_date
    node: Node = {
        "@type": types if len(types) > 1 else types[0],
        "@id": f"{absolute(shown.url)}#{row.sku}",
        "name": shown.title,
        "url": absolute(edition.url),
        "description": description,
        "image": list(pictures),
        "sku": row.sku if "Product" in types else "",
        "gtin13": row.isbn if "Product" in types else "",
        "offers": offered,
    }
    if "Product" in types:
        node["brand"] = _house(absolute, shown, row, kind="Brand")
    if kind:
        node |= {
            "author": people.get("author"),
            "inLanguage": row.language,
            "datePublished": _as_known(published, row.publication_precision) if published else "",
            "publisher": _house(absolute, shown, row, kind="Organization"),
        }
    if is_work:
        node |= {
            "exampleOfWork": {"@id": work_id} if work_id else None,
            "isbn": row.isbn if row.isbn and isbns.looks_like_isbn(row.isbn) and row.isbn[:4] != "9790" else "",
            "bookFormat": f"{SCHEMA}{_BOOK_FORMATS[Format(row.format)]}" if row.format in _BOOK_FORMATS else "",
            "bookEdition": row.edition_statement,
            "numberOfPages": row.pages,
            "translator": people.get("translator"),
        }
    if kind == "Audiobook":
        node |= {_READER: people.get(_READER), "duration": _duration(row.duration_minutes)}
    return _without_empty(node)


def offer(decided: Offer, condition: str, url: str, seller: Node, at: dt.datetime) -> Node | None:
    """What the shop asks for an edition; nothing where it asks nothing, or offers it to nobody."""
    availability = decided.availability
    if not decided.price or not availability.is_offered:
        return None
    amount, currency = str(decided.price.amount), decided.price.currency
    holding = decided.terms.price_at(at)
    ends = holding.ends_at if holding else None
    node: Node = {
        "@type": "Offer",
        "url": url,
        "price": amount,
        "priceCurrency": currency,
        "priceValidUntil": ends.date().isoformat() if ends else "",
        "availability": f"{SCHEMA}{AVAILABILITIES[availability.code]}",
        "itemCondition": f"{SCHEMA}{CONDITIONS[Condition(condition)]}",
        "seller": seller,
    }
    if availability.code == "pre-order" and availability.expected:
        node["availabilityStarts"] = _as_known(availability.expected, availability.precision)
    if decided.former_price:
        node["priceSpecification"] = {
            "@type": "UnitPriceSpecification",
            "priceType": f"{SCHEMA}StrikethroughPrice",
            "price": str(decided.former_price.amount),
            "priceCurrency": decided.former_price.currency,
        }
    if not decided.tax_included:
        node["priceSpecification"] = {
            "@type": "UnitPriceSpecification",
            "price": amount,
            "priceCurrency": currency,
            "valueAddedTaxIncluded": False,
        }
    return _without_empty(node)


def _delivery(edition: Edition, ways: Sequence[Way]) -> Node:
    """How it travels within the shop's country, and until when it may come back; nothing of a download."""
    if edition.format in DIGITAL_FORMATS:
        return {}
    returns: Node = {
        "@type": "MerchantReturnPolicy",
        "applicableCountry": settings.SHOP_COUNTRY,
        "returnPolicyCategory": f"{SCHEMA}MerchantReturnNotPermitted",
    }
    if settings.RETURN_DAYS:
        returns |= {
            "returnPolicyCategory": f"{SCHEMA}MerchantReturnFiniteReturnWindow",
            "merchantReturnDays": settings.RETURN_DAYS,
            "returnMethod": f"{SCHEMA}ReturnByMail",
            "returnFees": f"{SCHEMA}ReturnFeesCustomerResponsibility",
        }
    return _without_empty({"shippingDetails": [_shipping(way) for way in ways], "hasMerchantReturnPolicy": returns})


def _shipping(way: Way) -> Node:
    times = {"handlingTime": _days(0, way.handling_days), "transitTime": _days(1, way.transit_days)}
    is_known = way.handling_days is not None and way.transit_days is not None
    return _without_empty(
        {
            "@type": "OfferShippingDetails",
            "name": way.name,
            "shippingRate": {
                "@type": "MonetaryAmount", "value": str(way.price.amount), "currency": way.price.currency,
            },
            "shippingDestination": {"@type": "DefinedRegion", "addressCountry": settings.SHOP_COUNTRY},
            "deliveryTime": {"@type": "ShippingDeliveryTime", **times} if is_known else None,
        }
    )  # fmt: skip


def _days(least: int, most: int | None) -> Node:
    """Working days, as these are read by convention."""
    most = most or 0
    return {"@type": "QuantitativeValue", "minValue": min(least, most), "maxValue": most, "unitCode": "DAY"}


def _kind(edition: Edition) -> str:
    return _KINDS.get(Format(edition.format), "Book")


def _house(absolute: Absolute, shown: ShownBook, edition: Edition, *, kind: str) -> Node | None:
    """Who publishes the edition as readers know them: its own imprint, else the book's."""
    name = edition.imprint or shown.imprint or (shown.publisher["name"] if shown.publisher else "")
    if not name:
        return None
    node = {"@type": kind, "name": name}
    if shown.publisher and name == shown.publisher["name"]:
        node["url"] = absolute(shown.publisher["url"])
    return node


def _people(absolute: Absolute, contributors: Sequence[Mapping[str, str]]) -> dict[str, list[Node]]:
    parts: dict[str, list[Node]] = {}
    for person in contributors:
        role = Role(person["role"])
        part = _READER if role == Role.NARRATOR else _PARTS.get(role, "contributor")
        parts.setdefault(part, []).append({"@type": "Person", "name": person["name"], "url": absolute(person["url"])})
    return parts


def _series(absolute: Absolute, series: Mapping[str, str] | None) -> Node:
    if not series:
        return {}
    return {
        "isPartOf": {"@type": "BookSeries", "name": series["name"], "url": absolute(series["url"])},
        "position": series["number"],
    }


def _as_known(date: dt.date, precision: str) -> str:
    """A date in ISO 8601 with as much of it as is known."""
    return date.isoformat()[: {DatePrecision.YEAR: 4, DatePrecision.MONTH: 7}.get(DatePrecision(precision), 10)]


def _duration(minutes: int | None) -> str:
    return f"PT{minutes // 60}H{minutes % 60}M" if minutes else ""


# --- People, houses, series ----------------------------------------------------------------------


def person(contributor: Mapping[str, Any], canonical: str, absolute: Absolute) -> Node:
    """A contributor."""
    photo = contributor["photo"]
    return _without_empty(
        {
            "@type": "Person",
            "@id": f"{canonical}#person",
            "name": contributor["name"],
            "url": canonical,
            "image": absolute(photo["src"]) if photo else "",
        }
    )


def house(name: str, canonical: str) -> Node:
    """A publisher."""
    return {"@type": "Organization", "@id": f"{canonical}#publisher", "name": name, "url": canonical}


def series(name: str, canonical: str) -> Node:
    """A series of books."""
    return {"@type": "BookSeries", "@id": f"{canonical}#series", "name": name, "url": canonical}


def _without_empty(node: Mapping[str, Any]) -> Node:
    return {name: value for name, value in node.items() if value not in (None, "", [], {})}
