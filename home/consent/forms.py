"""The form of an integration in the admin."""

from __future__ import annotations

from typing import Any

from wagtail.admin.forms import WagtailAdminModelForm


class IntegrationForm(WagtailAdminModelForm):
    """Keeps what runs out of reach of those who may not edit code.

    The fields are not in their form. But a form also saves what its instance holds, and going back to an old
    revision puts old code into it: so the stored values win.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "purpose"):  # ready-made kinds know theirs: see the model's clean()
            if name in self.fields:
                self.fields[name].required = False

    def _post_clean(self) -> None:
        user = getattr(self, "for_user", None)
        if user is None or not user.has_perm("home.edit_integration_code"):
            self._keep_protected()
        super()._post_clean()

    def _keep_protected(self) -> None:
        model: Any = self._meta.model
        stored = model.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
        for name in (*model.PROTECTED, "sort_order"):
            value = getattr(stored, name) if stored else model._meta.get_field(name).get_default()
            setattr(self.instance, name, value)
