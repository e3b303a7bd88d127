"""Signing in with an account that somebody has elsewhere: Google, or any provider of OpenID Connect."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect.views import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """An address is verified where the provider says so, and nothing else than so: some send the word “false”."""

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        """True where somebody may enter the account that has this address."""
        _only_true_is_verified(login)
        verified = {address.email.lower() for address in login.email_addresses if address.verified}
        return email.lower() in verified and super().can_authenticate_by_email(login, email)

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Before anything is kept of what the provider says."""
        _only_true_is_verified(sociallogin)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider, by a page that goes on by itself: our content policy lets no form lead to another host."""
    answer = login(request, provider_id)
    if isinstance(answer, HttpResponseRedirect) and not answer.url.startswith("/"):
        return render(request, "socialaccount/login_redirect.html", {"redirect_to": answer.url})
    return answer


def _only_true_is_verified(sociallogin: Any) -> None:
    for address in sociallogin.email_addresses:
        address.verified = address.verified is True
