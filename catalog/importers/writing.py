"""Decisions become rows: a round of records of different products, a handful of statements a table."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from wagtail.models import Page
from wagtail.signal_handlers import disable_reference_index_auto_update

from catalog import stock
from catalog.choices import DIGITAL_FORMATS, DatePrecision, Role, SupplierAvailability
from catalog.importers import grouping, queue
from catalog.importers.bulk import add_children, delete_rows, found_in, insert_rows, new_uuid, rows_by_page
from catalog.importers.decisions import Decision, Outcome
from catalog.importers.marks import Memory, mark, mark_of_html, mark_of_prices, merged_ids
from catalog.importers.names import Names, house_of, resolve
from catalog.importers.records import Block, PriceRecord, Record
from catalog.importers.slugs import free_slugs, slug_of
from catalog.models import (
    BookTag,
    CatalogPage,
    Contribution,
    Edition,
    FeedRecord,
    Price,
    ProductImage,
    ProductPage,
    SectionPage,
    WorkKey,
)
from catalog.models.editions import new_sku
from catalog.prices import replace_feed_prices

MOST = Decimal(999_999_999)
"""The highest price that the column holds; more is a mistake."""

EDITION_COLUMNS = (
    "format", "edition_statement", "imprint", "language", "pages", "duration_minutes", "weight_g", "height_mm",
    "width_mm", "thickness_mm", "publication_date", "publication_precision", "embargo_date", "availability",
    "not_for_sale", "is_active", "updated_at",
)  # fmt: skip


@dataclass(slots=True)
class _Job:
    """A record to be written, and the edition and page it belongs to once they are known."""

    decision: Decision
    pictures: list[int] | None
    edition: Edition = field(init=False)
    page_id: int = 0
    was_deleted: bool = False

    @property
    def record(self) -> Record:
        return self.decision.record

    @property
    def memory(self) -> Memory:
        return self.decision.after.memory

    def says(self, block: Block) -> bool:
        """Whether the record speaks of that part."""
        return block in self.record.blocks and not self.decision.only_pictures


@dataclass(frozen=True, slots=True)
class _Saying:
    """What a feed says of one field: its mark, and the value as the shop would keep it with the mark of that."""

    said: str
    value: Any
    kept: str
    words: str = ""


class Writer:
    """Writes one round, in the caller's transaction.

    `new_tags` are then the slugs of the tags that it made, `pictured` the pages that got pictures.
    """

    def __init__(self, catalogue: CatalogPage) -> None:
        self._catalogue = catalogue
        self._jobs: dict[Outcome, list[_Job]] = defaultdict(list)
        self.new_tags: set[str] = set()
        self.pictured: set[int] = set()

    def take(self, decision: Decision, pictures: list[int] | None) -> None:
        """One decision more. Its warnings and its memory are completed when the round is written."""
        edition = decision.after.edition
        job = _Job(decision, pictures)
        if edition is not None:
            job.edition = edition
            job.page_id = edition.product_id
            job.was_deleted = hasattr(edition, "feed_record") and edition.feed_record.is_deleted
        self._jobs[decision.outcome].append(job)

    def write(self) -> None:
        """Write what was taken."""
        new, changed = self._jobs[Outcome.CREATED], self._jobs[Outcome.UPDATED]
        names = resolve([job.record for job in (*new, *changed) if not job.decision.only_pictures])
        self.new_tags = names.new_tags
        changed = [
            job for job in changed if job.decision.after.edition is not None
        ]  # a rehearsal knows some that are not there
        joining = self._create_pages(new, names)
        self._create_editions(new)
        rewritten = _rewrite_pages([*joining, *changed], names)
        _change_editions(changed)
        _bring_back([*joining, *(job for job in changed if job.was_deleted)])
        self._delete(self._jobs[Outcome.DELETED])
        _remember(new, are_new=True)
        known = [*changed, *self._jobs[Outcome.DELETED]]
        _remember([*known, *(job for job in self._jobs[Outcome.UNCHANGED] if job.decision.remember)])
        texts = {job.page_id for job in new} | rewritten
        self.pictured = {job.page_id for job in (*new, *changed) if job.pictures} & texts
        queue.put({job.page_id for job in (*new, *known)} - texts, texts=False)
        queue.put(texts, texts=True)

    # --- New -----------------------------------------------------------------------------------------

    def _create_pages(self, jobs: Sequence[_Job], names: Names) -> list[_Job]:
        """Give every job its page; return those that joined a page they did not make."""
        places = grouping.place([job.record for job in jobs])
        first: dict[int, _Job] = {}
        for job, place in zip(jobs, places, strict=True):
            if place.is_new:
                first[id(place.work)] = job
            if place.perhaps:
                job.decision.warnings.append(
                    _("perhaps another edition of “%s”: title and author agree, publisher or subtitle does not")
                    % place.perhaps
                )
        made = {key: _page(job, names) for key, job in first.items()}
        _give_slugs(list(first.values()), list(made.values()))
        add_children(self._catalogue.pk, list(made.values()))
        _create_children([(made[key], job) for key, job in first.items()], names)
        joining = []
        for job, place in zip(jobs, places, strict=True):
            page = made.get(id(place.work))
            job.page_id = page.pk if page is not None else place.work.page_id or 0
            if first.get(id(place.work)) is not job:
                joining.append(job)
        return joining

    def _create_editions(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            record = job.record
            job.edition = Edition(product_id=job.page_id, isbn=record.isbn or None, sku=record.isbn or new_sku())
            for name, saying in _edition_sayings(job):
                _assign(job.edition, name, saying.value)
                _note(job.memory.said, name, saying.said)
                _note(job.memory.wrote, name, saying.kept)
        keys = insert_rows(Edition, (job.edition for job in jobs), key=Edition._meta.pk)
        for job, pk in zip(jobs, keys, strict=True):
            job.edition.pk = pk
        insert_rows(Price, (price for job in jobs for price in _prices(job)))
        printed = (job for job in jobs if job.record.format not in DIGITAL_FORMATS)
        stock.begin({job.edition.pk: max(job.record.stock or 0, 0) for job in printed}, why=_("as the feed said"))
        _remember_works(jobs)

    # --- Gone ----------------------------------------------------------------------------------------

    def _delete(self, jobs: Sequence[_Job]) -> None:
        if not jobs:
            return
        Edition.objects.filter(pk__in=[job.edition.pk for job in jobs]).update(is_active=False)
        pages = {job.page_id: job for job in jobs}
        alive = set(Edition.objects.filter(product_id__in=pages, is_active=True).values_list("product_id", flat=True))
        for page in ProductPage.objects.filter(pk__in=set(pages) - alive, live=True).order_by("pk"):
            pages[page.pk].memory.withdrew = [page.latest_revision_id or 0, page.has_unpublished_changes]
            page.unpublish()


# --- Pages ---------------------------------------------------------------------------------------


def _page(job: _Job, names: Names) -> ProductPage:
    """A page as the record describes it, without its place and address."""
    page = ProductPage(title=job.record.title, translation_key=new_uuid())
    for name, saying in _page_sayings(job, names):
        if name not in _CHILDREN:
            _assign(page, name, saying.value)
        _note(job.memory.said, name, saying.said)
        _note(job.memory.wrote, name, saying.value if name in _ID_LISTS else saying.kept)
    return page


def _give_slugs(jobs: Sequence[_Job], pages: Sequence[ProductPage]) -> None:
    wishes = []
    for job in jobs:
        people = job.record.contributors
        base = slug_of(job.record.title, otherwise=job.record.isbn or "book")
        surname = slug_of(people[0].sort_name.partition(",")[0] or people[0].name.split()[-1]) if people else ""
        wishes.append([base, f"{base}-{surname}"[:255].strip("-")] if surname else [base])
    taken = Page.objects.type(ProductPage, SectionPage).order_by().values_list("slug", flat=True)
    slugs = free_slugs(wishes, lambda slugs: found_in(taken, "slug", slugs))
    for page, slug in zip(pages, slugs, strict=True):
        page.slug = slug


def _create_children(made: Iterable[tuple[ProductPage, _Job]], names: Names) -> None:
    contributions: list[Contribution] = []
    tags: list[BookTag] = []
    pictures: list[ProductImage] = []
    for page, job in made:
        contributions += _contributions(page.pk, _roles(job.record, names))
        tags += _book_tags(page.pk, names.tag_ids(job.record.tags))
        pictures += _pictures(page.pk, job.pictures or [])
    insert_rows(Contribution, contributions)
    insert_rows(BookTag, tags)
    insert_rows(ProductImage, pictures)


_COLUMNS = {"publisher": "publisher_id", "series": "series_id", "edition_imprint": "imprint"}
"""Where a field is kept under another name than it is remembered by."""
_CHILDREN = ("contributions", "tags", "pictures")
_ID_LISTS = ("tags", "pictures")


def _page_sayings(job: _Job, names: Names) -> Iterator[tuple[str, _Saying]]:
    """What the record says of the page, field by field, as far as its blocks go."""
    record = job.record
    if job.says(Block.DESCRIPTION):
        for name in ("title", "subtitle", "sort_title", "series_number"):
            yield name, _text(getattr(record, name))
        yield "series", _named(record.series, names.series)
        roles = _roles(record, names)
        said = mark([(said.name, str(said.role), said.isni, said.orcid) for said in record.contributors])
        yield "contributions", _Saying(said, roles, mark(roles), ", ".join(p.name for p in record.contributors))
        yield "tags", _Saying(mark(record.tags), names.tag_ids(record.tags), "")
    if job.says(Block.COLLATERAL):
        description = mark_of_html(record.description)
        yield "description", _Saying(description, _stream(record.description), description, record.description)
        yield "short_description", _text(record.short_description)
    if job.pictures:
        yield "pictures", _Saying(mark(job.pictures), job.pictures, "")
    if job.says(Block.PUBLISHING):
        yield "publisher", _named(house_of(record), names.publishers)
        yield "imprint", _text(record.imprint)


def _text(value: str) -> _Saying:
    return _Saying(mark(value), value, mark(value), value)


def _named(name: str, rows: dict[str, int]) -> _Saying:
    pk = rows.get(name)
    return _Saying(mark(name), pk, mark(pk), name)


def _stream(markup: str) -> str:
    """A description as a StreamField keeps it: one block of text, or nothing."""
    return json.dumps([{"type": "text", "value": markup, "id": str(new_uuid())}] if markup else [])


def _roles(record: Record, names: Names) -> list[tuple[int, str]]:
    """Who did what, in order; the same person in the same role once."""
    return list(dict.fromkeys((names.contributor(said), str(said.role)) for said in record.contributors))


def _contributions(page_id: int, roles: Iterable[tuple[int, str]]) -> list[Contribution]:
    return [
        Contribution(page_id=page_id, contributor_id=pk, role=Role(role), sort_order=place)
        for place, (pk, role) in enumerate(roles)
    ]


def _book_tags(page_id: int, ids: Iterable[int]) -> list[BookTag]:
    return [BookTag(page_id=page_id, tag_id=pk, sort_order=place) for place, pk in enumerate(ids)]


def _pictures(page_id: int, ids: Iterable[int]) -> list[ProductImage]:
    return [ProductImage(page_id=page_id, image_id=pk, sort_order=place) for place, pk in enumerate(ids)]


@dataclass(slots=True)
class _Present:
    """Pages as they are now, with their child rows, locked until the transaction ends."""

    pages: dict[int, ProductPage]
    contributions: dict[int, list[Any]]
    tags: dict[int, list[Any]]
    pictures: dict[int, list[Any]]
    columns: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    new_roles: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    new_tags: dict[int, list[int]] = field(default_factory=dict)
    new_pictures: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, page_ids: Collection[int]) -> _Present:
        locked = ProductPage.objects.select_for_update(no_key=True).filter(pk__in=page_ids).order_by("pk")
        return cls(
            {page.pk: page for page in locked},
            rows_by_page(Contribution, page_ids),
            rows_by_page(BookTag, page_ids),
            rows_by_page(ProductImage, page_ids),
        )

    def kept(self, page_id: int, name: str) -> str:
        """The mark of what a field holds now."""
        if name == "contributions":
            roles = self.new_roles.get(page_id)
            if roles is None:
                roles = [(row.contributor_id, str(row.role)) for row in self.contributions.get(page_id, ())]
            return mark(roles)
        page = self.pages[page_id]
        if name == "description":
            return mark_of_html("".join(_block_text(block) for block in page.description.raw_data))
        return mark(getattr(page, _COLUMNS.get(name, name)))

    def ids(self, page_id: int, name: str) -> list[int]:
        """Keys of the tags or pictures that a page has now."""
        if name == "tags":
            found = [row.tag_id for row in self.tags.get(page_id, ())]
            return self.new_tags.get(page_id, found)
        found = [row.image_id for row in self.pictures.get(page_id, ())]
        return self.new_pictures.get(page_id, found)

    def touched(self) -> set[int]:
        """Pages that will be different."""
        return {*self.columns, *self.new_roles, *self.new_tags, *self.new_pictures}


def _block_text(block: dict[str, Any]) -> str:
    """A block's words; of a block that no feed writes enough to tell that an editor was here."""
    value = block.get("value")
    return value if block.get("type") == "text" and isinstance(value, str) else json.dumps(value)


