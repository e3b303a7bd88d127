"""The visitor's choice, kept in one cookie of the shop."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, unquote

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from wagtail.models import Site

from home.consent.gates import OWN_STATISTICS
from home.consent.purposes import REFUSED_BY_GPC, Purpose
from home.consent.question import Question, present_question

COOKIE = "consent"
FORMAT = 1
KEPT_SECONDS = 60 * 60 * 24 * 183
"""Six months."""
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Choice:
    """What a visitor allowed, and what was asked at the time."""

    version: int
    allowed: frozenset[str]
    known: frozenset[str]
    number: uuid.UUID | None = None
    """Of the proof."""


def read_choice(value: str, question: Question) -> Choice | None:
    """The choice in a cookie's value; None for rubbish, or an answer to another version of the question."""
    try:
        told = json.loads(unquote(value)) if len(value) <= LONGEST else None
    except ValueError:
        return None
    if not isinstance(told, dict) or told.get("f") != FORMAT or told.get("v") != question.version:
        return None
    allowed, known = _keys(told.get("p")), _keys(told.get("k"))
    if allowed is None or known is None:
        return None
    return Choice(question.version, allowed & known, known)


def keep_choice(request: HttpRequest, response: HttpResponse, choice: Choice) -> None:
    """Put the choice into the visitor's browser for six months.

    Scripts write refusals only: some browsers forget those after a week, and what is allowed needs its proof first.
    """
    told = {
        "f": FORMAT,
        "v": choice.version,
        "at": int(timezone.now().timestamp()),
        "p": sorted(choice.allowed),
        "k": sorted(choice.known),
        "id": str(choice.number),
    }
    response.set_cookie(
        COOKIE,
        quote(json.dumps(told, separators=(",", ":"))),
        max_age=KEPT_SECONDS,
        samesite="Lax",
        secure=request.is_secure(),
    )


def granted_categories(request: HttpRequest) -> frozenset[str]:
    """What our own code may do for this visitor, such as "statistics". Only for answers that are not cached.

    Who allowed another company's statistics and refused the shop's own has not agreed to be measured by the shop.
    """
    question = present_question(Site.find_for_request(request))
    choice = read_choice(request.COOKIES.get(COOKIE, ""), question) if question else None
    if question is None or choice is None:
        return frozenset()
    allowed = allowed_now(request, choice.allowed, question)
    granted = frozenset(question.keys[key] for key in allowed)
    return granted - {Purpose.STATISTICS} if OWN_STATISTICS in question.keys.keys() - allowed else granted


def allowed_now(request: HttpRequest, keys: Collection[str], question: Question) -> frozenset[str]:
    """Those of the keys that are asked for today and that Global Privacy Control does not refuse."""
    refused = REFUSED_BY_GPC if request.META.get("HTTP_SEC_GPC") == "1" else ()
    return frozenset(key for key in keys if key in question.keys and question.keys[key] not in refused)


def _keys(value: object) -> frozenset[str] | None:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return None
    return frozenset(value)
