"""Contributors, publishers, series and tags of a chunk of records: found, or made with an address of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from catalog.importers.bulk import add_children, add_to_references, add_to_search, found_in
from catalog.importers.records import ContributorRecord, Record
from catalog.importers.slugs import free_slugs, slug_of
from catalog.models import Contributor, Publisher, Series, Tag, TagIndexPage, TagPage
from catalog.models.people import Slugged

Named = TypeVar("Named", bound=Slugged)


@dataclass(slots=True)
class Names:
    """Primary keys of what the records name, and the slugs of the tags that are new."""

    contributors: dict[tuple[str, str, str], int] = field(default_factory=dict)
    publishers: dict[str, int] = field(default_factory=dict)
    series: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    new_tags: set[str] = field(default_factory=set)

    def contributor(self, said: ContributorRecord) -> int:
        """The person's row."""
        return self.contributors[_person_key(said)]

    def tag_ids(self, names: Iterable[str]) -> list[int]:
        """Rows of the tags, in their order, without repeats; names without a letter or figure are none."""
        return list(dict.fromkeys(self.tags[slug] for name in names if (slug := slug_of(name))))


def resolve(records: Sequence[Record]) -> Names:
    """Find or make every contributor, publisher, series and tag that the records name. In a transaction."""
    names = Names()
    names.contributors = _contributors([said for record in records for said in record.contributors])
    names.publishers = _by_name(Publisher, [house_of(record) for record in records])
    names.series = _by_name(Series, [record.series for record in records])
    names.tags, names.new_tags = _tags([name for record in records for name in record.tags])
    return names


def house_of(record: Record) -> str:
    """The publisher's name, or the imprint's where that is all that is said."""
    return record.publisher or record.imprint


def _person_key(said: ContributorRecord) -> tuple[str, str, str]:
    return (said.name, said.isni, said.orcid)


def _contributors(people: Sequence[ContributorRecord]) -> dict[tuple[str, str, str], int]:
    """By ISNI or ORCID; else by exact name, where no other identifier speaks against it."""
    wanted: dict[tuple[str, str, str], list[ContributorRecord]] = {}
    for said in people:
        wanted.setdefault(_person_key(said), []).append(said)
    everybody = Contributor.objects.order_by("pk")
    known = [
        *found_in(everybody, "name", {name for name, _isni, _orcid in wanted}),
        *found_in(everybody, "isni", {isni for _name, isni, _orcid in wanted if isni}),
        *found_in(everybody, "orcid", {orcid for _name, _isni, orcid in wanted if orcid}),
    ]
    rows = sorted({row.pk: row for row in known}.values(), key=lambda row: row.pk)
    by_number = {number: row for row in reversed(rows) for number in (row.isni, row.orcid) if number}
    by_name: dict[str, list[Contributor]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)

    found: dict[tuple[str, str, str], Contributor] = {}
    new: list[Contributor] = []
    changed: dict[int, Contributor] = {}
    # People with a number first, so that the same name without one finds them.
    for key in sorted(wanted, key=lambda key: not (key[1] or key[2])):
        name, isni, orcid = key
        row = by_number.get(isni) or by_number.get(orcid) if isni or orcid else None
        row = row or next((row for row in by_name.get(name, ()) if _may_be(row, isni, orcid)), None)
        if row is None:
            row = Contributor(name=name)
            new.append(row)
            by_name.setdefault(name, []).append(row)
        if _complete(row, wanted[key], isni, orcid) and row.pk:
            changed[row.pk] = row
        by_number.update({number: row for number in (isni, orcid) if number})
        found[key] = row
    if changed:
        Contributor.objects.bulk_update(changed.values(), ["sort_name", "biography", "isni", "orcid"], batch_size=200)
    _create(Contributor, new)
    return {key: row.pk for key, row in found.items()}


def _may_be(row: Contributor, isni: str, orcid: str) -> bool:
    return not (isni and row.isni and isni != row.isni) and not (orcid and row.orcid and orcid != row.orcid)


def _complete(row: Contributor, sayings: Sequence[ContributorRecord], isni: str, orcid: str) -> bool:
    """Fill what is empty; say whether anything was."""
    facts = {
        "isni": isni,
        "orcid": orcid,
        "sort_name": next((said.sort_name for said in sayings if said.sort_name), ""),
        "biography": next((said.biography for said in sayings if said.biography), ""),
    }
    filled = {name: value for name, value in facts.items() if value and not getattr(row, name)}
    for name, value in filled.items():
        setattr(row, name, value)
    return bool(filled)


def _by_name(model: type[Named], sayings: Iterable[str]) -> dict[str, int]:
    wanted = dict.fromkeys(name for name in sayings if name)
    if not wanted:
        return {}
    found = {row.name: row.pk for row in found_in(model.objects.order_by("-pk"), "name", wanted)}
    new = [model(name=name) for name in wanted if name not in found]
    _create(model, new)
    return found | {row.name: row.pk for row in new}


def _tags(sayings: Iterable[str]) -> tuple[dict[str, int], set[str]]:
    wanted: dict[str, str] = {}
    for name in sayings:
        if slug := slug_of(name):
            wanted.setdefault(slug, name)
    if not wanted:
        return {}, set()
    found = dict(found_in(Tag.objects.values_list("slug", "pk"), "slug", wanted))
    new = [Tag(name=name, slug=slug) for slug, name in wanted.items() if slug not in found]
    Tag.objects.bulk_create(new)
    add_to_search(Tag, new)
    _tag_pages(new)
    return found | {tag.slug: tag.pk for tag in new}, {tag.slug for tag in new}


def _tag_pages(tags: Sequence[Tag]) -> None:
    index = TagIndexPage.objects.order_by("path").first()
    if index is None or not tags:
        return
    there = set(found_in(index.get_children().values_list("slug", flat=True), "slug", [tag.slug for tag in tags]))
    pages = [TagPage(title=tag.name, slug=tag.slug, tag=tag) for tag in tags if tag.slug not in there]
    add_children(index.pk, pages)
    add_to_search(TagPage, pages)
    add_to_references(pages, {"wagtail_admin_comments": {}})


def _create(model: type[Named], rows: Sequence[Named]) -> None:
    if not rows:
        return
    kind = model._meta.model_name or ""
    taken = model.objects.values_list("slug", flat=True)
    slugs = free_slugs(
        [[slug_of(row.name, otherwise=kind)] for row in rows], lambda slugs: found_in(taken, "slug", slugs)
    )
    for row, slug in zip(rows, slugs, strict=True):
        row.slug = slug
    model.objects.bulk_create(rows)
    add_to_search(model, rows)
