"""Who works here."""

from __future__ import annotations

from typing import Any


def is_staff_member(user: Any) -> bool:
    """True for those who may enter an admin: of Wagtail, or Django's."""
    return bool(user.is_active and (user.is_staff or user.has_perm("wagtailadmin.access_admin")))
