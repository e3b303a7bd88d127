"""The settings page, and the door through which choices come in."""

from __future__ import annotations

import json
from collections.abc import Collection

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from wagtail.models import Site

from core.languages import speaking
from core.throttle import is_too_often, sender_of
from home.consent.choice import allowed_now, keep_choice
from home.consent.gates import gates_and_wording, left_behind
from home.consent.own import own_storage
from home.consent.proof import record_choice
from home.consent.purposes import Purpose
from home.consent.question import Question, present_question, question_of, words_for
from home.models.consent import ConsentRecord

CHOICES_AN_HOUR = 60
LONGEST = 8000


@require_safe
def cookies(request: HttpRequest) -> HttpResponse:
    """What is kept in browsers and who is talked to, with the settings where there is something to choose."""
    gates, wording = gates_and_wording(Site.find_for_request(request))
    question = question_of(gates, wording)
    asked = {one.category for one in question.purposes} if question else set()
    tables = []
    for purpose in Purpose:
        is_used = purpose == Purpose.NECESSARY or purpose in asked
        ours = [one for one in own_storage if one.purpose == purpose] if is_used else []
        theirs = [gate for gate in gates if gate.category == purpose]
        if ours or theirs:
            title, description = words_for(purpose, wording)
            tables.append({"title": title, "description": description, "ours": ours, "gates": theirs})
    context = {"question": question, "tables": tables, "left_behind": left_behind()}
    return render(request, "home/consent/cookies.html", context)


@never_cache
@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """Keep a choice: proof here, cookie there. 409 where the question has changed since the page was made."""
    if is_too_often("consent", sender_of(request), limit=CHOICES_AN_HOUR, seconds=60 * 60):
        return HttpResponse(status=429)
    told = _told(request)
    if told is None or told.get("language") not in [code for code, _name in settings.LANGUAGES]:
        return HttpResponse(status=400)
    with speaking(told["language"]):
        question = present_question(Site.find_for_request(request))
        if question is None or told.get("text") != question.digest:
            return HttpResponse(status=409)
        return _keep(request, told, question)


def _keep(request: HttpRequest, told: dict, question: Question) -> HttpResponse:
    known, allowed = _keys(told.get("known"), question.keys), _keys(told.get("allowed"), question.keys)
    act, path = told.get("act"), told.get("path")
    if (
        known is None
        or allowed is None
        or not known >= allowed
        or act not in ConsentRecord.Act.values
        or not isinstance(path, str)
        or not path.startswith("/")
        or not path.isprintable()
    ):
        return HttpResponse(status=400)
    choice = record_choice(
        question,
        act=ConsentRecord.Act(act),
        allowed=allowed_now(request, allowed, question),
        known=known,
        gpc=request.META.get("HTTP_SEC_GPC") == "1",
        path=path.partition("?")[0][:500],
    )
    response = HttpResponse(status=204)
    keep_choice(request, response, choice)
    return response


def _told(request: HttpRequest) -> dict | None:
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST:
            return None
        told = json.loads(request.body)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _keys(value: object, asked: Collection[str]) -> frozenset[str] | None:
    if not isinstance(value, list) or not all(isinstance(one, str) and one in asked for one in value):
        return None
    return frozenset(value)
