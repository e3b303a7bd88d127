"""What a check of the books finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery, Sum


@dataclass(frozen=True, slots=True)
class Drift:
    """A figure that is not what it should be; or, without figures, a sentence that says what is wrong where."""

    what: str
    where: str
    says: object = None
    should_be: object = None

    def __str__(self) -> str:
        if self.says is None and self.should_be is None:
            return f"{self.where}: {self.what}"
        return f"{self.where}: {self.what} is {self.says}, should be {self.should_be}"


Check = Callable[[], Iterator[Drift]]


def sum_of(rows: QuerySet, column: str, **owner: str) -> Subquery:
    """The sum of a column over rows that belong to the row outside (`order="pk"`); empty where there are none."""
    own = rows.filter(**{name: OuterRef(there) for name, there in owner.items()}).order_by().values(*owner)
    return Subquery(own.annotate(sum=Sum(column)).values("sum"))
