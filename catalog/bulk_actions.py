"""What can be done with editions that are ticked in their list."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.snippets.bulk_actions.snippet_bulk_action import SnippetBulkAction

from catalog.models import Edition
from catalog.price_views import MAY_CHANGE


class ChangePrices(SnippetBulkAction):
    """Leads to the form that changes prices, with these editions in it."""

    models = [Edition]
    display_name = _("Change prices")
    aria_label = _("Change the prices of the selected editions")
    action_type = "change-prices"
    template_name = "catalog/admin/prices_change.html"

    def check_perm(self, edition: Edition) -> bool:
        """For those who may change prices."""
        return bool(self.request.user.has_perm(MAY_CHANGE))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """On to the form; whoever ticked all of them says there what they have in common."""
        if "all" in request.GET.getlist("id"):
            return redirect("prices:index")
        editions, _refused = self.get_actionable_objects()
        keys = ",".join(str(edition.pk) for edition in editions)
        return redirect(f"{reverse('prices:index')}?{urlencode({'editions': keys})}")

    post = get
