"""How allauth signs people up and in here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language

from accounts.emails import normalised
from core.mail.outbox import post
from core.throttle import sender_of


class AccountAdapter(DefaultAccountAdapter):
    """Mail goes through the task queue; links in it lead to the shop's own host; so does every `next`."""

    def clean_email(self, email: str) -> str:
        """One spelling of an address, so that one person has one account."""
        return normalised(super().clean_email(email))

    def is_safe_url(self, url: str | None) -> bool:
        """Only addresses of the host that was asked, never another of ALLOWED_HOSTS."""
        hosts = {self.request.get_host()}
        return url_has_allowed_host_and_scheme(url, allowed_hosts=hosts, require_https=self.request.is_secure())

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """On the host of SITE_URL, whatever host the request was sent to."""
        return _on_our_host(super().get_email_confirmation_url(request, emailconfirmation))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """On the host of SITE_URL, whatever host the request was sent to."""
        return _on_our_host(super().get_reset_password_from_key_url(key))

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """The home page, in the language of the page."""
        return reverse("wagtail_serve", args=[""])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render now, while the request is here; it leaves like every mail of the shop."""
        known = {
            "request": self.request,
            "email": email,
            "site_name": settings.WAGTAIL_SITE_NAME,
            "site_url": settings.SITE_URL,
        }
        message = self.render_mail(template_prefix, email, {**context, **known})
        post("account", email, language=get_language() or "", subject=message.subject, message=message.body)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whom the limits of wrong sign-ins count: the same sender as every other limit of the shop."""
        return sender_of(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong tries are counted by account; allauth counts them apart for each host and port that a request names."""
        return normalised(credentials.get("email", ""))

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Anybody may open an account."""
        return True


def _on_our_host(url: str) -> str:
    return settings.SITE_URL + urlsplit(url).path
