"""Passkeys, security keys and one-time codes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathFillImage


class MFAAdapter(DefaultMFAAdapter):
    """The shop goes by its name where a browser or an app asks whose passkey or code this is."""

    def get_totp_issuer(self) -> str:
        """Name of the shop, as authenticator apps show it."""
        return str(settings.WAGTAIL_SITE_NAME)

    def build_totp_svg(self, url: str) -> str:
        """The key as a picture on white, so that apps read it in the dark scheme too."""
        picture = BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(picture)
        return picture.getvalue().decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """The name that a new passkey is offered."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey %(number)d") % {"number": count + 1} if count else _("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Host and name of the shop."""
        return {**super().get_public_key_credential_rp_entity(), "name": settings.WAGTAIL_SITE_NAME}


def has_second_factor(user: Any) -> bool:
    """True for somebody with a passkey, a security key or an app; recovery codes alone are none."""
    return Authenticator.objects.filter(
        user_id=user.pk, type__in=(Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    ).exists()