def _rewrite_pages(jobs: Sequence[_Job], names: Names) -> set[int]:
    """Bring pages to what their records say now, except what editors wrote. Return the pages that changed."""
    sayings = []
    for job in jobs:
        news = [(name, saying) for name, saying in _page_sayings(job, names) if _is_news(job, name, saying)]
        if news:
            sayings.append((job, news))
    if not sayings:
        return set()
    present = _Present.of({job.page_id for job, _news in sayings})
    for job, news in sayings:
        if job.page_id not in present.pages:
            continue
        before = present.touched()
        for name, saying in news:
            _rewrite(job, name, saying, present)
        page = present.pages[job.page_id]
        if page.has_unpublished_changes and page.live and job.page_id in present.touched() - before:
            job.decision.warnings.append(
                _("“%s” has an unpublished draft: the public page was changed, the draft was left as it is")
                % page.title
            )
    _save_pages(present)
    return present.touched()


def _is_news(job: _Job, name: str, saying: _Saying) -> bool:
    """Whether the feed says something else than it did before."""
    return saying.said != job.memory.said.get(name, "")


def _rewrite(job: _Job, name: str, saying: _Saying, present: _Present) -> None:
    memory, page_id = job.memory, job.page_id
    _note(memory.said, name, saying.said)
    if name in _ID_LISTS:
        _rewrite_ids(job, name, saying.value, present)
        return
    kept = present.kept(page_id, name)
    wrote = memory.wrote.get(name, "")
    if name == "title" and not saying.value:
        return
    if kept == saying.kept or (wrote == "" and kept != ""):
        if kept == saying.kept and wrote:
            _note(memory.wrote, name, kept)
        return
    if kept != wrote:
        job.decision.warnings.append(_kept_by_hand(name, saying))
        return
    _note(memory.wrote, name, saying.kept)
    if name == "contributions":
        present.new_roles[page_id] = saying.value
        return
    _assign(present.pages[page_id], name, saying.value)
    present.columns[page_id].add(_COLUMNS.get(name, name))


