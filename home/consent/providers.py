"""Ready-made kinds of integrations: they ask for an identifier and know the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from home.consent.purposes import Position, Purpose

CUSTOM = "custom"
STORAGE_KINDS = {
    "cookie": _("Cookie"),
    "local": _("Local storage"),
    "session": _("Session storage"),
    "database": _("Database (IndexedDB)"),
}
"""Where browsers keep things."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Something that is kept in the visitor's browser."""

    kind: str
    """Key of `STORAGE_KINDS`."""
    name: str
    """A trailing `*` stands for any characters."""
    lifetime: str | Promise
    about: str | Promise = ""
    host: str = ""
    """Whose it is, where that is not the shop's host: only that one can remove it."""

    @property
    def kind_label(self) -> str | Promise:
        """Where it is kept, in words."""
        return STORAGE_KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Provider:
    """What a ready-made kind knows of itself."""

    name: str
    company: str
    purpose: str
    """Category of a new integration of this kind."""
    privacy_url: str
    hosts: tuple[str, ...]
    """Each a host and what for: "www.example.com script connect". `{server}` is the shop's own server."""
    identifier: re.Pattern[str]
    identifier_help: str
    code: Callable[[str, str], str]
    """HTML from identifier and server."""
    stored: tuple[Stored, ...] = ()
    opt_out: str = ""
    """Name of the function in `static/js/consent/withdraw.js` that is called when consent is withdrawn."""
    server: str = ""
    """The server to talk to where the shop gives none; kinds that need one have it empty."""
    takes_server: bool = False
    is_google: bool = False
    """Google's tags are told the choice by Consent Mode v2."""
    position: str = Position.HEAD_END
    """Where a new one stands; one that is made for the text stands nowhere else."""


def _ga4(identifier: str, _server: str) -> str:
    return (
        f'<script async src="https://www.googletagmanager.com/gtag/js?id={identifier}"></script>\n'
        "<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}"
        f'gtag("js",new Date());gtag("config","{identifier}");</script>'
    )


def _gtm(identifier: str, _server: str) -> str:
    return (
        '<script>window.dataLayer=window.dataLayer||[];dataLayer.push({"gtm.start":Date.now(),event:"gtm.js"});'
        f'</script>\n<script async src="https://www.googletagmanager.com/gtm.js?id={identifier}"></script>'
    )


def _clarity(identifier: str, _server: str) -> str:
    return (
        "<script>window.clarity=window.clarity||function(){(clarity.q=clarity.q||[]).push(arguments);};"
        'clarity("consentv2",{ad_Storage:"denied",analytics_Storage:"granted"});</script>\n'
        f'<script async src="https://www.clarity.ms/tag/{identifier}"></script>'
    )


def _meta(identifier: str, _server: str) -> str:
    return (
        "<script>if(!window.fbq){var n=window.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments):"
        "n.queue.push(arguments);};window._fbq=n;n.push=n;n.loaded=true;n.version='2.0';n.queue=[];}"
        f'fbq("consent","grant");fbq("init","{identifier}");fbq("track","PageView");</script>\n'
        '<script async src="https://connect.facebook.net/en_US/fbevents.js"></script>'
    )


def _matomo(identifier: str, server: str) -> str:
    tracker, site = json.dumps(f"https://{server}/matomo.php"), json.dumps(identifier)
    return (
        '<script>var _paq=window._paq=window._paq||[];_paq.push(["requireConsent"]);'
        f'_paq.push(["setTrackerUrl",{tracker}]);_paq.push(["setSiteId",{site}]);'
        '_paq.push(["setConsentGiven"]);_paq.push(["trackPageView"]);_paq.push(["enableLinkTracking"]);</script>\n'
        f'<script async src="https://{escape(server)}/matomo.js"></script>'
    )


def _plausible(identifier: str, server: str) -> str:
    address = f"https://{escape(server)}/js/script.js"
    return f'<script defer data-domain="{escape(identifier)}" src="{address}"></script>'


def _frame(_identifier: str, _server: str) -> str:
    return ""


_KNOWN_BY_MICROSOFT = _("Tells browsers apart on all sites of Microsoft.")
_UNTIL_EMPTIED = _("until you empty it")
_NOTHING = re.compile(r"\Z")
_GOOGLE_COOKIES = (
    Stored("cookie", "_ga", _("2 years"), _("Tells visitors apart.")),
    Stored("cookie", "_ga_*", _("2 years"), _("Keeps the state of the visit.")),
    Stored("cookie", "_gid", _("1 day"), _("Tells visitors apart.")),
    Stored("cookie", "_gat*", _("1 minute"), _("Limits how often data is sent.")),
)
_GOOGLE_HOSTS = (
    "www.googletagmanager.com script connect img",
    "*.google-analytics.com connect img",
    "*.analytics.google.com connect img",
)

