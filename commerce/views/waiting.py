"""Back in stock: the form of a sold-out edition, and the pages that its mails lead to."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.emails import normalised
from commerce.exceptions import CommerceError
from commerce.forms import WaitForm
from commerce.models.waiting import CONFIRM_SALT, STOP_SALT, WaitingReader
from commerce.services import waiting
from core.throttle import is_too_often, sender_of

ASKED_AN_HOUR = 10


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Note who waits. The answer is the same whether the address waits already or not."""
    form = WaitForm(request.POST)
    if not form.is_valid():
        return _page(request, "commerce/waiting_ask.html", {"form": form}, status=422)
    if is_too_often("waiting", sender_of(request), limit=ASKED_AN_HOUR, seconds=60 * 60):
        form.add_error(None, _("That is a lot of books in one hour. Please wait a little and try again."))
        return _page(request, "commerce/waiting_ask.html", {"form": form}, status=429)
    email = normalised(form.cleaned_data["email"])
    is_own = _is_own(request, email)
    try:
        waiting.ask(form.cleaned_data["edition"], email, is_own=is_own, language=get_language() or "")
    except CommerceError:
        form.add_error(None, _("This book is not sold out, or it is not coming back. Look at its page again."))
        return _page(request, "commerce/waiting_ask.html", {"form": form}, status=409)
    return redirect("commerce:waiting_noted" if is_own else "commerce:waiting_asked")


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """A mail is on its way, with a link to confirm."""
    return _page(request, "commerce/waiting_done.html", {"is_noted": False})


@require_safe
def noted(request: HttpRequest) -> HttpResponse:
    """It is noted; nothing is to be done."""
    return _page(request, "commerce/waiting_done.html", {"is_noted": True})


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Ask once more, for machines follow links too; then note it."""
    if request.method == "POST" and waiting.confirm(key):
        return redirect("commerce:waiting_noted")
    readers = WaitingReader.objects.by_key(key, CONFIRM_SALT).select_related("edition__product")
    return _page(request, "commerce/waiting_confirm.html", {"reader": get_object_or_404(readers), "key": key})


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, key: str) -> HttpResponse:
    """Ask, then forget the reader. A mail programme's single click is a POST without a question (RFC 8058)."""
    readers = WaitingReader.objects.by_key(key, STOP_SALT).select_related("edition__product")
    if request.method == "POST":
        readers.delete()
    return _page(request, "commerce/waiting_stop.html", {"reader": readers.first(), "key": key})


def _is_own(request: HttpRequest, email: str) -> bool:
    """True where the visitor is signed in and has confirmed this address before."""
    user = request.user
    return user.is_authenticated and EmailAddress.objects.filter(user=user, email=email, verified=True).exists()


def _page(request: HttpRequest, template: str, context: dict[str, object], status: int = 200) -> HttpResponse:
    """A page that is nobody's to find, and whose address is not told to other sites."""
    response = render(request, template, context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