def _rewrite_ids(job: _Job, name: str, said: list[int], present: _Present) -> None:
    now = present.ids(job.page_id, name)
    wrote = job.memory.wrote.get(name)
    if wrote is None and now:
        return
    then = merged_ids(now, wrote or (), said)
    job.memory.wrote[name] = said
    if then != now:
        (present.new_tags if name == "tags" else present.new_pictures)[job.page_id] = then


def _kept_by_hand(name: str, saying: _Saying) -> str:
    return _("“%(field)s” was changed by hand and stays; the feed says: %(value)s") % {
        "field": _label(name),
        "value": Truncator(saying.words).chars(120) or _("nothing"),
    }


def _label(name: str) -> str:
    """A field as people call it."""
    labels = {field.name: field.verbose_name for model in (Edition, ProductPage) for field in model._meta.fields}
    labels |= {
        "contributions": _("contributors"),
        "publication": _("publication date"),
        "edition_imprint": _("imprint"),
    }
    return str(labels[name])


def _save_pages(present: _Present) -> None:
    now = timezone.now()
    for page_id, columns in present.columns.items():
        page = present.pages[page_id]
        values = {name: getattr(page, name) for name in columns} | {"last_published_at": now}
        if "title" in columns and not page.has_unpublished_changes:
            values["draft_title"] = page.title
        ProductPage.objects.filter(pk=page_id).update(**values)
    _replace(Contribution, {page_id: _contributions(page_id, roles) for page_id, roles in present.new_roles.items()})
    _replace(BookTag, {page_id: _book_tags(page_id, ids) for page_id, ids in present.new_tags.items()})
    _replace(ProductImage, {page_id: _pictures(page_id, ids) for page_id, ids in present.new_pictures.items()})
    _revise(present)


