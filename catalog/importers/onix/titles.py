"""The title of a product: which of its titles, and of which of its elements."""

from __future__ import annotations

from typing import NamedTuple

from catalog.importers.onix.part import NOTHING, Part

_TYPES = ("01", "00", "", "10", "05")
"""List 15: the distinctive title, an undefined one, the distributor's, the abbreviated one."""


class Title(NamedTuple):
    """A title as it reads, and as it files ("Forgotten, The") where the sender says so."""

    title: str
    subtitle: str = ""
    sort_title: str = ""


def name_of(part: Part) -> tuple[str, str]:
    """Title of a Title (2.1) or TitleElement (3.x) as it reads and as it files: "The Forgotten", "Forgotten, The"."""
    prefix, without = part.plain("TitlePrefix"), part.plain("TitleWithoutPrefix")
    joined = f"{prefix} {without}" if prefix and not prefix.endswith(("’", "'")) else f"{prefix}{without}"
    sort_title = f"{without}, {prefix}" if prefix and without else ""
    return part.plain("TitleText") or joined.strip(), sort_title


def from_details(details: list[Part]) -> Title:
    """The title among the TitleDetails of 3.x. A volume without one of its own is "Collected Works 3"."""
    detail = _by_type(details) or NOTHING
    levels = {element.code("TitleElementLevel"): element for element in reversed(detail.parts("TitleElement"))}
    product = levels.get("01") or levels.get("") or levels.get("04") or NOTHING
    title, sort_title = name_of(product)
    subtitle = product.plain("Subtitle")
    whole = levels.get("02") or levels.get("03")
    if title or not whole:
        return Title(title, subtitle, sort_title)
    title = f"{name_of(whole)[0]} {product.plain('PartNumber')}".strip()
    return Title(title, subtitle or whole.plain("Subtitle"))


def from_product(product: Part) -> Title:
    """The title of a product of 2.1: among its Titles, else the older DistinctiveTitle."""
    chosen = _by_type(product.parts("Title"))
    if chosen is None:
        return Title(product.plain("DistinctiveTitle"), product.plain("Subtitle"))
    title, sort_title = name_of(chosen)
    return Title(title, chosen.plain("Subtitle"), sort_title)


def _by_type(titles: list[Part]) -> Part | None:
    """The first title of the best type."""
    by_type: dict[str, Part] = {}
    for title in titles:
        by_type.setdefault(title.code("TitleType"), title)
    return next((by_type[kind] for kind in _TYPES if kind in by_type), None)
