"""Feeds: new books for readers (RSS, Atom), and every edition for Google Merchant Center.

The feeds for readers are made when asked for. The merchant feed names every edition of the shop, so it is made
outside the request, a thousand books at a time, into a compressed file in the shop's storage (`FeedFile`).
"""

from __future__ import annotations

import calendar
import datetime as dt
import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import feedgenerator, timezone
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html
from django.utils.http import http_date, parse_etags
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from catalog import delivery
from catalog.addresses import book_url, tag_url
from catalog.choices import DIGITAL_FORMATS, DatePrecision, Format
from catalog.delivery import Way, Ways
from catalog.faces import byline, cover_of
from catalog.models import BookListing, BookTag, Edition, FeedFile, ListingVersion, ProductPage, Tag
from catalog.offers import Offer, offer_for
from catalog.summaries import clean, description_of
from core.seo import absolute, site_url

NEW_BOOKS = 30
MERCHANT = "google-merchant"
CHUNK = 1000
GOOGLE = "http://base.google.com/ns/1.0"

_KINDS: dict[str, type[feedgenerator.SyndicationFeed]] = {
    "rss": feedgenerator.Rss201rev2Feed,
    "atom": feedgenerator.Atom1Feed,
}

# --- New books -----------------------------------------------------------------------------------


@require_safe
@cache_control(public=True, max_age=900)
@conditional_page
def new_books(request: HttpRequest, kind: str) -> HttpResponse:
    """The latest published books of the shop."""
    title = _("%(shop)s: new books") % {"shop": settings.WAGTAIL_SITE_NAME}
    return _feed(request, kind, title, f"{reverse('wagtail_serve', args=[''])}books/")


