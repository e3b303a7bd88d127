"""What a feed says of one product, whatever it was written in.

Readers (`onix`, `csv`) turn a file into these records; `load` turns the records into rows.
Nothing here knows of the database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from catalog.choices import DatePrecision, Format, Role, SupplierAvailability


class Notification(StrEnum):
    """What the sender asks for (ONIX list 1)."""

    FULL = "full"
    """A complete record: it replaces what the same sender said before."""
    BLOCKS = "blocks"
    """A block update: what is named in `Record.blocks` replaces those blocks, the rest stays."""
    DELETE = "delete"
    """Issued in error: take it off the site, keep what orders refer to."""


class Block(StrEnum):
    """The parts of a record that a block update may replace on their own."""

    DESCRIPTION = "description"
    """Form, title, contributors, series, language, extent, subjects (ONIX block 1)."""
    COLLATERAL = "collateral"
    """Texts and images (ONIX block 2)."""
    PUBLISHING = "publishing"
    """Publisher, dates, status (ONIX block 4)."""
    RELATED = "related"
    """Related works and products (ONIX block 5)."""
    SUPPLY = "supply"
    """Availability and prices (ONIX block 6)."""


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of which the day or the month may be unknown; `date` is the last day of the period."""

    date: dt.date
    precision: DatePrecision = DatePrecision.DAY


@dataclass(frozen=True, slots=True)
class ContributorRecord:
    """One person or body in one role. `isni` and `orcid` are 16 characters without hyphens, or empty."""

    name: str
    role: Role = Role.AUTHOR
    sort_name: str = ""
    biography: str = ""
    isni: str = ""
    orcid: str = ""


@dataclass(frozen=True, slots=True)
class PriceRecord:
    """A price that a consumer may be charged: major units of `currency` (ISO 4217)."""

    amount: Decimal
    currency: str
    tax_included: bool = True
    fixed: bool = False
    """True where the publisher fixes the shelf price (ONIX list 58: 03, 04, 13, 14, …)."""
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    """Last day on which it holds, included."""


@dataclass(slots=True)
class Record:
    """One product as its sender describes it. Texts are clean: sanitised HTML or plain, no stray space."""

    position: int
    """Where it stands in the file, from 1: the product's number in ONIX, the line's in CSV."""
    isbn: str
    """Checked ISBN-13 (or the GTIN-13 of something that is not a book), digits only."""
    notification: Notification = Notification.FULL
    blocks: frozenset[Block] = frozenset(Block)
    reference: str = ""
    """The sender's own key of the record."""
    sender: str = ""
    sent_at: dt.datetime | None = None

    title: str = ""
    subtitle: str = ""
    sort_title: str = ""
    """Title as it files ("Forgotten, The"); empty where the sender gives none."""
    edition_statement: str = ""
    format: Format = Format.PRINT
    contributors: list[ContributorRecord] = field(default_factory=list)
    series: str = ""
    series_number: str = ""
    language: str = ""
    """BCP 47 ("en", "pt-BR"), or empty."""
    pages: int | None = None
    duration_minutes: int | None = None
    weight_g: int | None = None
    height_mm: int | None = None
    width_mm: int | None = None
    thickness_mm: int | None = None
    tags: list[str] = field(default_factory=list)
    """Headings that shoppers may read, in the sender's order, without repeats."""

    description: str = ""
    """Sanitised HTML: p br em strong i b ul ol li sub sup blockquote, no attributes."""
    short_description: str = ""
    """Plain text."""
    images: list[str] = field(default_factory=list)
    """File names or https addresses of pictures, the front cover first."""

    publisher: str = ""
    imprint: str = ""
    publication_date: PartialDate | None = None
    embargo_date: dt.date | None = None

    work_ids: frozenset[str] = frozenset()
    """Identifiers of the work, each with its type in front ("01:ABC123")."""
    related_isbns: frozenset[str] = frozenset()
    """ISBN-13 of other formats of the same work."""

    availability: SupplierAvailability = SupplierAvailability.STOCK_ONLY
    prices: list[PriceRecord] = field(default_factory=list)
    stock: int | None = None
    """Copies the file says are on our shelf; used only where the edition is new."""
    not_for_sale: str = ""
    """Why it may be shown but not sold, for staff ("No price that a consumer may be charged"); else empty."""

    warnings: list[str] = field(default_factory=list)
    """What was repaired or left out: field, value and what to do, one sentence each."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that stays out, and why."""

    position: int
    reference: str
    reason: str
    isbn: str = ""


class UnreadableFile(Exception):
    """The file as a whole cannot be read. The message says why and what to do, for people."""
