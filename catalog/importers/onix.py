"""ONIX for Books 2.1, 3.0 and 3.1, reference and short tags, as records.

Real feeds are read leniently and reported on, not turned away at the schema: elements are found by their
local names whatever their namespace and order, short tags through one table. There is one reader for the
flat 2.1 and one for the blocks of 3.x; what they have in common is below them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import BinaryIO

from lxml import etree
from stdnum import isni

from catalog.choices import DIGITAL_FORMATS, DatePrecision, Format, Role, SupplierAvailability
from catalog.importers import codes, text
from catalog.importers.onix_message import Message, Piece
from catalog.importers.records import (
    Block,
    ContributorRecord,
    Notification,
    PartialDate,
    PriceRecord,
    Record,
    Rejection,
    UnreadableFile,
)
from catalog.isbn import InvalidISBN, clean, to_gtin13, to_isbn13

_SHORT_TAGS = """
    a001 RecordReference  a002 NotificationType  b003 PublicationDate  b004 ISBN  b005 EAN13  b012 ProductForm
    b018 TitleOfSeries  b019 NumberWithinSeries  b028 DistinctiveTitle  b029 Subtitle  b030 TitlePrefix
    b031 TitleWithoutPrefix  b034 SequenceNumber  b035 ContributorRole  b036 PersonName  b037 PersonNameInverted
    b038 TitlesBeforeNames  b039 NamesBeforeKey  b040 KeyNames  b041 NamesAfterKey  b044 BiographicalNote
    b047 CorporateName  b056 EditionTypeCode  b057 EditionNumber  b058 EditionStatement  b061 NumberOfPages
    b064 BASICMainSubject  b065 BICMainSubject  b067 SubjectSchemeIdentifier  b069 SubjectCode
    b070 SubjectHeadingText  b079 ImprintName  b081 PublisherName  b089 SalesRightsType  b090 RightsCountry
    b191 MainSubjectSchemeIdentifier  b201 WorkIDType  b202 TitleType  b203 TitleText  b211 EpubType
    b218 ExtentType  b219 ExtentValue  b220 ExtentUnit  b221 ProductIDType  b244 IDValue  b247 PrefixToKey
    b248 SuffixToKey  b249 UnnamedPersons  b251 CountryCode  b252 LanguageCode  b253 LanguageRole
    b291 PublishingRole  b306 Date  b333 ProductFormDetail  b388 RightsTerritory  b390 PersonNameIDType
    b394 PublishingStatus  c093 MeasureTypeCode  c094 Measurement  c095 MeasureUnitCode  d102 TextTypeCode
    d104 Text  f114 MediaFileTypeCode  f117 MediaFileLink  h208 RelationCode  j137 SupplierName
    j138 SupplyToCountry  j140 SupplyToCountryExcluded  j141 AvailabilityCode  j143 OnSaleDate
    j148 PriceTypeCode  j151 PriceAmount  j152 CurrencyCode  j161 PriceEffectiveFrom  j162 PriceEffectiveUntil
    j192 UnpricedItemType  j239 PricePer  j260 DateFormat  j261 PriceQualifier  j263 MinimumOrderQuantity
    j303 Territory  j304 CountryExcluded  j308 TerritoryExcluded  j396 ProductAvailability
    j397 SupplyToTerritory  j408 MarketDateRole  m174 FromCompany  m180 MessageNumber  m182 SentDate
    m184 DefaultLanguageOfText  m185 DefaultPriceTypeCode  m186 DefaultCurrencyCode  x298 SenderName
    x307 SentDateTime  x310 DefaultPriceType  x314 ProductComposition  x315 MeasureType  x329 CollectionType
    x409 TitleElementLevel  x410 PartNumber  x415 NameIDType  x419 EditionType  x425 MainSubject
    x426 TextType  x427 ContentAudience  x435 ResourceLink  x436 ResourceContentType  x437 ResourceMode
    x448 PublishingDateRole  x449 CountriesIncluded  x450 RegionsIncluded  x451 CountriesExcluded
    x452 RegionsExcluded  x454 WorkRelationCode  x455 ProductRelationCode  x456 ROWSalesRightsType
    x461 SupplyDateRole  x462 PriceType  x476 PriceDateRole  x481 CollectionSequenceNumber
"""
_COMPOSITES = """
    Collection CollectionSequence CollateralDetail ContentDetail Contributor DescriptiveDetail Extent Imprint
    Language MainSubject Market MarketDate MarketPublishingDetail Measure MediaFile NameIdentifier NotForSale
    OtherText PersonNameIdentifier Price PriceDate ProductIdentifier ProductSupply Publisher PublishingDate
    PublishingDetail RelatedMaterial RelatedProduct RelatedWork ResourceVersion SalesRights Sender Series Subject
    SupplyDate SupplyDetail SupportingResource Territory TextContent Title TitleDetail TitleElement WorkIdentifier
