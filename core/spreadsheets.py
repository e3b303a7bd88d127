"""What is handed out as a table."""

from __future__ import annotations


def safe_cell(value: object) -> str:
    """A text that a spreadsheet does not take for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