def _replace(model: type[Model], rows: Mapping[int, Sequence[Model]]) -> None:
    """Give pages these child rows instead of those that they have."""
    if rows:
        delete_rows(model._default_manager.filter(page_id__in=list(rows)))
        insert_rows(model, (row for new in rows.values() for row in new))


def _revise(present: _Present) -> None:
    """Pages with a history get a revision of what the import wrote, so that the history tells it."""
    ids = [
        page_id
        for page_id in present.touched()
        if present.pages[page_id].latest_revision_id
        and present.pages[page_id].live
        and not present.pages[page_id].has_unpublished_changes
    ]
    with disable_reference_index_auto_update():
        for page in ProductPage.objects.filter(pk__in=ids).order_by("pk"):
            revision = page.save_revision(changed=False, clean=False, log_action="wagtail.publish")
            Page.objects.filter(pk=page.pk).update(live_revision=revision)


def _bring_back(jobs: Sequence[_Job]) -> None:
    """Publish pages again that a deletion had taken off the site, where the book is offered again."""
    ids = {job.page_id for job in jobs}
    hidden = {page.pk: page for page in ProductPage.objects.filter(pk__in=ids, live=False)}
    if not hidden:
        return
    for feed in FeedRecord.objects.filter(edition__product_id__in=hidden).select_related("edition"):
        page = hidden.get(feed.edition.product_id)
        if page is None or not feed.written.get("withdrew"):
            continue
        revision, had_draft = feed.written["withdrew"]
        has_draft = had_draft or revision != (page.latest_revision_id or 0)
        Page.objects.filter(pk=page.pk).update(
            live=True,
            last_published_at=timezone.now(),
            has_unpublished_changes=has_draft,
            live_revision_id=None if has_draft else page.latest_revision_id,
        )
        del hidden[page.pk]
        FeedRecord.objects.filter(pk=feed.pk).update(written={**feed.written, "withdrew": []})
    for job in jobs:
        job.memory.withdrew = []