"""


class _Names(dict[str, str]):
    """Tag as it stands in the file → reference name, or "" for what this reader does not read.

    The short tags are those of EDItEUR's schemas for 2.1, 3.0 and 3.1; a composite's is its name in lower case.
    """

    def __init__(self) -> None:
        words = _SHORT_TAGS.split()
        known = dict(zip(words[::2], words[1::2], strict=True))
        composites = _COMPOSITES.split()
        super().__init__(
            known
            | {name: name for name in known.values()}
            | {name.lower(): name for name in composites}
            | {name: name for name in composites}
        )

    def __missing__(self, tag: str) -> str:
        return self.get(tag.rpartition("}")[2], "")  # not stored: a hostile file could fill the memory


_NAMES = _Names()
_BLANK = " \t\r\n\u200b\ufeff\xa0"


class _Part:
    """A composite: its children by reference name."""

    __slots__ = ("_children",)

    def __init__(self, element: etree._Element) -> None:
        self._children: dict[str, list[etree._Element]] = {}
        for child in element:
            name = _NAMES[child.tag]
            if name:
                self._children.setdefault(name, []).append(child)

    def __contains__(self, name: str) -> bool:
        return name in self._children

    def code(self, name: str) -> str:
        """A code value or a number: the first that is not empty, without the blanks around it."""
        for element in self._children.get(name, ()):
            value = (element.text or "").strip(_BLANK)
            if value:
                return value
        return ""

    def codes(self, name: str) -> list[str]:
        """All values, also those that stand in one element with blanks between."""
        return [code for element in self._children.get(name, ()) for code in (element.text or "").split()]

    def plain(self, name: str) -> str:
        """The first text that is not empty, in one clean line."""
        for element in self._children.get(name, ()):
            value = text.plain(_inner(element))
            if value:
                return value
        return ""

    def rich(self, name: str) -> str:
        return text.rich("\n\n".join(_inner(element) for element in self._children.get(name, ())))

    def parts(self, name: str) -> list[_Part]:
        return [_Part(element) for element in self._children.get(name, ())]

    def part(self, name: str) -> _Part:
        """The first such composite; an empty one where there is none."""
        found = self._children.get(name)
        return _Part(found[0]) if found else _NOTHING

    def elements(self, name: str) -> list[etree._Element]:
        return self._children.get(name, [])


_NOTHING = _Part(etree.Element("nothing"))


def _inner(element: etree._Element) -> str:
    """What stands between the tags; XHTML inside is written out again as markup."""
    if not len(element):
        return element.text or ""
    start = (element.text or "").replace("&", "&amp;").replace("<", "&lt;")
    return start + "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)


@dataclass(frozen=True, slots=True)
class Header:
    """What the sender says once for the whole message."""

    sender: str = ""
    sent_at: dt.datetime | None = None
    number: str = ""
    language: str = ""
    currency: str = ""
    price_type: str = ""


@dataclass(slots=True)
class _Context:
    """What holds for every product of the file."""

    currency: str
    country: str
    shop_currency: str
    today: dt.date
    header: Header = field(default_factory=Header)


class _Refused(Exception):
    """The record stays out; the message says why."""


def read(
    stream: BinaryIO,
    *,
    currency: str | None = None,
    country: str = "GB",
    shop_currency: str = "GBP",
    today: dt.date | None = None,
) -> Iterator[Record | Rejection]:
    """Read a message product by product; see `reading.read_file` for the arguments.

    A file that breaks off gives out every complete product, then one rejection that names the line.

    Raises:
        UnreadableFile: not ONIX, entities declared in the file, or not one product in it.
    """
    context = _Context(
        (currency or "").upper(), country.upper(), shop_currency.upper(), today or dt.datetime.now(dt.UTC).date()
    )
    message = Message(stream)
    position = 0
    for piece in message.pieces():
        if piece.is_header:
            if piece.element is not None:
                context.header = _header(_Part(piece.element))
            continue
        position += 1
        yield _product(piece, position, context)
    if message.broken_at:
        if not position:
            raise UnreadableFile(f"The file breaks off at {message.broken_at}, and no product is complete.")
        yield Rejection(
            position + 1,
            "",
            f"The file breaks off at {message.broken_at}. The {position:,} products before it were read; "
            "ask the sender for the whole file.",
        )
    elif not position:
        raise UnreadableFile("The message has no product in it.")


def _header(header: _Part) -> Header:
    sender = header.part("Sender").plain("SenderName") or header.plain("FromCompany")
    price_type = header.code("DefaultPriceType") or header.code("DefaultPriceTypeCode")
    return Header(
        sender=sender[:255],
        sent_at=_moment(header.code("SentDateTime") or header.code("SentDate")),
        number=header.code("MessageNumber"),
        language=header.code("DefaultLanguageOfText"),
        currency=header.code("DefaultCurrencyCode").upper(),
        price_type=price_type.zfill(2) if price_type else "",
    )


def _product(piece: Piece, position: int, context: _Context) -> Record | Rejection:
    if piece.element is None:
        return Rejection(position, "", f"The product that begins in line {piece.line} is left out: {piece.fault}.")
    part = _Part(piece.element)
    reference = part.plain("RecordReference")[:255]
    warnings = list(piece.warnings)
    isbn = ""
    try:
        kind = part.code("NotificationType").zfill(2) if part.code("NotificationType") else ""
        if kind in codes.SKIPPED:
            raise _Refused(f"skipped: {codes.SKIPPED[kind]} (notification type {kind})")
        isbn = _identifier(part, warnings, needed=kind != codes.DELETION or not reference)
        record = Record(
            position=position,
            isbn=isbn,
            reference=reference,
            sender=context.header.sender,
            sent_at=context.header.sent_at,
            warnings=warnings,
        )
        if kind == codes.DELETION:
            record.notification = Notification.DELETE
            return record
        flat = not any(f"{block}Detail" in part for block in ("Descriptive", "Publishing", "Collateral"))
        flat = flat and "ProductSupply" not in part and "RelatedMaterial" not in part
        if kind == codes.BLOCK_UPDATE:
            if flat:
                raise _Refused(
                    "A partial update (notification type 04) of ONIX 2.1 does not say what it leaves as it was; "
                    "ask the sender for a complete record."
                )
            record.notification = Notification.BLOCKS
        elif kind not in codes.COMPLETE:
            shown = f"“{kind[:20]}” is unknown" if kind else "is missing"
            warnings.append(f"The notification type {shown}; the record was read as a complete one.")
        (_Flat if flat else _Blocks)(part, record, context).read()
    except _Refused as refusal:
        return Rejection(position, reference, str(refusal), isbn)
    return record


# --- Identifiers -------------------------------------------------------------------------------------


def _identifier(part: _Part, warnings: list[str], *, needed: bool) -> str:
    """The record's ISBN-13, else its GTIN-13; only direct children of the product name the product itself."""
    sent: dict[str, list[str]] = defaultdict(list)
    for identifier in part.parts("ProductIdentifier"):
        value = identifier.code("IDValue")
        if value:
            sent[identifier.code("ProductIDType").zfill(2)].append(value)
    for value in part.codes("ISBN"):
        sent["02"].append(value)
    for value in part.codes("EAN13"):
        sent["03"].append(value)
    books: list[str] = []
    faults: list[str] = []
    for value in sent["15"]:
        _try(to_isbn13, value, books, faults)
    for value in sent["03"]:
        if value not in books and _is_bookland(value):
            _try(to_isbn13, value, books, faults)
    for value in sent["02"]:
        if not any(value[:9] == isbn[3:12] for isbn in books):
            _try(to_isbn13, value, books, faults)
    if not books:
        for value in sent["03"]:
            if not _is_bookland(value):
                _try(to_gtin13, value, books, faults)
    distinct = list(dict.fromkeys(books))
    if not distinct:
        if faults:
            raise _Refused(" ".join(dict.fromkeys(faults)))
        if needed:
            raise _Refused("No ISBN and no GTIN-13: nothing tells which product this is.")
        return ""
    if len(distinct) > 1:
        warnings.append(f"ISBN: the record names {' and '.join(distinct[:3])}; {distinct[0]} was taken.")
    warnings.extend(dict.fromkeys(faults))
    return distinct[0]


