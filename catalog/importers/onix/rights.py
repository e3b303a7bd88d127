"""Whether the book may be sold in our country at all (list 46)."""

from __future__ import annotations

from catalog.importers import codes


def objection(rights: list[tuple[str, bool]], elsewhere: str, country: str) -> str:
    """Why the rights forbid a sale, or "".

    Args:
        rights: type of each sales right, and whether its territory holds our country.
        elsewhere: type of the right that holds where none is stated, or "".
    """
    here = [kind for kind, holds in rights if holds]
    if any(kind in codes.SALES_RIGHTS_NO for kind in here):
        return f"No sales rights for {country}"
    if not rights or here or elsewhere in codes.SALES_RIGHTS_YES:
        return ""
    if elsewhere in codes.SALES_RIGHTS_NO:
        return f"No sales rights for {country}"
    if any(kind in codes.SALES_RIGHTS_YES for kind, _ in rights):
        return f"Sales rights are stated for other countries, not for {country}"
    return ""