# --- Editions ------------------------------------------------------------------------------------


def _edition_sayings(job: _Job) -> Iterator[tuple[str, _Saying]]:
    record = job.record
    if job.says(Block.DESCRIPTION):
        for name in ("format", "edition_statement", "language", "pages", "duration_minutes"):
            yield name, _fact(getattr(record, name))
        for name in ("weight_g", "height_mm", "width_mm", "thickness_mm"):
            yield name, _fact(getattr(record, name))
    if job.says(Block.PUBLISHING):
        published = record.publication_date
        known = (published.date, str(published.precision)) if published else (None, str(DatePrecision.DAY))
        yield "publication", _Saying(_mark_of_date(known), known, _mark_of_date(known), str(known[0] or ""))
        yield "embargo_date", _fact(record.embargo_date)
        yield "edition_imprint", _fact(record.imprint or record.publisher)
    if job.says(Block.SUPPLY):
        yield "availability", _fact(record.availability)
        yield "not_for_sale", _fact(record.not_for_sale)


def _fact(value: object) -> _Saying:
    return _Saying(mark(value), value, mark(value), str(value or ""))


def _mark_of_date(known: tuple[dt.date | None, str]) -> str:
    return mark(f"{known[0]}/{known[1]}") if known[0] else ""


def _change_editions(jobs: Sequence[_Job]) -> None:
    now = timezone.now()
    changed, repriced = [], []
    for job in jobs:
        edition = job.edition
        is_different = job.was_deleted and not edition.is_active
        edition.is_active = edition.is_active or job.was_deleted
        for name, saying in _edition_sayings(job):
            is_different |= _is_news(job, name, saying) and _change_fact(job, edition, name, saying)
        if is_different:
            edition.updated_at = now
            changed.append(edition)
        if job.says(Block.SUPPLY) and job.memory.said.get("prices", "") != mark_of_prices(job.record):
            repriced.append(job)
    Edition.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["id"], update_fields=list(EDITION_COLUMNS)
    )
    if repriced:
        replace_feed_prices({job.edition.pk: _prices(job) for job in repriced})
    _remember_works([job for job in jobs if job.says(Block.RELATED) or job.says(Block.DESCRIPTION)])


