"""What the shop knows of a customer, in one place: shown, handed out, erased. ADR 0011.

Rooms register their part in `AppConfig.ready`. A test walks every model with a path to a person and fails where
one is in no part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.staff import is_staff_member
from core.mail.outbox import post


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known: its name in words, and what it is."""

    label: str
    value: Any


Record = dict[str, Fact]


def _nothing(user: User) -> None:
    """What goes with the user's row, or stays because the law keeps it."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one room knows: under which name, in which models (app_label.model), how it is told and how it goes."""

    name: str
    title: Any
    models: frozenset[str]
    export: Callable[[User], list[Record]]
    erase: Callable[[User], None] = field(default=_nothing)
    kept: Any = ""
    """Why it stays, in words for the customer, where it does."""


class ErasureRefused(Exception):
    """The account cannot go yet; `reasons` are sentences for its owner."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


STAFF_WORK = "what staff did at work"

parts: dict[str, Part] = {}
of_nobody: dict[str, str] = {}
"""Models with a path to a person that hold nothing of a customer, and why: what staff did at work, the shop's own."""
refusals: list[Callable[[User], str]] = []
"""Each says why an account cannot go yet; an empty text where it can."""


def register(part: Part) -> None:
    """Add a room's part."""
    parts[part.name] = part


def record(instance: Model, *names: str) -> Record:
    """These fields of a row, under their names."""
    found = {}
    for name in names:
        model_field: Any = instance._meta.get_field(name)
        value = getattr(instance, f"get_{name}_display")() if model_field.choices else getattr(instance, name)
        found[name] = Fact(str(model_field.verbose_name), value if isinstance(value, (int, bool)) else _plain(value))
    return found


def export(user: User) -> dict[str, list[Record]]:
    """Everything that the shop knows of a customer, by part."""
    return {part.name: part.export(user) for part in parts.values()}


def reasons_to_wait(user: User) -> list[str]:
    """Why the account cannot be erased now; nothing where it can."""
    return [reason for refusal in refusals if (reason := refusal(user))]


def erase(user_id: int) -> bool:
    """Erase a customer's account with all that the law does not keep. False where it is gone already.

    Raises:
        ErasureRefused: something is still open, or the account is a colleague's.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id).first()
        if user is None:
            return False
        if reasons := reasons_to_wait(user):
            raise ErasureRefused(reasons)
        address = user.email
        for part in parts.values():
            part.erase(user)
        user.delete()
        post("account-erased", address, key=f"account-erased:{user_id}", language=get_language() or "")
    return True


def _staff_stay(user: User) -> str:
    return _("Accounts of staff are closed by the owner of the shop.") if is_staff_member(user) else ""


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float)) or hasattr(value, "isoformat") else str(value)


refusals.append(_staff_stay)
