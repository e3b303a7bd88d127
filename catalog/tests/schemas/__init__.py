"""What sitemaps and feeds have to look like, as RELAX NG written from their specifications."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

_HERE = Path(__file__).parent


def valid(xml: bytes, schema: str) -> etree._Element:
    """The root of a document that the schema allows."""
    root = etree.fromstring(xml)
    rules = etree.RelaxNG(file=_HERE / f"{schema}.rng")
    assert rules.validate(root), f"{schema}: {rules.error_log}"
    return root
