"""Wagtail's side panel "Checks", with the shop's own rules in it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from wagtail.admin.userbar import ContentCheckerItem

from core.checks import RULES

MARK = "data-publish-check"
"""Attribute of the marks that a preview carries, one for each problem: the code of its rule."""
_ALWAYS_FAILS = "non-empty-title"
"""A check of axe that no mark passes: marks have no title."""


def _name(code: str) -> str:
    return f"shop-{code}"


class ShopChecker(ContentCheckerItem):
    """The checker with a rule for each of ours; it finds the marks of the preview (`core.templatetags.check_tags`)."""

    def get_axe_run_only(self, request: HttpRequest) -> list[str]:
        """Wagtail's rules and ours."""
        return [*super().get_axe_run_only(request), *map(_name, RULES)]

    def get_axe_custom_rules(self, request: HttpRequest) -> list[dict[str, Any]]:
        """A rule that fails wherever its mark stands."""
        own = [
            {
                "id": _name(code),
                "impact": "serious" if rule.stops else "moderate",
                "selector": f'[{MARK}="{code}"]',
                "excludeHidden": False,
                "tags": ["best-practice"],
                "any": [_ALWAYS_FAILS],
                "enabled": True,
            }
            for code, rule in RULES.items()
        ]
        return [*super().get_axe_custom_rules(request), *own]

    def get_axe_messages(self, request: HttpRequest) -> dict[str, Any]:
        """Our words for our rules."""
        own = {_name(code): {"error_name": rule.label, "help_text": rule.help} for code, rule in RULES.items()}
        return {**super().get_axe_messages(request), **own}