@require_safe
@cache_control(public=True, max_age=900)
@conditional_page
def new_books_of_tag(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """The latest published books of a tag."""
    tag = get_object_or_404(Tag, slug=slug)
    title = _("%(shop)s: new books in %(tag)s") % {"shop": settings.WAGTAIL_SITE_NAME, "tag": tag.name}
    return _feed(request, kind, title, tag_url(tag.slug), tag)


def _feed(request: HttpRequest, kind: str, title: str, link: str, tag: Tag | None = None) -> HttpResponse:
    base = site_url(request)
    feed = _KINDS[kind](
        title=clean(title),
        link=absolute(base, link),
        description=clean(tag.description if tag and tag.description else title),
        language=get_language(),
        feed_url=absolute(base, request.path),
        author_name=settings.WAGTAIL_SITE_NAME if kind == "atom" else None,
    )
    rows = list(_latest(tag))
    texts = _descriptions([row.pk for row in rows], 500)
    for row in rows:
        url = absolute(base, book_url(row.face["slug"]))
        who = byline(row.face["people"])
        published = timezone.make_aware(dt.datetime.combine(row.newest, dt.time.min))
        feed.add_item(
            title=clean(f"{row.face['title']} – {who}" if who else row.face["title"]),
            link=url,
            unique_id=url,
            description=_teaser(row, texts.get(row.pk, ""), base),
            pubdate=published,
            updateddate=published,
            categories=[clean(name) for _pk, name, _slug in row.face["tags"]],
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


def _latest(tag: Tag | None) -> Any:
    """Rows of the books that came out last, until today."""
    rows = BookListing.objects.filter(is_live=True, newest__lte=timezone.localdate())
    if tag:
        rows = rows.filter(pk__in=BookTag.objects.filter(tag=tag).values("page_id"))
    return rows.order_by("-newest", "-page_id").only("face", "newest")[:NEW_BOOKS]


def _descriptions(page_ids: Collection[int], limit: int) -> dict[int, str]:
    """The texts of books by their ids: read as they are kept, without a block made of each."""
    pages = ProductPage.objects.order_by().filter(pk__in=page_ids)
    return {
        pk: description_of(short, json.loads(blocks or "[]"), limit)
        for pk, short, blocks in pages.values_list("pk", "short_description", Cast("description", TextField()))
    }


def _teaser(row: BookListing, text: str, base: str) -> str:
    """What a reader of feeds shows: HTML, every word of it escaped."""
    pictures = row.face["pictures"]
    cover = cover_of(pictures[0]) if pictures else None
    picture = (
        format_html(
            '<p><img src="{}" alt="{}" width="{}" height="{}"></p>',
            absolute(base, cover["src"]), clean(cover["alt"]), cover["width"], cover["height"],
        )
        if cover
        else ""
    )  # fmt: skip
    return format_html("{}<p>{}</p>", picture, text or clean(row.face["subtitle"] or row.face["title"]))


# --- Google Merchant Center ----------------------------------------------------------------------

_AVAILABILITIES = {
    "in-stock": "in_stock",
    "low-stock": "in_stock",
    "download": "in_stock",
    "to-order": "backorder",
    "special-order": "backorder",
    "print-on-demand": "backorder",
    "pre-order": "preorder",
    "temporarily-out": "out_of_stock",
    "out-of-print": "out_of_stock",
    "unavailable": "out_of_stock",
}
_DAYS = {"to-order": 4, "special-order": 21, "print-on-demand": 14}
"""The longest that `catalog.offers` says of each: "Usually 2–4 days", "1–3 weeks", "1–2 weeks"."""
_CATEGORIES = {
    Format.EBOOK: "Media > Books > E-books",
    Format.AUDIOBOOK: "Media > Books > Audiobooks",
    Format.AUDIO_CD: "Media > Books > Audiobooks",
    Format.MAP: "",
    Format.SHEET_MUSIC: "Media > Sheet Music",
    Format.DISC: "",
    Format.GIFT: "",
}
_PRINT = "Media > Books > Print Books"
_LONGEST_TITLE, _LONGEST_TEXT, _LONGEST_TYPE, _LONGEST_BRAND = 150, 5000, 750, 70


class _LeftOut(Exception):  # noqa: N818 - not an error
    """An edition that may not be in the feed, and why."""


def write_merchant_feed(*, always: bool = False) -> FeedFile | None:
    """Make the merchant feed anew; None where nothing has changed since it was last made.

    Memory does not grow with the catalogue. Safe to run twice at once: each writes a file of its own, the last row
    stays. Files that no row names any more are deleted, the last one after the new row is committed.
    """
    now = timezone.now()
    state = ListingVersion.objects.filter(pk=1).values_list("epoch", "number").first() or ("", 0)
    base = site_url()
    made_from = f"{state[0]}.{state[1]} {timezone.localdate(now).isoformat()} {base}"[:100]
    before = FeedFile.objects.filter(pk=MERCHANT).first()
    if before and before.made_from == made_from and not always:
        return None
    left_out: Counter[str] = Counter()
    items = 0
    with tempfile.TemporaryFile() as file:
        with gzip.open(file, "wt", encoding="utf-8", newline="\n") as out:
            out.write(_head(base))
            for item in _items(base, now, left_out):
                out.write(item)
                items += 1
            out.write("</channel>\n</rss>\n")
        file.seek(0)
        feed = FeedFile(name=MERCHANT, made_from=made_from, items=items, left_out=dict(left_out))
        feed.file.save(f"feeds/{MERCHANT}-{now:%Y%m%dT%H%M%S%f}.xml.gz", File(file), save=False)
    with transaction.atomic():
        feed.save()
        if before:
            transaction.on_commit(partial(before.file.storage.delete, str(before.file.name)))
    return feed


def outdate() -> None:
    """Have the merchant feed made anew at its next hour, though no book has changed."""
    FeedFile.objects.filter(pk=MERCHANT).update(made_from="")


@require_safe
def merchant_feed(request: HttpRequest) -> HttpResponseBase:
    """The merchant feed as it was last made; 503 until it was made once."""
    feed = FeedFile.objects.filter(pk=MERCHANT).first()
    if feed is None or not feed.file.storage.exists(str(feed.file.name)):
        response: HttpResponseBase = HttpResponse(_("The feed is being made."), "text/plain; charset=utf-8", status=503)
        response["Retry-After"] = "60"
        return response
    etag = f'"{feed.made_at.timestamp():.6f}"'
    if etag in parse_etags(request.META.get("HTTP_IF_NONE_MATCH", "")):
        response = HttpResponse(status=304)
    elif request.method == "HEAD":
        response = HttpResponse(content_type="application/xml")
    elif "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        response = FileResponse(feed.file.open(), content_type="application/xml")
        response["Content-Encoding"] = "gzip"
    else:
        response = StreamingHttpResponse(_unpacked(feed.file.open()), content_type="application/xml")
    response["ETag"] = etag
    response["Last-Modified"] = http_date(feed.made_at.timestamp())
    response["Cache-Control"] = "public, max-age=900"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    with file, gzip.open(file) as text:
        while part := text.read(64 * 1024):
            yield part


def _head(base: str) -> str:
    name = escape(str(settings.WAGTAIL_SITE_NAME))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<rss version="2.0" xmlns:g={quoteattr(GOOGLE)}>\n<channel>\n'
        f"<title>{name}</title>\n<link>{escape(base)}/</link>\n<description>{name}</description>\n"
    )


def _items(base: str, at: dt.datetime, left_out: Counter[str]) -> Iterator[str]:
    """An item for each edition that Google may show, and a count of the others by reason."""
    last, ways = 0, delivery.ways()
    while True:
        rows = {
            row.pk: row
            for row in BookListing.objects.filter(is_live=True, pk__gt=last).order_by("pk").only("face")[:CHUNK]
        }
        if not rows:
            return
        last = max(rows)
        texts = _descriptions(rows, _LONGEST_TEXT)
        for edition in Edition.objects.with_offer().filter(product__in=rows, is_active=True).order_by("pk"):
            try:
                yield _item(base, rows[edition.product_id].face, edition, texts.get(edition.product_id, ""), ways, at)
            except _LeftOut as reason:
                left_out[str(reason)] += 1


def _item(base: str, face: dict[str, Any], edition: Edition, text: str, ways: Ways, at: dt.datetime) -> str:
    offer = offer_for(edition, at)
    if not offer.price or not offer.availability.is_offered:
        raise _LeftOut("no price")
    if not offer.tax_included:
        raise _LeftOut("price without tax")
    pictures = [picture for picture in face["pictures"] if cover_of(picture, large=True)]
    if not pictures:
        raise _LeftOut("no picture")
    images = [absolute(base, (cover_of(picture, large=True) or {})["src"]) for picture in pictures[:11]]
    title = clean(f"{face['title']}: {face['subtitle']}" if face["subtitle"] else face["title"])
    who = clean(byline(face["people"]))
    kind = str(edition.format_label)
    brand = edition.imprint or face["imprint"] or (face["publisher"][0] if face["publisher"] else "")
    category = _CATEGORIES.get(Format(edition.format), _PRINT)
    tags = [clean(name) for _pk, name, _slug in face["tags"]]
    facts: list[tuple[str, str]] = [
        ("id", edition.sku),
        ("title", _within(_LONGEST_TITLE, title, f" ({kind})")),
        ("description", text or (f"{title}, {who}" if who else title)),
        ("link", f"{absolute(base, book_url(face['slug']))}?edition={edition.sku}"),
        ("image_link", images[0]),
        *(("additional_image_link", image) for image in images[1:]),
        *_availability(offer, at),
        *_prices(offer),
        ("condition", edition.condition),
        ("gtin", edition.isbn or ""),
        ("identifier_exists", "" if edition.isbn else "no"),
        ("brand", clean(brand)[:_LONGEST_BRAND]),
        ("google_product_category", category),
        *(("product_type", f"Books > {name}"[:_LONGEST_TYPE]) for name in tags[:5]),
        ("is_bundle", "yes" if edition.format == Format.SET else ""),
    ]
    if edition.weight_g and edition.format not in DIGITAL_FORMATS:
        facts.append(("shipping_weight", f"{edition.weight_g} g"))
    shipping = "".join(f"<g:shipping>\n{_lines(_shipping(way))}</g:shipping>\n" for way in ways(edition, offer))
    return f"<item>\n{_lines(facts)}{shipping}</item>\n"


def _lines(facts: Sequence[tuple[str, str]]) -> str:
    return "".join(f"<g:{name}>{escape(value)}</g:{name}>\n" for name, value in facts if value)


def _shipping(way: Way) -> Sequence[tuple[str, str]]:
    """A way of delivery with its times in working days, where both are known."""
    facts = [
        ("country", settings.SHOP_COUNTRY),
        ("service", clean(way.name)),
        ("price", f"{way.price.amount} {way.price.currency}"),
    ]
    if way.handling_days is None or way.transit_days is None:
        return facts
    return [
        *facts,
        ("min_handling_time", "0"),
        ("max_handling_time", str(way.handling_days)),
        ("min_transit_time", str(min(1, way.transit_days))),
        ("max_transit_time", str(way.transit_days)),
    ]


def _availability(offer: Offer, at: dt.datetime) -> Sequence[tuple[str, str]]:
    """Availability and, where Google wants one, the day on which a copy can leave the shop."""
    code = offer.availability.code
    facts = [("availability", _AVAILABILITIES[code])]
    if code == "pre-order":
        expected = offer.availability.expected
        if expected is None:
            raise _LeftOut("pre-order without a date")
        facts.append(("availability_date", _midnight(_last_day(expected, offer.availability.precision))))
    elif code in _DAYS:
        facts.append(("availability_date", _midnight(timezone.localdate(at) + dt.timedelta(days=_DAYS[code]))))
    return facts


def _prices(offer: Offer) -> Sequence[tuple[str, str]]:
    """What is asked; of an announced offer the former price, the offer's, and from when until when it holds."""
    asked = f"{offer.price.amount} {offer.price.currency}" if offer.price else ""
    if offer.former_price is None or offer.offer_starts_at is None or offer.offer_ends_at is None:
        return [("price", asked)]
    dates = [timezone.localtime(moment) for moment in (offer.offer_starts_at, offer.offer_ends_at)]
    return [
        ("price", f"{offer.former_price.amount} {offer.former_price.currency}"),
        ("sale_price", asked),
        ("sale_price_effective_date", "/".join(date.isoformat(timespec="minutes") for date in dates)),
    ]


def _last_day(date: dt.date, precision: str) -> dt.date:
    """The end of the period that is known: the day is never invented too early."""
    if precision == DatePrecision.YEAR:
        return date.replace(month=12, day=31)
    if precision == DatePrecision.MONTH:
        return date.replace(day=calendar.monthrange(date.year, date.month)[1])
    return date


def _midnight(date: dt.date) -> str:
    return timezone.make_aware(dt.datetime.combine(date, dt.time.min)).isoformat(timespec="minutes")


def _within(limit: int, text: str, end: str) -> str:
    room = limit - len(end)
    return f"{text if len(text) <= room else text[: room - 1].rstrip() + '…'}{end}"
