"""The parts of a record that 2.1 and 3.x say in the same words, only in other places."""

from __future__ import annotations

from catalog.choices import Format
from catalog.importers import text
from catalog.importers.onix import availability, edition, subjects
from catalog.importers.onix.contributors import read_contributors
from catalog.importers.onix.draft import Draft
from catalog.importers.onix.extents import read_extents
from catalog.importers.onix.form import read_form
from catalog.importers.onix.language import read_language
from catalog.importers.onix.measures import read_measures
from catalog.importers.onix.part import NOTHING, Part
from catalog.importers.onix.prices import Prices
from catalog.importers.onix.subjects import Subject
from catalog.importers.onix.titles import Title
from catalog.importers.titles import fit, require

_READ_ALOUD = (Format.AUDIOBOOK, Format.AUDIO_CD)


def describe(draft: Draft, part: Part, title: Title, series: tuple[str, str], about: list[Subject]) -> None:
    """Form, title, people, language, size and subjects. `part` is the product (2.1) or its DescriptiveDetail.

    Raises:
        Refused: it is not for shoppers, or it has no title.
    """
    record, warn = draft.record, draft.warn
    record.format, objection = read_form(part)
    draft.reasons.append(objection)
    require(title.title)
    record.title = fit(title.title, "title", warn)
    record.subtitle = fit(title.subtitle, "subtitle", warn)
    record.sort_title = title.sort_title[: text.MAX_TITLE] if title.sort_title != title.title else ""
    record.series, record.series_number = series[0][: text.MAX_TITLE], series[1][:50]
    record.contributors = read_contributors(part.parts("Contributor"), warn)
    record.edition_statement = edition.statement(part)[: text.MAX_TITLE]
    spoken = record.format in _READ_ALOUD
    record.language = read_language(part.parts("Language"), draft.context.header.language, warn, spoken=spoken)
    record.pages, record.duration_minutes = read_extents(part.parts("Extent"), part.code("NumberOfPages"), warn)
    for name, size in read_measures(part.parts("Measure"), warn).items():
        setattr(record, name, size)
    record.tags = subjects.tags(about)


def publish(draft: Draft, part: Part) -> None:
    """Publisher, imprint and status. `part` is the product (2.1) or its PublishingDetail."""
    publishers = part.parts("Publisher")
    publisher = next((p for p in publishers if p.code("PublishingRole") in ("", "01")), NOTHING)
    draft.record.publisher = publisher.plain("PublisherName")[: text.MAX_TITLE]
    draft.record.imprint = part.part("Imprint").plain("ImprintName")[: text.MAX_TITLE]
    draft.status = part.code("PublishingStatus")


def supply(draft: Draft, prices: Prices, code: str) -> None:
    """Prices and availability, once all supplies are read; `code` is the supplier's of list 65, or ""."""
    record = draft.record
    record.prices = prices.choose()
    record.availability = availability.availability(code, draft.status, draft.warn)
    draft.reasons += availability.objection(code, draft.status), prices.objection(record.prices)
