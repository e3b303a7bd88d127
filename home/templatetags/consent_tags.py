"""Where templates meet consent: the banner, integrations, and placeholders."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import escape

from home.consent.gates import left_behind
from home.consent.rendering import embedded, has_placeholder, page_gates, page_question, placed_gate

register = template.Library()
Context = dict[str, Any]


@register.inclusion_tag("home/consent/_banner.html", takes_context=True)
def consent_banner(context: Context) -> Context:
    """The question, hidden until the script finds it unanswered; nothing where there is nothing to ask."""
    request = context.get("request")
    is_preview = bool(getattr(request, "is_preview", False))
    question = page_question(request) if request else None
    return {"question": question, "is_preview": is_preview, "left_behind": left_behind() if question else ""}


@register.inclusion_tag("home/consent/_integrations.html", takes_context=True)
def integrations(context: Context) -> Context:
    """The integrations of the page, inert, and the script that knows when to wake them."""
    request = context.get("request")
    if request is None:
        return {}
    gates = page_gates(request)
    return {"gates": gates, "is_needed": bool(gates or page_question(request) or has_placeholder(request))}


@register.inclusion_tag("home/consent/_placeholder.html", takes_context=True)
def consent_embed(context: Context, url: str, title: str) -> Context:
    """A video or map behind a placeholder; a link where its provider is not let in."""
    request = context.get("request")
    embed, gate = embedded(request, url) if request else (None, None)
    frame = f'<iframe class="gated__frame" src="{escape(embed.frame)}" title="{escape(title)}"' if embed else ""
    return {
        "gate": gate,
        "title": title,
        "link": url,
        "code": f'{frame} allow="fullscreen; picture-in-picture" allowfullscreen></iframe>',
    }


@register.inclusion_tag("home/consent/_placeholder.html", takes_context=True)
def placed_integration(context: Context, integration: Any) -> Context:
    """An integration in its place, behind a placeholder; nothing where it is off."""
    request = context.get("request")
    gate = placed_gate(request, integration.pk) if request and integration else None
    return {"gate": gate, "title": gate.name if gate else "", "link": "", "code": gate.code if gate else ""}
