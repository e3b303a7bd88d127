"""What forms of the shop have in common."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms


class OneSpelling(forms.BaseForm):
    """A form whose texts are kept as they were typed, in one spelling of Unicode (NFC)."""

    def clean(self) -> dict[str, Any]:
        """Texts normalised, without blanks at their ends."""
        cleaned = super().clean() or self.cleaned_data  # type: ignore[misc]  # of the form beside which it stands
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = unicodedata.normalize("NFC", value).strip()
        return cleaned
