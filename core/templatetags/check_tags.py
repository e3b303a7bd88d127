"""Marks of a preview that Wagtail's content checker finds."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from wagtail.models import Page

from core.checks import problems_of
from core.content_checker import MARK

register = template.Library()


@register.simple_tag(takes_context=True)
def publish_checks(context: Context) -> SafeString:
    """A hidden mark for each problem of the page; nothing outside a preview."""
    page = context.get("page")
    if not getattr(context.get("request"), "is_preview", False) or not isinstance(page, Page):
        return SafeString("")
    marks = format_html_join(
        "", '<div {}="{}">{}</div>', ((MARK, problem.code, problem.message) for problem in problems_of(page))
    )
    return format_html("<div hidden>{}</div>", marks) if marks else SafeString("")
