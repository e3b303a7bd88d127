"""Where a record's pictures are: addresses and file names as feeds send them."""

from __future__ import annotations

import re

from catalog.importers.remarks import Warn


def pictures(links: list[str], warn: Warn) -> list[str]:
    """Addresses and file names of the links that are such, without repeats, in their order."""
    found: list[str] = []
    for link in links:
        address = image_address(link)
        if address:
            found.append(address)
        else:
            warn(f"The picture “{link[:60]}” is neither a file name nor a web address; left out.")
    return list(dict.fromkeys(found))


def image_address(link: str) -> str:
    """A picture's https address, or the bare name of a file; "" where it is neither.

    Plain http becomes https: where a server has no https, the picture is as lost as on any dead link. Folders
    in front of a file's name are dropped, so that no name can leave the folder of the pictures.
    """
    link = link.strip()
    if re.match(r"https?://[^\s/]+\.[^\s/]+/", link, re.IGNORECASE):
        return "https://" + link.partition("://")[2]
    if "://" in link or link.lower().startswith(("data:", "javascript:")):
        return ""
    name = re.split(r"[\\/]", link)[-1]
    return name if re.fullmatch(r"[^\x00-\x1f]{1,200}\.[A-Za-z]{3,4}", name) and not name.startswith(".") else ""
