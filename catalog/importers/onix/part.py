"""A composite of ONIX: its children by reference name, whatever the namespace, the order and the kind of tags."""

from __future__ import annotations

from lxml import etree

from catalog.importers import text
from catalog.importers.onix.tags import NAMES

BLANK = " \t\r\n\u200b\ufeff\xa0"
"""What stands around values without belonging to them."""


class Part:
    """A composite: its children by reference name."""

    __slots__ = ("_children",)

    def __init__(self, element: etree._Element) -> None:
        self._children: dict[str, list[etree._Element]] = {}
        for child in element:
            name = NAMES[child.tag]
            if name:
                self._children.setdefault(name, []).append(child)

    def __contains__(self, name: str) -> bool:
        return name in self._children

    def code(self, name: str) -> str:
        """A code value or a number: the first that is not empty, without the blanks around it."""
        for element in self._children.get(name, ()):
            value = (element.text or "").strip(BLANK)
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
        """All texts, one paragraph or more each, as sanitised HTML."""
        return text.rich("\n\n".join(_inner(element) for element in self._children.get(name, ())))

    def parts(self, name: str) -> list[Part]:
        """All such composites."""
        return [Part(element) for element in self._children.get(name, ())]

    def part(self, name: str) -> Part:
        """The first such composite; an empty one where there is none."""
        found = self._children.get(name)
        return Part(found[0]) if found else NOTHING


NOTHING = Part(etree.Element("nothing"))
"""A composite without children."""


def _inner(element: etree._Element) -> str:
    """What stands between the tags; XHTML inside is written out again as markup."""
    if not len(element):
        return element.text or ""
    start = (element.text or "").replace("&", "&amp;").replace("<", "&lt;")
    return start + "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)