PROVIDERS: dict[str, Provider] = {
    "ga4": Provider(
        name="Google Analytics 4",
        company="Google Ireland Limited",
        purpose=Purpose.STATISTICS,
        privacy_url="https://policies.google.com/privacy",
        hosts=_GOOGLE_HOSTS,
        identifier=re.compile(r"G-[A-Z0-9]{4,20}\Z"),
        identifier_help="G-XXXXXXXXXX",
        code=_ga4,
        stored=_GOOGLE_COOKIES,
        opt_out="ga4",
        is_google=True,
    ),
    "gtm": Provider(
        name="Google Tag Manager",
        company="Google Ireland Limited",
        purpose=Purpose.MARKETING,
        privacy_url="https://policies.google.com/privacy",
        hosts=_GOOGLE_HOSTS,
        identifier=re.compile(r"GTM-[A-Z0-9]{4,12}\Z"),
        identifier_help="GTM-XXXXXXX",
        code=_gtm,
        stored=(*_GOOGLE_COOKIES, Stored("cookie", "_gcl_*", _("90 days"), _("Counts what advertisements led to."))),
        opt_out="gtm",
        is_google=True,
        position=Position.HEAD_START,
    ),
    "clarity": Provider(
        name="Microsoft Clarity",
        company="Microsoft Ireland Operations Limited",
        purpose=Purpose.STATISTICS,
        privacy_url="https://privacy.microsoft.com/privacystatement",
        hosts=("*.clarity.ms script connect img", "c.bing.com connect img"),
        identifier=re.compile(r"[a-z0-9]{6,16}\Z"),
        identifier_help="abcdefghij",
        code=_clarity,
        stored=(
            Stored("cookie", "_clck", _("1 year"), _("Tells visitors apart.")),
            Stored("cookie", "_clsk", _("1 day"), _("Joins the pages of a visit.")),
            Stored("session", "_cltk", _("the visit"), _("Counts the pages of a visit.")),
            Stored("cookie", "CLID", _("1 year"), _("Remembers when Clarity first saw you on any site."), "clarity.ms"),
            Stored("cookie", "MUID", _("1 year"), _KNOWN_BY_MICROSOFT, "clarity.ms"),
            Stored("cookie", "SM", _("the visit"), _("Says whether that number is the same at Bing."), "clarity.ms"),
            Stored("cookie", "ANONCHK", _("10 minutes"), _("Says whether data goes to advertisements."), "clarity.ms"),
            Stored("cookie", "MUID", _("1 year"), _KNOWN_BY_MICROSOFT, "bing.com"),
            Stored("cookie", "MR", _("7 days"), _("Says whether that number is to be made anew."), "bing.com"),
            Stored("cookie", "SRM_B", _("1 year"), _KNOWN_BY_MICROSOFT, "bing.com"),
        ),
        opt_out="clarity",
    ),
    "meta": Provider(
        name="Meta Pixel",
        company="Meta Platforms Ireland Limited",
        purpose=Purpose.MARKETING,
        privacy_url="https://www.facebook.com/privacy/policy/",
        hosts=("connect.facebook.net script connect", "www.facebook.com connect img frame"),
        identifier=re.compile(r"[0-9]{10,20}\Z"),
        identifier_help="123456789012345",
        code=_meta,
        stored=(
            Stored("cookie", "_fbp", _("90 days"), _("Tells visitors apart.")),
            Stored("cookie", "_fbc", _("90 days"), _("Remembers the advertisement that led here.")),
            Stored("cookie", "fr", _("90 days"), _("Shows and counts advertisements."), "facebook.com"),
        ),
        opt_out="meta",
    ),
    "matomo": Provider(
        name="Matomo",
        company="",
        purpose=Purpose.STATISTICS,
        privacy_url="https://matomo.org/privacy-policy/",
        hosts=("{server} script connect img",),
        identifier=re.compile(r"[0-9]{1,9}\Z"),
        identifier_help="1",
        code=_matomo,
        stored=(
            Stored("cookie", "_pk_id*", _("13 months"), _("Tells visitors apart.")),
            Stored("cookie", "_pk_ses*", _("30 minutes"), _("Joins the pages of a visit.")),
            Stored("cookie", "_pk_ref*", _("6 months"), _("Remembers what led here.")),
            Stored("cookie", "mtm_consent*", _("30 years"), _("Remembers that measuring was allowed.")),
        ),
        opt_out="matomo",
        takes_server=True,
    ),
    "plausible": Provider(
        name="Plausible",
        company="Plausible Insights OÜ",
        purpose=Purpose.STATISTICS,
        privacy_url="https://plausible.io/privacy",
        hosts=("{server} script connect",),
        identifier=re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\Z"),
        identifier_help="books.example",
        code=_plausible,
        takes_server=True,
        server="plausible.io",
    ),
    "youtube": Provider(
        name="YouTube",
        company="Google Ireland Limited",
        purpose=Purpose.EMBEDDED,
        privacy_url="https://policies.google.com/privacy",
        hosts=("www.youtube-nocookie.com frame",),
        identifier=_NOTHING,
        identifier_help="",
        code=_frame,
        stored=(
            Stored("cookie", "VISITOR_INFO1_LIVE", _("6 months"), _("Tells visitors apart."), "youtube.com"),
            Stored("cookie", "VISITOR_PRIVACY_METADATA", _("6 months"), _("Remembers your choices."), "youtube.com"),
            Stored("cookie", "__Secure-ROLLOUT_TOKEN", _("6 months"), _("Tries new functions."), "youtube.com"),
            Stored("cookie", "YSC", _("the visit"), _("Counts which videos were seen."), "youtube.com"),
            Stored("local", "yt*", _UNTIL_EMPTIED, _("Settings of the player."), "youtube-nocookie.com"),
            Stored("session", "yt*", _("the visit"), _("Settings of the player."), "youtube-nocookie.com"),
            Stored("database", "LogsDatabaseV2*", _UNTIL_EMPTIED, _("Waits to be sent."), "youtube-nocookie.com"),
        ),
        position=Position.IN_PLACE,
    ),
    "vimeo": Provider(
        name="Vimeo",
        company="Vimeo.com, Inc.",
        purpose=Purpose.EMBEDDED,
        privacy_url="https://vimeo.com/privacy",
        hosts=("player.vimeo.com frame",),
        identifier=_NOTHING,
        identifier_help="",
        code=_frame,
        stored=(
            Stored("cookie", "vuid", _("2 years"), _("Tells visitors apart."), "vimeo.com"),
            Stored("cookie", "player", _("1 year"), _("Settings of the player."), "vimeo.com"),
            Stored("cookie", "__cf_bm", _("30 minutes"), _("Tells people from machines."), "vimeo.com"),
            Stored("cookie", "_cfuvid", _("the visit"), _("Limits how often one visitor asks."), "vimeo.com"),
        ),
        position=Position.IN_PLACE,
    ),
    "google-maps": Provider(
        name="Google Maps",
        company="Google Ireland Limited",
        purpose=Purpose.EMBEDDED,
        privacy_url="https://policies.google.com/privacy",
        hosts=("www.google.com frame",),
        identifier=_NOTHING,
        identifier_help="",
        code=_frame,
        stored=(
            Stored("cookie", "NID", _("6 months"), _("Tells visitors apart, and remembers settings."), "google.com"),
            Stored("cookie", "AEC", _("6 months"), _("Tells people from machines."), "google.com"),
            Stored("cookie", "__Secure-ENID", _("13 months"), _("Remembers settings."), "google.com"),
        ),
        position=Position.IN_PLACE,
    ),
    "openstreetmap": Provider(
        name="OpenStreetMap",
        company="OpenStreetMap Foundation",
        purpose=Purpose.EMBEDDED,
        privacy_url="https://osmfoundation.org/wiki/Privacy_Policy",
        hosts=("www.openstreetmap.org frame",),
        identifier=_NOTHING,
        identifier_help="",
        code=_frame,
        stored=(
            Stored("cookie", "_osm_session", _("the visit"), _("Keeps the state of the visit."), "openstreetmap.org"),
            Stored("cookie", "_osm_totp_token", _("1 hour"), _("Lets the map load its pictures."), "openstreetmap.org"),
        ),
        position=Position.IN_PLACE,
    ),
}

KINDS = [(CUSTOM, _("Other: HTML code")), *((kind, provider.name) for kind, provider in PROVIDERS.items())]
