"""Integrations as pages need them, read once and remembered until staff change something."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.core.cache import caches
from django.db.models.signals import post_delete, post_save
from django.utils import timezone
from django.utils.translation import get_language
from wagtail.models import Site
from wagtail.signals import page_slug_changed, page_unpublished, post_page_move

from core import generations, page_cache
from home.consent.code import sources_of, without_style_attributes
from home.consent.hosts import Sources, sources
from home.consent.providers import Stored
from home.consent.purposes import Purpose
from home.models.consent import ConsentPurpose, ConsentSettings, IntegrationStorage, ThirdPartyIntegration

GENERATION = "home.consent.generation"
SECONDS = 60 * 60
OWN_STATISTICS = "own-statistics"
"""Key of the shop's own measurement, which has no code of another company."""

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Gate:
    """An integration behind the visitor's choice."""

    pk: int
    key: str
    """Names it in the visitor's choice: another kind, provider or purpose is another key, so it asks again."""
    kind: str
    name: str
    category: str
    position: str
    provider: str
    purpose: str
    privacy_url: str
    code: str
    identifier: str
    opt_out: str
    is_google: bool
    stored: tuple[Stored, ...]
    sources: Sources
    is_active: bool
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None

    @property
    def is_on(self) -> bool:
        """Switched on, its time come and not gone."""
        now = timezone.now()
        has_begun = self.starts_at is None or self.starts_at <= now
        return self.is_active and has_begun and (self.ends_at is None or self.ends_at > now)

    @property
    def needs_consent(self) -> bool:
        """False for what the shop cannot do without."""
        return self.category != Purpose.NECESSARY

    @property
    def hosts(self) -> list[str]:
        """The hosts that it talks to, without repetition."""
        values = set().union(*self.sources.values()) if self.sources else set()
        return sorted(value.removeprefix("https://") for value in values if value.startswith("https://"))

    @property
    def storage(self) -> str:
        """What is removed when consent is withdrawn, for the script: kind and name of each."""
        return json.dumps([[one.kind, one.name] for one in self.stored if not one.host])


@dataclass(frozen=True, slots=True)
class Wording:
    """The settings of a site. Empty where the shop's own words serve."""

    title: str = ""
    text: str = ""
    privacy_url: str = ""
    legal_url: str = ""
    version: int = 1
    own_statistics: bool = False
    purposes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Title and description of each."""


def gates_and_wording(site: Site | None) -> tuple[tuple[Gate, ...], Wording]:
    """The integrations that are on at this moment, in their order, and the words of the site."""
    on = tuple(gate for gate in _remembered("every", _read_gates) if gate.is_on)
    return on, _remembered(str(site.pk if site else 0), lambda: _read_wording(site))


def left_behind() -> str:
    """What integrations that are off or over may have left in browsers, for the script: kind and name of each.

    What one that is on may keep is not among it.
    """
    gates = _remembered("every", _read_gates)
    keeps = [(one.kind, one.name.rstrip("*")) for gate in gates if gate.is_on for one in gate.stored]
    gone = {
        (one.kind, one.name)
        for gate in gates
        if not gate.is_on
        for one in gate.stored
        if not one.host and not any(_meet(one.kind, one.name.rstrip("*"), *kept) for kept in keeps)
    }
    return json.dumps(sorted(map(list, gone))) if gone else ""


def _meet(kind: str, name: str, other_kind: str, other: str) -> bool:
    """Whether something in the browser may have both names, of which patterns are the beginnings."""
    return kind == other_kind and (name.startswith(other) or other.startswith(name))


def next_change() -> dt.datetime | None:
    """When an integration begins or ends next: no page is kept beyond it. No query while they are remembered."""
    now = timezone.now()
    gates = (gate for gate in _remembered("every", _read_gates) if gate.is_active)
    moments = (moment for gate in gates for moment in (gate.starts_at, gate.ends_at))
    return min((moment for moment in moments if moment and moment > now), default=None)


def _remembered(name: str, read: Callable[[], Thing]) -> Thing:
    cache = caches["pages"]
    key = f"home.consent.{generations.generation(GENERATION)}.{get_language()}.{name}"
    thing: Thing | None = cache.get(key)
    if thing is None:
        thing = read()
        cache.set(key, thing, SECONDS)
    return thing


def wording_of(settings: ConsentSettings, site: Site | None) -> Wording:
    """The words of these settings, saved or only previewed."""
    pages = (settings.privacy_page, settings.legal_page)
    privacy, legal = ((page.get_url(current_site=site) or "") if page and page.live else "" for page in pages)
    return Wording(
        title=settings.title,
        text=settings.text,
        privacy_url=privacy,
        legal_url=legal,
        version=settings.version,
        own_statistics=settings.own_statistics,
        purposes={row.category: (row.title, row.description) for row in settings.purposes.all()},
    )


def _read_wording(site: Site | None) -> Wording:
    rows = ConsentSettings.objects.filter(site=site).select_related("privacy_page", "legal_page")
    settings = rows.first() if site else None
    return wording_of(settings, site) if settings else Wording()


def _read_gates() -> tuple[Gate, ...]:
    rows = ThirdPartyIntegration.objects.prefetch_related("stored")
    return tuple(_gate(row) for row in rows)


def _gate(row: ThirdPartyIntegration) -> Gate:
    kind = row.ready_made
    server = row.server or (kind.server if kind else "")
    code = kind.code(row.identifier, server) if kind else row.code
    known = "\n".join(kind.hosts).replace("{server}", server) if kind else ""
    declared = [Stored(one.kind, one.name, one.lifetime, one.about) for one in row.stored.all()]
    identity = json.dumps([row.kind, row.provider, row.category])
    return Gate(
        pk=row.pk,
        key=f"{row.pk}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}",
        kind=row.kind,
        name=row.name,
        category=row.category,
        position=row.place,
        provider=row.provider,
        purpose=row.purpose,
        privacy_url=row.privacy_url,
        code=without_style_attributes(code),
        identifier=row.identifier,
        opt_out=kind.opt_out if kind else "",
        is_google=kind.is_google if kind else "googletagmanager.com" in code,
        stored=(*(kind.stored if kind else ()), *declared),
        sources=_joined((sources(known), sources(row.hosts), sources_of(code))),
        is_active=row.is_active,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


def _joined(several: Sequence[Sources]) -> Sources:
    joined: Sources = {}
    for one in several:
        for directive, values in one.items():
            joined.setdefault(directive, set()).update(values)
    return joined


def forget(**_kwargs: object) -> None:
    """Read integrations and words anew from the next request on; stored pages are rendered anew."""
    generations.begin(GENERATION)
    page_cache.purge(page_cache.SITE)


def connect() -> None:
    """Called once, when the app is ready."""
    for sender in (ThirdPartyIntegration, IntegrationStorage, ConsentSettings, ConsentPurpose, Site):
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=sender, dispatch_uid=f"home.consent.{sender.__name__}")
    for signal in (page_slug_changed, page_unpublished, post_page_move):
        signal.connect(forget, dispatch_uid="home.consent.page")
    page_cache.horizons[page_cache.SITE].append(next_change)
