"""What holds for every product of a message: its header, and what the caller says."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from catalog.importers.onix.dates import moment
from catalog.importers.onix.part import Part


@dataclass(frozen=True, slots=True)
class Header:
    """What the sender says once for the whole message."""

    sender: str = ""
    sent_at: dt.datetime | None = None
    language: str = ""
    currency: str = ""
    price_type: str = ""


@dataclass(slots=True)
class Context:
    """See `reading.read_file` for what the caller says. `header` changes while the message is read."""

    currency: str
    country: str
    shop_currency: str
    today: dt.date
    header: Header = field(default_factory=Header)


def read_header(header: Part) -> Header:
    """The header of a message of any release."""
    sender = header.part("Sender").plain("SenderName") or header.plain("FromCompany")
    price_type = header.code("DefaultPriceType") or header.code("DefaultPriceTypeCode")
    return Header(
        sender=sender[:255],
        sent_at=moment(header.code("SentDateTime") or header.code("SentDate")),
        language=header.code("DefaultLanguageOfText"),
        currency=header.code("DefaultCurrencyCode").upper(),
        price_type=price_type.zfill(2) if price_type else "",
    )