def _is_bookland(value: str) -> bool:
    """Whether a GTIN-13 is an ISBN: 978 and 979, but not 979-0, which is printed music."""
    number = clean(value)
    return number.startswith(("978", "979")) and not number.startswith("9790")


def _try(convert: object, value: str, into: list[str], faults: list[str]) -> None:
    try:
        into.append(convert(value))  # type: ignore[operator]
    except InvalidISBN as error:
        faults.append(str(error))


# --- Dates -------------------------------------------------------------------------------------------

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})?)?(?:Z)?\Z")


def _moment(value: str) -> dt.datetime | None:
    """Date and time of a message; without a zone it is taken as UTC."""
    found = _MOMENT.match(value.replace(":", "").replace(" ", ""))
    if not found and len(value) >= 8:
        found = _MOMENT.match(value.replace("-", "")[:8])
    if not found:
        return None
    *parts, zone = found.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    offset = dt.timedelta()
    if zone and zone != "Z":
        offset = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
    try:
        return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC) - offset
    except (ValueError, OverflowError):
        return None


def partial_date(value: str) -> PartialDate | None:
    """YYYYMMDD, YYYYMM or YYYY, with or without hyphens and a time behind; zeros mean unknown.

    Raises:
        ValueError: it is none of these, or no such day exists.
    """
    digits = re.sub(r"[^0-9].*", "", value.replace("-", "") if "T" not in value else value.partition("T")[0])
    if len(digits) not in (4, 6, 8):
        digits = digits[:4] if len(digits) == 5 else digits  # YYYYQ, YYYYS: the year is sure
        digits = digits[:8] if len(digits) in (12, 14) else digits
    if not digits or not digits.isascii() or len(digits) not in (4, 6, 8):
        raise ValueError(value)
    year, month, day = int(digits[:4]), int(digits[4:6] or 0), int(digits[6:8] or 0)
    if not (year or month or day):
        return None
    if not 1400 <= year <= 2200:
        raise ValueError(value)
    if not month:
        return PartialDate(dt.date(year, 12, 31), DatePrecision.YEAR)
    if not day:
        after = dt.date(year + month // 12, month % 12 + 1, 1) if month <= 12 else None
        if after is None:
            raise ValueError(value)
        return PartialDate(after - dt.timedelta(days=1), DatePrecision.MONTH)
    return PartialDate(dt.date(year, month, day))


# --- Where something holds ---------------------------------------------------------------------------


def _holds(country: str, included: list[str], excluded: list[str], regions: list[str], not_regions: list[str]) -> bool:
    """Whether a territory holds the country. Without a word about it, it is the world."""
    if country in excluded or "WORLD" in not_regions:
        return False
    if country in included:
        return True
    if not included and not regions:
        return True
    return any(region in ("WORLD", "ROW") or region.startswith(f"{country}-") for region in regions)


def _territory(part: _Part, country: str) -> bool | None:
    """None where the part has no territory."""
    if "Territory" not in part:
        return None
    territory = part.part("Territory")
    return _holds(
        country,
        territory.codes("CountriesIncluded"),
        territory.codes("CountriesExcluded"),
        territory.codes("RegionsIncluded"),
        territory.codes("RegionsExcluded"),
    )


@dataclass(frozen=True, slots=True)
class _Offer:
    """A price as it was understood, with what decides between it and others."""

    price: PriceRecord
    here: bool
    """False where the market or the territory leaves out our country."""
    named: bool
    """Our country is named, not just part of the world."""
    rank: int

    @property
    def order(self) -> tuple[bool, bool, int]:
        return (not self.here, not self.named, self.rank)


class _Reader:
    """What 2.1 and 3.x have in common. A subclass fills `record` from its own structure."""

    def __init__(self, part: _Part, record: Record, context: _Context) -> None:
        self.part = part
        self.record = record
        self.context = context
        self.form_known = True
        self.reasons: list[str] = []
        self.availability = ""
        self.status = ""
        self.offers: list[_Offer] = []
        self.unpriced = ""
        self.any_price = False

    def warn(self, message: str) -> None:
        if len(self.record.warnings) < 20 and message not in self.record.warnings:
            self.record.warnings.append(message)

    # Form, title, people

    def set_form(self, composition: str, form: str, details: list[str]) -> None:
        if composition in codes.TRADE_COMPOSITIONS or codes.is_trade_form(form):
            raise _Refused(f"trade-only: point-of-sale material or a pack for booksellers (form {form or composition})")
        found = codes.format_of(form, details)
        if found is None:
            self.form_known = False
            found = Format.SET if composition in codes.SET_COMPOSITIONS else Format.PRINT
        if composition in codes.SET_COMPOSITIONS and found not in DIGITAL_FORMATS:
            found = Format.SET
        self.record.format = found
        if not self.form_known:
            shown = f"Product form “{form[:20]}” is unknown" if form not in ("", "00") else "No product form"
            self.reasons.append(f"{shown}: may be trade material")

    def set_title(self, title: str, subtitle: str, sort_title: str) -> None:
        if not title:
            raise _Refused("No title.")
        if len(title) > text.ABSURD_TITLE:
            raise _Refused(f"The title has {len(title):,} characters: another text stands in its field.")
        self.record.title = self.fit(title, "title")
        self.record.subtitle = self.fit(subtitle, "subtitle")
        self.record.sort_title = sort_title[: text.MAX_TITLE] if sort_title != title else ""

    def fit(self, value: str, name: str) -> str:
        if len(value) <= text.MAX_TITLE:
            return value
        self.warn(f"The {name} has {len(value):,} characters; cut after {text.MAX_TITLE}: “{value[:40]}…”.")
        return value[: text.MAX_TITLE - 1].rsplit(" ", 1)[0] + "…"

    @staticmethod
    def title_of(part: _Part) -> tuple[str, str]:
        """Title as it reads and as it files ("The Forgotten", "Forgotten, The")."""
        prefix, without = part.plain("TitlePrefix"), part.plain("TitleWithoutPrefix")
        joined = f"{prefix} {without}" if prefix and not prefix.endswith(("’", "'")) else f"{prefix}{without}"
        sort_title = f"{without}, {prefix}" if prefix and without else ""
        return part.plain("TitleText") or joined.strip(), sort_title

    def set_contributors(self, parts: list[_Part]) -> None:
        numbered = [(part.code("SequenceNumber"), part) for part in parts]
        if numbered and all(number.isascii() and number.isdigit() for number, _ in numbered):
            numbered.sort(key=lambda pair: int(pair[0][:9]))
        seen: set[tuple[str, Role]] = set()
        for _, part in numbered:
            name, sort_name = self.name_of(part)
            if not name or text.is_nobody(name):
                continue
            roles = [role for code in part.codes("ContributorRole") for role in codes.roles_of(code.upper())]
            isni_number, orcid = self.identities(part)
            biography = part.rich("BiographicalNote")
            for role in dict.fromkeys(roles or [Role.AUTHOR]):
                if (name, role) in seen:
                    continue
                seen.add((name, role))
                self.record.contributors.append(
                    ContributorRecord(
                        name=name[: text.MAX_TITLE],
                        role=role,
                        sort_name=sort_name[: text.MAX_TITLE],
                        biography=biography,
                        isni=isni_number,
                        orcid=orcid,
                    )
                )

    @staticmethod
    def name_of(part: _Part) -> tuple[str, str]:
        """Name as it is said, and as it files, in the best order that the fields allow."""
        inverted = part.plain("PersonNameInverted")
        said = part.plain("PersonName")
        key = part.plain("KeyNames")
        if not said and key:
            fields = ("TitlesBeforeNames", "NamesBeforeKey", "PrefixToKey", "KeyNames", "NamesAfterKey", "SuffixToKey")
            said = " ".join(value for name in fields if (value := part.plain(name)))
        if key and not inverted and (before := part.plain("NamesBeforeKey")):
            inverted = f"{key}, {before}"
        if said:
            return said, inverted if "," in inverted else ""
        if inverted:
            return text.turn_round(inverted)
        return part.plain("CorporateName") or codes.UNNAMED.get(part.code("UnnamedPersons"), ""), ""

    def identities(self, part: _Part) -> tuple[str, str]:
        """ISNI and ORCID that pass their check."""
        found = {"16": "", "21": ""}
        for identifier in part.parts("NameIdentifier") + part.parts("PersonNameIdentifier"):
            kind = identifier.code("NameIDType") or identifier.code("PersonNameIDType")
            if kind not in found or found[kind]:
                continue
            value = identifier.code("IDValue").rpartition("/")[2]
            if isni.is_valid(value):
                found[kind] = isni.compact(value)
            elif value:
                self.warn(f"{'ISNI' if kind == '16' else 'ORCID'} “{value[:40]}” fails its check digit; left out.")
        return found["16"], found["21"]

    def set_edition(self, part: _Part, types: list[str]) -> None:
        statement = part.plain("EditionStatement")
        if not statement:
            number = part.code("EditionNumber")
            words = [_ordinal(int(number)) + " edition"] if number.isdecimal() and 1 < int(number) < 200 else []
            words += [codes.EDITION_TYPES[code] for code in types if code in codes.EDITION_TYPES]
            statement = ", ".join([words[0], *(word.lower() for word in words[1:])]) if words else ""
        self.record.edition_statement = statement[: text.MAX_TITLE]

    def set_language(self, parts: list[_Part]) -> None:
        by_role = {part.code("LanguageRole"): part for part in reversed(parts)}
        spoken = self.record.format in (Format.AUDIOBOOK, Format.AUDIO_CD)
        wanted = ("08", "01", "") if spoken else ("01", "", "08")
        part = next((by_role[role] for role in wanted if role in by_role), None)
        if part is None:
            self.record.language = text.language_tag(self.context.header.language)
            return
        code = part.code("LanguageCode")
        self.record.language = text.language_tag(code, part.code("CountryCode"))
        if code and not self.record.language and code.lower() not in ("und", "mul", "zxx", "mis"):
            self.warn(f"Language “{code[:20]}” is no code of ISO 639; left out.")

    def set_extent(self, parts: list[_Part], number_of_pages: str = "") -> None:
        pages: dict[str, int] = {}
        if number_of_pages:
            pages["main"] = self.number(number_of_pages, "number of pages")
        for part in parts:
            kind, unit, value = part.code("ExtentType"), part.code("ExtentUnit"), part.code("ExtentValue")
            if kind == "09" and value:
                self.record.duration_minutes = self.minutes(value, unit) or self.record.duration_minutes
            elif unit in ("03", "") and value:
                pages.setdefault(kind, self.number(value, "number of pages"))
        count = next((pages[k] for k in ("00", "main", "05", "11", "07", "06", "10", "08") if pages.get(k)), 0)
        if count > 30_000:
            self.warn(f"{count:,} pages is more than any book has; left out.")
            count = 0
        self.record.pages = count or None

    def number(self, value: str, name: str) -> int:
        """A whole number; 0 where it is none, with a warning."""
        found = re.fullmatch(r"\s*(\d{1,9})(?:\.0+)?\s*", value, re.ASCII)
        if not found:
            self.warn(f"The {name} “{value[:30]}” is not a number; left out.")
            return 0
        return int(found[1])

    def minutes(self, value: str, unit: str) -> int | None:
        if not re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", value, re.ASCII):
            self.warn(f"The duration “{value[:30]}” is not a number; left out.")
            return None
        whole = value.partition(".")[0]
        match unit:
            case "15":  # HHHMM
                total = int(whole[:-2] or 0) * 60 + int(whole[-2:])
            case "16":  # HHHMMSS
                total = int(whole[:-4] or 0) * 60 + int(whole[-4:-2] or 0)
            case "04" | "14":
                total = round(float(value) * 60)
            case "06":
                total = round(float(value) / 60)
            case _:
                total = round(float(value))
        return total if 0 < total < 100_000 else None

    def set_measures(self, parts: list[_Part]) -> None:
        names = {"01": "height_mm", "02": "width_mm", "03": "thickness_mm", "08": "weight_g"}
        for part in parts:
            name = names.get(part.code("MeasureType") or part.code("MeasureTypeCode"))
            value = part.code("Measurement")
            if not name or not value:
                continue
            units = codes.GRAMS if name == "weight_g" else codes.MILLIMETRES
            unit = units.get(part.code("MeasureUnitCode").lower())
            if unit is None or not re.fullmatch(r"\d{1,7}(?:\.\d{1,6})?", value, re.ASCII):
                shown = f"{value[:20]} {part.code('MeasureUnitCode')[:10]}".strip()
                self.warn(f"The measure “{shown}” is not understood; left out.")
                continue
            size = round(float(value) * unit)
            if 0 < size < 100_000:
                setattr(self.record, name, size)

    def set_tags(self, subjects: list[tuple[str, str, str]]) -> None:
        """From (scheme, code, heading): headings as sent, else the broad group of a code, then keywords."""
        headings: list[str] = []
        keywords: list[str] = []
        for scheme, code, heading in subjects:
            if scheme in codes.NOT_FOR_DISPLAY:
                continue
            if scheme == codes.KEYWORDS:
                keywords += re.split(r";" if ";" in heading else r",", heading)
            elif heading:
                headings.append(heading)
            elif group := codes.subject_group(scheme, code):
                headings.append(group)
        self.record.tags = _distinct(headings + keywords)

    # Texts and pictures

    def set_texts(self, texts: dict[str, list[_Part]]) -> None:
        """From texts by their type in list 153."""
        for kind in codes.DESCRIPTION_TYPES:
            description = next((found for part in texts.get(kind, ()) if (found := part.rich("Text"))), "")
            if description:
                self.record.description = description
                break
        for part in texts.get(codes.SHORT_DESCRIPTION_TYPE, ()):
            self.record.short_description = part.plain("Text")[: text.MAX_TEXT]
            break

    def set_images(self, images: dict[str, list[str]]) -> None:
        """From links by their type in list 158: a thumbnail or a holding image only where there is no cover."""
        front = images.get(codes.FRONT_COVER) or images.get(codes.THUMBNAIL) or images.get(codes.HOLDING_IMAGE) or []
        found: list[str] = []
        for link in front[:1] + images.get(codes.BACK_COVER, [])[:1]:
            address = image_address(link)
            if address:
                found.append(address)
            else:
                self.warn(f"The picture “{link[:60]}” is neither a file name nor a web address; left out.")
        self.record.images = list(dict.fromkeys(found))

    # Publishing

    def date(self, value: str, name: str) -> PartialDate | None:
        if not value:
            return None
        try:
            return partial_date(value)
        except ValueError:
            self.warn(f"The {name} “{value[:30]}” is no date; left out.")
            return None

    def day(self, value: str, name: str) -> dt.date | None:
        found = self.date(value, name)
        return found.date if found else None

    def set_publisher(self, part: _Part) -> None:
        publishers = part.parts("Publisher")
        first = next((p for p in publishers if p.code("PublishingRole") in ("", "01")), None)
        self.record.publisher = (first or _NOTHING).plain("PublisherName")[: text.MAX_TITLE]
        self.record.imprint = part.part("Imprint").plain("ImprintName")[: text.MAX_TITLE]

    def check_rights(self, rights: list[tuple[str, bool]], elsewhere: str) -> None:
        """From (type, holds our country). Not named at all and nothing said of the rest: not ours to sell."""
        here = [kind for kind, holds in rights if holds]
        country = self.context.country
        if any(kind in codes.SALES_RIGHTS_NO for kind in here):
            self.reasons.append(f"No sales rights for {country}")
        elif rights and not here and elsewhere not in codes.SALES_RIGHTS_YES:
            granted = any(kind in codes.SALES_RIGHTS_YES for kind, _ in rights)
            if elsewhere in codes.SALES_RIGHTS_NO:
                self.reasons.append(f"No sales rights for {country}")
            elif granted:
                self.reasons.append(f"Sales rights are stated for other countries, not for {country}")

    def related(self, parts: list[_Part], relation: str) -> frozenset[str]:
        """ISBNs of other formats of the same work: alternative format, print original, electronic version."""
        found: set[str] = set()
        for part in parts:
            if not {"06", "13", "27"} & set(part.codes(relation)):
                continue
            for identifier in part.parts("ProductIdentifier"):
                if identifier.code("ProductIDType") in ("02", "03", "15"):
                    _try(to_isbn13, identifier.code("IDValue"), values := [], [])
                    found.update(values)
        return frozenset(found - {self.record.isbn})

    @staticmethod
    def work(part: _Part) -> str:
        """A work's identifier with its type in front; a proprietary one (01) means something only with its sender."""
        kind, value = part.code("WorkIDType"), part.plain("IDValue")
        return f"{kind}:{value}"[:255] if value else ""

    # Supply

    def add_price(self, part: _Part, market: tuple[bool, bool], territory: tuple[bool, bool]) -> None:
        """Take a price in, if a consumer may be charged it. Pairs are (holds our country, names it)."""
        kind = part.code("PriceType") or part.code("PriceTypeCode") or self.context.header.price_type
        amount_text = part.code("PriceAmount")
        if not amount_text:
            self.unpriced = self.unpriced or part.code("UnpricedItemType")
            return
        self.any_price = True
        kind = kind.zfill(2) if kind else ""
        qualifier = part.code("PriceQualifier")
        if not kind:
            self.warn(f"Price {amount_text[:20]}: neither it nor the header says what kind of price it is; left out.")
            return
        if kind not in codes.PRICE_TYPES or part.code("PricePer") not in ("", "00"):
            return
        minimum = part.code("MinimumOrderQuantity")
        if minimum.isdecimal() and int(minimum) > 1:
            return
        starts = ends = None
        for date in part.parts("PriceDate"):
            role, value = date.code("PriceDateRole"), date.code("Date")
            if role == "14":
                starts = self.day(value, "first day of a price")
            elif role == "15":
                ends = self.day(value, "last day of a price")
        starts = self.day(part.code("PriceEffectiveFrom"), "first day of a price") or starts
        ends = self.day(part.code("PriceEffectiveUntil"), "last day of a price") or ends
        promotion = qualifier == codes.PROMOTION_QUALIFIER and bool(starts or ends)
        if qualifier not in codes.CONSUMER_QUALIFIERS and not promotion:
            return
        if starts and ends and ends < starts:
            self.warn(f"Price {amount_text[:20]}: it ends ({ends}) before it begins ({starts}); left out.")
            return
        if ends and ends < self.context.today:
            return
        currency = self.price_currency(part.code("CurrencyCode").upper(), amount_text)
        amount = self.amount(amount_text, currency) if currency else None
        if amount is None:
            return
        record = PriceRecord(
            amount, currency, kind in codes.TAX_INCLUDED, kind in codes.FIXED_PRICE, starts_on=starts, ends_on=ends
        )
        self.offers.append(
            _Offer(record, market[0] and territory[0], market[1] or territory[1], codes.PRICE_TYPES[kind])
        )

    def price_currency(self, own: str, amount: str) -> str:
        currency = own or self.context.header.currency or self.context.currency
        if not currency:
            self.warn(
                f"Price {amount[:20]}: neither it nor the header names a currency; left out. If the sender means one, "
                "import the file again with --currency."
            )
            return ""
        if currency not in codes.CURRENCIES:
            self.warn(f"Price {amount[:20]}: “{currency[:10]}” is no currency in use (ISO 4217); left out.")
            return ""
        return currency

    def amount(self, value: str, currency: str) -> Decimal | None:
        if not re.fullmatch(r"\d{1,9}(?:\.\d{1,8})?", value, re.ASCII):
            self.warn(f"Price “{value[:30]}” is not an amount (digits, and a point before the pence); left out.")
            return None
        exact = Decimal(value)
        amount = exact.quantize(Decimal(1).scaleb(-codes.minor_units(currency)), ROUND_HALF_UP)
        if amount != exact:
            self.warn(f"Price {value} {currency} is finer than the currency; rounded to {amount}.")
        if amount > Decimal("9999999"):
            self.warn(f"Price {value} {currency} is more than any book costs; left out.")
            return None
        if not amount and self.record.format not in DIGITAL_FORMATS:
            self.warn(f"Price {value} {currency}: for a printed book 0 means “unknown”; left out.")
            return None
        return amount

    def finish_supply(self) -> None:
        """Choose the prices, say the availability, and why the record may not be sold."""
        record, shop_currency = self.record, self.context.shop_currency
        best: dict[tuple[str, dt.date | None, dt.date | None, bool], _Offer] = {}
        elsewhere: list[PriceRecord] = []
        for offer in self.offers:
            price = offer.price
            if price.currency == shop_currency and not offer.here:
                elsewhere.append(price)
                continue
            key = (price.currency, price.starts_on, price.ends_on, price.tax_included)
            if key not in best or offer.order < best[key].order:
                best[key] = offer
        chosen = sorted(best.values(), key=lambda o: (o.order[:2], not o.price.tax_included))
        record.prices = [offer.price for offer in chosen]
        if elsewhere and not any(price.currency == shop_currency for price in record.prices):
            self.warn(f"Price {elsewhere[0].amount} {shop_currency} holds in other countries only; left out.")
        if self.unpriced == "01" and not record.prices:
            record.prices = [PriceRecord(Decimal(0).quantize(Decimal("0.01")), shop_currency)]
        self.set_availability()
        if self.unpriced in codes.UNPRICED and not record.prices:
            self.reasons.append(codes.UNPRICED[self.unpriced])
        elif not record.prices:
            self.reasons.append("No price that a consumer may be charged" if self.any_price else "No price")
        elif not any(price.currency == shop_currency for price in record.prices):
            self.reasons.append(f"No price in {shop_currency}")

    def set_availability(self) -> None:
        availability = codes.BY_AVAILABILITY.get(self.availability)
        if self.availability and availability is None:
            self.warn(f"Availability “{self.availability[:20]}” is unknown; sold from our own stock only.")
        if availability is None:
            availability = codes.BY_STATUS.get(self.status, SupplierAvailability.STOCK_ONLY)
        forbidden = codes.FORBIDDING_STATUS.get(self.status)
        if forbidden and availability not in (SupplierAvailability.NOT_AVAILABLE, SupplierAvailability.OUT_OF_PRINT):
            self.warn(f"The supplier offers it (availability {self.availability or '–'}), but it is {forbidden}.")
            availability = SupplierAvailability.NOT_AVAILABLE
        elif availability is SupplierAvailability.NOT_AVAILABLE and self.status == "07":
            availability = SupplierAvailability.OUT_OF_PRINT
        self.record.availability = availability
        if forbidden:
            self.reasons.append(forbidden[0].upper() + forbidden[1:])
        elif self.availability == "45" or (not self.availability and self.status == "13"):
            self.reasons.append("Not sold separately")

    def finish(self) -> None:
        self.record.not_for_sale = "; ".join(dict.fromkeys(self.reasons))[:255]


class _Blocks(_Reader):
    """ONIX 3.0 and 3.1: a product in blocks."""

    def read(self) -> None:
        part, record = self.part, self.record
        present = {
            Block.DESCRIPTION: "DescriptiveDetail" in part,
            Block.COLLATERAL: "CollateralDetail" in part,
            Block.PUBLISHING: "PublishingDetail" in part,
            Block.RELATED: "RelatedMaterial" in part,
            Block.SUPPLY: "ProductSupply" in part,
        }
        if record.notification is Notification.BLOCKS:
            record.blocks = frozenset(block for block, there in present.items() if there)
            if not record.blocks:
                raise _Refused("A block update without a block: there is nothing to change.")
        if Block.DESCRIPTION in record.blocks:
            self.description(part.part("DescriptiveDetail"))
        if Block.COLLATERAL in record.blocks:
            self.collateral(part.part("CollateralDetail"))
        if Block.PUBLISHING in record.blocks:
            self.publishing(part.part("PublishingDetail"))
        if Block.RELATED in record.blocks:
            self.relations(part.part("RelatedMaterial"))
        if Block.SUPPLY in record.blocks:
            self.supply(part.parts("ProductSupply"))
        self.finish()

    def description(self, detail: _Part) -> None:
        form = detail.code("ProductForm").upper()
        self.set_form(detail.code("ProductComposition"), form, detail.codes("ProductFormDetail"))
        self.titles(detail)
        self.collection(detail)
        self.set_contributors(detail.parts("Contributor"))
        self.set_edition(detail, detail.codes("EditionType"))
        self.set_language(detail.parts("Language"))
        self.set_extent(detail.parts("Extent"))
        self.set_measures(detail.parts("Measure"))
        self.set_tags(
            [
                (s.code("SubjectSchemeIdentifier"), s.code("SubjectCode"), s.plain("SubjectHeadingText"))
                for s in sorted(detail.parts("Subject"), key=lambda s: "MainSubject" not in s)
            ]
        )

    def titles(self, detail: _Part) -> None:
        by_type: dict[str, _Part] = {}
        for part in detail.parts("TitleDetail"):
            by_type.setdefault(part.code("TitleType"), part)
        title = next((by_type[kind] for kind in ("01", "00", "", "10", "05") if kind in by_type), _NOTHING)
        levels = {element.code("TitleElementLevel"): element for element in reversed(title.parts("TitleElement"))}
        product = levels.get("01") or levels.get("") or levels.get("04") or _NOTHING
        said, sort_title = self.title_of(product)
        subtitle = product.plain("Subtitle")
        whole = levels.get("02") or levels.get("03")
        if not said and whole:  # a volume without a title of its own: "Collected Works 3"
            said, sort_title = self.title_of(whole)
            said = f"{said} {product.plain('PartNumber')}".strip()
            sort_title = ""
            subtitle = subtitle or whole.plain("Subtitle")
        self.set_title(said, subtitle, sort_title)

    def collection(self, detail: _Part) -> None:
        for part in detail.parts("Collection"):
            for title in part.parts("TitleDetail"):
                elements = title.parts("TitleElement")
                named = sorted(
                    (e for e in elements if e.code("TitleElementLevel") != "01"),
                    key=lambda e: e.code("TitleElementLevel"),
                )
                for element in named or elements:
                    name, _ = self.title_of(element)
                    if not name:
                        continue
                    numbers = [e.plain("PartNumber") for e in elements]
                    numbers += [s.plain("CollectionSequenceNumber") for s in part.parts("CollectionSequence")]
                    self.record.series = name[: text.MAX_TITLE]
                    self.record.series_number = next((n for n in numbers if n), "")[:50]
                    return

    def collateral(self, detail: _Part) -> None:
        texts: dict[str, list[_Part]] = defaultdict(list)
        for part in detail.parts("TextContent"):
            audiences = part.codes("ContentAudience")
            if not audiences or codes.PUBLIC_AUDIENCES & set(audiences):
                texts[part.code("TextType")].append(part)
        self.set_texts(texts)
        images: dict[str, list[str]] = defaultdict(list)
        for part in detail.parts("SupportingResource"):
            audiences = part.codes("ContentAudience")
            if audiences and not codes.PUBLIC_AUDIENCES & set(audiences):
                continue
            if part.code("ResourceMode") in ("", "03"):
                links = [link for v in part.parts("ResourceVersion") for link in v.codes("ResourceLink")]
                images[part.code("ResourceContentType")] += links
        self.set_images(images)

    def publishing(self, detail: _Part) -> None:
        record = self.record
        self.set_publisher(detail)
        self.status = detail.code("PublishingStatus")
        for part in detail.parts("PublishingDate"):
            role, value = part.code("PublishingDateRole"), part.code("Date")
            if role == "01":
                record.publication_date = self.date(value, "publication date") or record.publication_date
            elif role == "02":
                record.embargo_date = self.day(value, "sales embargo") or record.embargo_date
        rights = []
        for part in detail.parts("SalesRights"):
            holds = _territory(part, self.context.country)
            rights.append((part.code("SalesRightsType"), bool(holds)))
        self.check_rights(rights, detail.code("ROWSalesRightsType"))

    def relations(self, detail: _Part) -> None:
        works = (
            self.work(identifier)
            for part in detail.parts("RelatedWork")
            if part.code("WorkRelationCode") == "01"
            for identifier in part.parts("WorkIdentifier")
        )
        self.record.work_ids = frozenset(work for work in works if work)
        self.record.related_isbns = self.related(detail.parts("RelatedProduct"), "ProductRelationCode")

    def supply(self, supplies: list[_Part]) -> None:
        record, country = self.record, self.context.country
        ranked: list[tuple[bool, _Part, _Part]] = []
        for supply in supplies:
            markets = [_territory(market, country) for market in supply.parts("Market")]
            ours = not markets or any(holds is not False for holds in markets)
            named = any(
                country in market.part("Territory").codes("CountriesIncluded") for market in supply.parts("Market")
            )
            for detail in supply.parts("SupplyDetail"):
                ranked.append((ours, supply, detail))
                self.unpriced = self.unpriced or detail.code("UnpricedItemType")
                for price in detail.parts("Price"):
                    holds = _territory(price, country)
                    own = price.part("Territory").codes("CountriesIncluded") + price.codes("CountryCode")
                    here = country in own if "CountryCode" in price else holds is not False
                    self.add_price(price, (ours, named), (here, country in own))
        ours_first = [entry for entry in ranked if entry[0]] or ranked
        for _, supply, detail in ours_first:
            self.availability = self.availability or detail.code("ProductAvailability")
            for date in detail.parts("SupplyDate"):
                if date.code("SupplyDateRole") == "02" and not record.embargo_date:
                    record.embargo_date = self.day(date.code("Date"), "sales embargo")
            for date in supply.part("MarketPublishingDetail").parts("MarketDate"):
                if date.code("MarketDateRole") == "01" and not record.publication_date:
                    record.publication_date = self.date(date.code("Date"), "publication date")
        self.finish_supply()


class _Flat(_Reader):
    """ONIX 2.1: everything stands directly in the product."""

    def read(self) -> None:
        part, record = self.part, self.record
        self.set_form("", part.code("ProductForm").upper(), part.codes("ProductFormDetail"))
        self.titles()
        for series in part.parts("Series"):
            name = series.plain("TitleOfSeries") or self.title_of(series.part("Title"))[0]
            if name:
                record.series = name[: text.MAX_TITLE]
                record.series_number = series.plain("NumberWithinSeries")[:50]
                break
        self.set_contributors(part.parts("Contributor"))
        self.set_edition(part, part.codes("EditionTypeCode"))
        self.set_language(part.parts("Language"))
        self.set_extent(part.parts("Extent"), part.code("NumberOfPages"))
        self.set_measures(part.parts("Measure"))
        self.subjects()
        self.texts()
        self.publishing()
        self.supply()
        self.finish()

    def titles(self) -> None:
        by_type: dict[str, _Part] = {}
        for title in self.part.parts("Title"):
            by_type.setdefault(title.code("TitleType"), title)
        chosen = next((by_type[kind] for kind in ("01", "00", "", "10", "05") if kind in by_type), None)
        if chosen is None:
            self.set_title(self.part.plain("DistinctiveTitle"), self.part.plain("Subtitle"), "")
        else:
            said, sort_title = self.title_of(chosen)
            self.set_title(said, chosen.plain("Subtitle"), sort_title)

    def subjects(self) -> None:
        found = [(codes.BISAC, code, "") for code in self.part.codes("BASICMainSubject")]
        found += [(codes.BIC, code, "") for code in self.part.codes("BICMainSubject")]
        for name, scheme in (("MainSubject", "MainSubjectSchemeIdentifier"), ("Subject", "SubjectSchemeIdentifier")):
            for part in self.part.parts(name):
                found.append((part.code(scheme), part.code("SubjectCode"), part.plain("SubjectHeadingText")))
        self.set_tags(found)

    def texts(self) -> None:
        texts: dict[str, list[_Part]] = defaultdict(list)
        for part in self.part.parts("OtherText"):
            kind = codes.FROM_LIST_33.get(part.code("TextTypeCode").zfill(2))
            if kind:
                texts[kind].append(part)
        self.set_texts(texts)
        images: dict[str, list[str]] = defaultdict(list)
        for part in self.part.parts("MediaFile"):
            kind = codes.FROM_LIST_38.get(part.code("MediaFileTypeCode"))
            if kind and part.code("MediaFileLink"):
                images[kind].append(part.code("MediaFileLink"))
        self.set_images(images)

    def publishing(self) -> None:
        part, record = self.part, self.record
        self.set_publisher(part)
        self.status = part.code("PublishingStatus")
        record.publication_date = self.date(part.code("PublicationDate"), "publication date")
        works = (self.work(identifier) for identifier in part.parts("WorkIdentifier"))
        record.work_ids = frozenset(work for work in works if work)
        record.related_isbns = self.related(part.parts("RelatedProduct"), "RelationCode")
        rights = []
        country = self.context.country
        for name in ("SalesRights", "NotForSale"):
            for right in part.parts(name):
                kind = "03" if name == "NotForSale" else right.code("SalesRightsType")
                countries, regions = right.codes("RightsCountry"), right.codes("RightsTerritory")
                rights.append((kind, bool(countries or regions) and _holds(country, countries, [], regions, [])))
        elsewhere = next((kind for kind, _ in rights if kind in codes.SALES_RIGHTS_YES), "")
        named_rest = any("ROW" in right.codes("RightsTerritory") for right in part.parts("SalesRights"))
        self.check_rights(rights, elsewhere if named_rest else "")

    def supply(self) -> None:
        country, ranked = self.context.country, []
        for detail in self.part.parts("SupplyDetail"):
            countries = detail.codes("SupplyToCountry")
            regions = detail.codes("SupplyToTerritory")
            ours = _holds(country, countries, detail.codes("SupplyToCountryExcluded"), regions, [])
            ranked.append((ours, detail))
            self.unpriced = self.unpriced or detail.code("UnpricedItemType")
            for price in detail.parts("Price"):
                own = price.codes("CountryCode")
                here = _holds(
                    country,
                    own,
                    price.codes("CountryExcluded"),
                    price.codes("Territory"),
                    price.codes("TerritoryExcluded"),
                )
                self.add_price(price, (ours, country in countries), (here, country in own))
        for _, detail in [entry for entry in ranked if entry[0]] or ranked:
            older = codes.FROM_LIST_54.get(detail.code("AvailabilityCode").upper(), "")
            self.availability = self.availability or detail.code("ProductAvailability") or older
            if not self.record.embargo_date:
                self.record.embargo_date = self.day(detail.code("OnSaleDate"), "on-sale date")
        self.finish_supply()


# --- Small things ------------------------------------------------------------------------------------


def image_address(link: str) -> str:
    """A picture's https address, or the bare name of a file; "" where it is neither.

    Plain http becomes https: where a server has no https, the picture is as lost as on any dead link. Folders
    in front of a file's name are dropped, so that no name can leave the folder of the pictures.
    """
    link = link.strip()
    if re.match(r"https?://[^\s/]+\.[^\s/]+/", link, re.IGNORECASE):
        return "https://" + link.partition("://")[2]
    if "://" in link or link.lower().startswith(("data:", "javascript:")):
        return ""
    name = re.split(r"[\\/]", link)[-1]
    return name if re.fullmatch(r"[^\x00-\x1f]{1,200}\.[A-Za-z]{3,4}", name) and not name.startswith(".") else ""


MAX_TAGS = 30


def _distinct(values: list[str]) -> list[str]:
    """Without repeats (whatever their case), in order, none longer than a heading is."""
    found: dict[str, str] = {}
    for value in values:
        tag = value.strip(_BLANK + ".")
        if tag and len(tag) <= 100:
            found.setdefault(tag.casefold(), tag)
    return list(found.values())[:MAX_TAGS]


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
