"""A record while it is made from a product, with what decides at the end whether it may be sold."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog.importers.onix.context import Context
from catalog.importers.records import Record

MAX_WARNINGS = 20


@dataclass(slots=True)
class Draft:
    """Filled by the reader of one release (`blocks3`, `flat2`)."""

    record: Record
    context: Context
    status: str = ""
    """PublishingStatus (list 64)."""
    reasons: list[str] = field(default_factory=list)
    """Why it may not be sold, in the order in which it was found; an empty one is none."""

    def warn(self, message: str) -> None:
        """Add a warning to the record: each once, and not more than people read."""
        if len(self.record.warnings) < MAX_WARNINGS and message not in self.record.warnings:
            self.record.warnings.append(message)

    def finish(self) -> None:
        """Say in the record why it may not be sold."""
        self.record.not_for_sale = "; ".join(filter(None, dict.fromkeys(self.reasons)))[:255]
