"""Which integrations a page carries, and as what: code that nothing runs before the visitor's choice.

The code stands in a `template` as escaped text. It cannot end the template, and no parser takes it for markup
before the script `consent.js` does.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from wagtail.models import Site

from core.content_policy import allow
from core.middleware import OWN_POLICY, PERSONAL
from home.consent.embeds import Embed, embed_of
from home.consent.gates import Gate, Wording, gates_and_wording, wording_of
from home.consent.purposes import Position
from home.consent.question import Question, question_of
from home.models.consent import ConsentSettings

NEVER = (*PERSONAL, *OWN_POLICY)
"""Where money and people are: no code of another company, whatever the visitor allowed."""


def is_open(request: HttpRequest) -> bool:
    """True where a page may carry code of others."""
    return not request.path_info.lower().startswith(NEVER)


def page_gates(request: HttpRequest) -> list[Gate]:
    """The integrations that this page carries at its ends, in their order; its content policy lets them in."""
    if not is_open(request) or getattr(request, "is_preview", False):
        return []
    gates = [gate for gate in _on(request)[0] if gate.position != Position.IN_PLACE]
    _let_in(request, gates)
    return gates


def page_question(request: HttpRequest) -> Question | None:
    """What the banner asks on this page; None where it asks nothing. A preview shows it with unsaved words."""
    gates, wording = _on(request)
    if getattr(request, "is_preview", False):
        settings = getattr(request, ConsentSettings.get_cache_attr_name(), None)
        return question_of(gates, wording_of(settings, Site.find_for_request(request))) if settings else None
    return question_of(gates, wording) if is_open(request) else None


def placed_gate(request: HttpRequest, pk: int) -> Gate | None:
    """An integration that an editor placed in the text, if it is on and may be here."""
    gates = _on(request)[0] if is_open(request) else ()
    return _hold_place(request, [gate for gate in gates if gate.pk == pk and gate.position == Position.IN_PLACE])


def embedded(request: HttpRequest, url: str) -> tuple[Embed | None, Gate | None]:
    """A video or map, and the integration that lets it in: without one it is only a link."""
    embed = embed_of(url)
    gates = _on(request)[0] if embed and is_open(request) else ()
    return embed, _hold_place(request, [gate for gate in gates if embed and gate.kind == embed.kind])


def has_placeholder(request: HttpRequest) -> bool:
    """True where something of another company waits in the text of this page, rendered so far; not in a preview."""
    return "_consent_placeholder" in request.__dict__ and not getattr(request, "is_preview", False)


def _on(request: HttpRequest) -> tuple[tuple[Gate, ...], Wording]:
    """Read once a request, however many tags ask."""
    found = request.__dict__.get("_consent_gates")
    if found is None:
        found = request.__dict__["_consent_gates"] = gates_and_wording(Site.find_for_request(request))
    return found


def _hold_place(request: HttpRequest, found: list[Gate]) -> Gate | None:
    if not found:
        return None
    request.__dict__["_consent_placeholder"] = True
    _let_in(request, found)
    return found[0]


def _let_in(request: HttpRequest, gates: Iterable[Gate]) -> None:
    for gate in gates:
        allow(request, gate.sources)
