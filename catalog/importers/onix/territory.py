"""Where in the world something holds: markets, sales rights, prices."""

from __future__ import annotations

from catalog.importers.onix.part import Part


def holds(country: str, included: list[str], excluded: list[str], regions: list[str], not_regions: list[str]) -> bool:
    """Whether a territory holds the country. Without a word about it, it is the world."""
    if country in excluded or "WORLD" in not_regions:
        return False
    if country in included:
        return True
    if not included and not regions:
        return True
    return any(region in ("WORLD", "ROW") or region.startswith(f"{country}-") for region in regions)


def of_part(part: Part, country: str) -> tuple[bool | None, bool]:
    """Whether the part's Territory (3.x) holds the country, None where it has none; and whether it names it."""
    if "Territory" not in part:
        return None, False
    territory = part.part("Territory")
    included = territory.codes("CountriesIncluded")
    inside = holds(
        country,
        included,
        territory.codes("CountriesExcluded"),
        territory.codes("RegionsIncluded"),
        territory.codes("RegionsExcluded"),
    )
    return inside, country in included
