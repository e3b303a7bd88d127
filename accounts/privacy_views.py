"""The customer's own data: seen, taken away, erased. Each only by who has just shown that the account is theirs."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import privacy
from accounts.requests import SignedInRequest


@login_required
@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """What one may ask for."""
    return render(request, "accounts/privacy.html")


@login_required
@reauthentication_required
@require_safe
def data(request: SignedInRequest) -> HttpResponse:
    """Everything that the shop knows, to be read."""
    known = [(privacy.parts[name].title, records) for name, records in privacy.export(request.user).items()]
    return render(request, "accounts/privacy_data.html", {"known": known})


@login_required
@reauthentication_required
@require_safe
def data_file(request: SignedInRequest) -> HttpResponse:
    """The same for machines."""
    known = {
        name: [{key: fact.value for key, fact in one.items()} for one in records]
        for name, records in privacy.export(request.user).items()
    }
    answer = JsonResponse(
        {"exported_at": timezone.now(), **known}, json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    answer["Content-Disposition"] = 'attachment; filename="booktime-data.json"'
    return answer


@login_required
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: SignedInRequest) -> HttpResponse:
    """Erase the account, after a page that says what goes and what stays."""
    reasons = privacy.reasons_to_wait(request.user)
    if request.method == "POST" and not reasons:
        try:
            privacy.erase(request.user.pk)
        except privacy.ErasureRefused as refused:  # something was opened a moment ago
            reasons = refused.reasons
        else:
            logout(request)
            messages.success(request, _("Your account is erased. A mail confirms it."))
            return redirect("account_login")
    kept = [part.kept for part in privacy.parts.values() if part.kept]
    context = {"reasons": reasons, "kept": kept}
    return render(request, "accounts/privacy_erase.html", context, status=409 if request.method == "POST" else 200)