def _change_fact(job: _Job, edition: Edition, name: str, saying: _Saying) -> bool:
    """Write a fact of the edition unless somebody else did; say whether it was written."""
    memory = job.memory
    _note(memory.said, name, saying.said)
    kept, wrote = _kept_fact(edition, name, memory), memory.wrote.get(name, "")
    if kept == saying.kept:
        _note(memory.wrote, name, kept)
        return False
    if kept != wrote:
        job.decision.warnings.append(_kept_by_hand(name, saying))
        return False
    _note(memory.wrote, name, saying.kept)
    _assign(edition, name, saying.value)
    return True


def _kept_fact(edition: Edition, name: str, memory: Memory) -> str:
    if name == "publication":
        return _mark_of_date((edition.publication_date, edition.publication_precision))
    value = getattr(edition, _COLUMNS.get(name, name))
    if name == "availability" and value == SupplierAvailability.STOCK_ONLY and name not in memory.wrote:
        return ""  # nobody said anything yet
    return mark(value)


def _prices(job: _Job) -> list[Price]:
    """The prices that the column can hold; of others a warning."""
    _note(job.memory.said, "prices", mark_of_prices(job.record))
    prices = []
    for said in job.record.prices:
        starts, ends = _midnight(said.starts_on, 0), _midnight(said.ends_on, 1)
        if not 0 <= said.amount <= MOST or len(said.currency) != 3 or (starts and ends and starts >= ends):
            job.decision.warnings.append(
                _("a price was left out: %(amount)s %(currency)s, from %(from)s to %(to)s")
                % {"amount": said.amount, "currency": said.currency, "from": said.starts_on, "to": said.ends_on}
            )
            continue
        prices.append(_price(job.edition, said, starts, ends))
    return prices


def _price(edition: Edition, said: PriceRecord, starts: dt.datetime | None, ends: dt.datetime | None) -> Price:
    return Price(
        edition_id=edition.pk,
        amount=said.amount,
        currency=said.currency,
        tax_included=said.tax_included,
        is_fixed=said.fixed,
        starts_at=starts,
        ends_at=ends,
        source=Price.Source.FEED,
    )


def _midnight(day: dt.date | None, later: int) -> dt.datetime | None:
    """The moment at which that day, or so many days later, begins in the shop's own time."""
    if day is None or day >= dt.date.max - dt.timedelta(days=later):
        return None
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=later), dt.time()))


# --- Memory --------------------------------------------------------------------------------------


def _remember(jobs: Sequence[_Job], *, are_new: bool = False) -> None:
    """What the feed said of them; of new editions there is no record to be overwritten."""
    now = timezone.now()
    insert_rows(
        FeedRecord,
        (
            FeedRecord(
                edition_id=job.edition.pk,
                sender=job.decision.after.sender,
                reference=job.record.reference,
                sent_at=job.decision.after.sent_at,
                digest=job.decision.after.digest,
                written=job.memory.as_json(),
                is_deleted=job.decision.after.is_deleted,
                imported_at=now,
            )
            for job in jobs
        ),
        replace_by=None if are_new else FeedRecord._meta.pk,
    )


def _remember_works(jobs: Sequence[_Job]) -> None:
    keys = {(job.page_id, key) for job in jobs for key in grouping.keys_of(job.record)}
    insert_rows(WorkKey, (WorkKey(key=key, page_id=pk) for pk, key in sorted(keys)), ignore_conflicts=True)


def _note(marks: dict[str, Any], name: str, value: Any) -> None:
    """Keep a mark; nothing is not kept."""
    if value:
        marks[name] = value
    else:
        marks.pop(name, None)


def _assign(thing: Edition | ProductPage, name: str, value: Any) -> None:
    if name == "publication":
        thing.publication_date, thing.publication_precision = value
    else:
        setattr(thing, _COLUMNS.get(name, name), value)
