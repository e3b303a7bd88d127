"""Panels of the page editor that every room may use."""

from __future__ import annotations

from typing import Any

from wagtail.admin.panels import Panel

from core.checks import problems_of


class ChecksPanel(Panel):
    """What is wrong with the page as it was last saved: what stops it from being published first."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "core/admin/checks_panel.html"

        def is_shown(self) -> bool:
            """Not before the page was saved once."""
            return bool(super().is_shown() and self.instance.pk)

        def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
            return {**super().get_context_data(parent_context), "problems": problems_of(self.instance)}
