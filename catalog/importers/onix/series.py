"""The series that a product belongs to, and its number in it."""

from __future__ import annotations

from catalog.importers.onix import titles
from catalog.importers.onix.part import Part


def from_collections(collections: list[Part]) -> tuple[str, str]:
    """Name and number, from the Collections of 3.x: the first that has a name, its highest level."""
    for collection in collections:
        for detail in collection.parts("TitleDetail"):
            elements = detail.parts("TitleElement")
            above = [element for element in elements if element.code("TitleElementLevel") != "01"]
            above.sort(key=lambda element: element.code("TitleElementLevel"))
            name = next((name for element in above or elements if (name := titles.name_of(element)[0])), "")
            if name:
                numbers = [element.plain("PartNumber") for element in elements]
                sequences = collection.parts("CollectionSequence")
                numbers += [sequence.plain("CollectionSequenceNumber") for sequence in sequences]
                return name, next((number for number in numbers if number), "")
    return "", ""


def from_series(listed: list[Part]) -> tuple[str, str]:
    """Name and number, from the Series of 2.1: the first that has a name."""
    for series in listed:
        name = series.plain("TitleOfSeries") or titles.name_of(series.part("Title"))[0]
        if name:
            return name, series.plain("NumberWithinSeries")
    return "", ""
