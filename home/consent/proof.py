"""Proof of a choice: what was asked and answered, when and where, and nothing about who."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from home.consent.choice import Choice
from home.consent.question import Question
from home.models.consent import ConsentRecord, ConsentText

KEPT_DAYS = 183
"""As long as the choice itself."""


@transaction.atomic
def record_choice(
    question: Question,
    *,
    act: ConsentRecord.Act,
    allowed: Collection[str],
    known: Collection[str],
    gpc: bool,
    path: str,
) -> Choice:
    """Keep an answer to this question, under a number that only the visitor's cookie knows too."""
    text, _is_new = ConsentText.objects.get_or_create(
        digest=question.digest,
        defaults={"language": question.language, "version": question.version, "content": question.content},
    )
    record = ConsentRecord.objects.create(
        text=text,
        language=question.language,
        act=act,
        categories=sorted({question.keys[key] for key in allowed}),
        providers=sorted(allowed),
        gpc=gpc,
        path=path,
    )
    return Choice(question.version, frozenset(allowed), frozenset(known), record.pk)


def purge() -> int:
    """Delete proofs of choices that have run out, and texts that no proof refers to; how many proofs."""
    before = timezone.now() - dt.timedelta(days=KEPT_DAYS)
    _total, deleted = ConsentRecord.objects.filter(at__lt=before).delete()
    ConsentText.objects.filter(records=None, created_at__lt=before).delete()
    return deleted.get(ConsentRecord._meta.label, 0)
