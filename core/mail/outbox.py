"""The box of outgoing mail: `post` writes a row in the caller's transaction, a worker sends it, a sweep forgets none.

A mail is refused by a server (counted, tried again after 1, 2, 4 and 8 minutes, then parked), or there is no server
that answers (not counted: one mail a minute asks, the others wait). ADR 0016.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
import time
import uuid
from contextlib import suppress
from email.utils import make_msgid
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Case, F, When
from django.utils import timezone
from django_tasks import task

from core import crash
from core.languages import speaking
from core.mail.kinds import Kept, Kind, kinds
from core.mail.models import OutgoingMail, text_of
from core.mail.rendering import example, render
from core.tasks import BEFORE_UPKEEP, enqueue

logger = logging.getLogger(__name__)

MOST_TRIES = 5
PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 2, 4, 8))
LEASE = dt.timedelta(minutes=3)
"""How long a worker has for one mail: longer than its server may take for every answer together."""
UNTOUCHED = dt.timedelta(seconds=30)
"""How long the sweep leaves a mail to the task that was enqueued with it."""
ROUND_SECONDS = 45
"""After so long the sweep lets other tasks through."""
KEPT_DAYS = 30
PARKED_DAYS = 180


class Outcome(Enum):
    """What became of a try."""

    SENT = "sent"
    REFUSED = "refused"
    NO_ANSWER = "no answer"
    NOT_TRIED = "not tried"


class Refusal(Exception):
    """A server does not take this mail. `is_final`: and will not. `is_break`: it hung up, on this mail or on all."""

    def __init__(self, words: str, *, is_final: bool = False, is_break: bool = False) -> None:
        super().__init__(words)
        self.is_final = is_final
        self.is_break = is_break


class NoAnswer(Exception):
    """No mail server took our call; that has nothing to do with the mail."""


def post(kind: str, to: str, *, key: str = "", language: str = "", **about: Any) -> OutgoingMail | None:
    """Have a mail sent, if the data commits: `kind.compose(**about)` says in the worker what it says.

    Of the same `key` one mail is sent, however often it is posted. `language` is that of the person, not of the
    colleague who acts; empty: the shop's own. `about` are keys and plain values. To nobody, as where a customer was
    erased, nothing is sent.

    Raises:
        ValidationError: `to` is no address.
        KeyError: no such kind.
    """
    if not to:
        return None
    validate_email(to)
    with transaction.atomic():
        mail, is_new = OutgoingMail.objects.get_or_create(
            key=key or f"{kind}:{uuid.uuid4()}",
            defaults={
                "kind": kinds[kind].name,
                "to": to,
                "language": language or settings.LANGUAGE_CODE,
                "about": about,
            },
        )
        if is_new:
            enqueue(deliver, mail_id=mail.pk)
    return mail


def post_example(kind: Kind, language: str, to: str) -> OutgoingMail:
    """Have a mail with made-up data sent, with the words that are saved: the test of staff."""
    validate_email(to)
    letter = example(kind, language, text_of(kind, language))
    with transaction.atomic():
        mail = OutgoingMail.objects.create(
            kind=kind.name,
            key=f"test:{uuid.uuid4()}",
            to=to,
            language=language,
            subject=f"[Test] {letter.subject}"[:255],
            text=letter.text,
            html=letter.html,
        )
        enqueue(deliver, mail_id=mail.pk)
    return mail


def send_again(mail_id: int) -> bool:
    """Send a parked mail, or one that was sent, once more. False where it is on its way, or its words are gone."""
    with transaction.atomic():
        mail = OutgoingMail.objects.select_for_update().filter(pk=mail_id).first()
        if mail is None or not mail.can_go_again:
            return False
        mail.sent_at = mail.parked_at = mail.held_at = mail.claimed_until = None
        mail.tries = mail.interruptions = 0
        mail.next_try_at = timezone.now()
        mail.save()
        enqueue(deliver, mail_id=mail.pk)
    return True


@task(priority=BEFORE_UPKEEP)
def deliver(mail_id: int) -> None:
    """Send one mail, unless the server has just not answered: then the sweep does it."""
    if not OutgoingMail.objects.held_lately(timezone.now()):
        attempt(mail_id)


@task(priority=BEFORE_UPKEEP)
def deliver_due() -> None:
    """Send what is due, the oldest first, until the server does not answer; after a while let other tasks through."""
    began = time.monotonic()
    for mail_id in list(OutgoingMail.objects.due(timezone.now()).order_by("next_try_at").values_list("pk", flat=True)):
        if attempt(mail_id) is Outcome.NO_ANSWER:
            return
        if time.monotonic() - began > ROUND_SECONDS:
            enqueue(deliver_due)
            return


def sweep() -> bool:
    """Enqueue what no task looks after: its time has come, its worker died, or its task was lost."""
    now = timezone.now()
    has_work = OutgoingMail.objects.due(now).filter(next_try_at__lte=now - UNTOUCHED).exists()
    if has_work:
        enqueue(deliver_due)
    return has_work


def purge() -> int:
    """Forget what was sent thirty days ago, and what nobody sent again in half a year."""
    now = timezone.now()
    sent, _rows = OutgoingMail.objects.filter(sent_at__lt=now - dt.timedelta(days=KEPT_DAYS)).delete()
    parked, _rows = OutgoingMail.objects.filter(parked_at__lt=now - dt.timedelta(days=PARKED_DAYS)).delete()
    return sent + parked


def attempt(mail_id: int) -> Outcome:
    """Try to send one mail now, unless somebody else does. No transaction is open while a server is talked to."""
    mail = _claim(mail_id)
    if mail is None:
        return Outcome.NOT_TRIED
    if mail.interruptions >= 2:
        _park(mail, "The worker was stopped twice while it sent this mail: it may have arrived.")
        return Outcome.REFUSED
    try:
        if not _compose(mail):
            mail.delete()
            return Outcome.NOT_TRIED
        crash.here("before-mail")
        _send(mail)
        crash.here("after-mail")
    except NoAnswer as silence:
        now = timezone.now()  # behind the others: another one asks next
        _free(mail, str(silence), held_at=now, next_try_at=now)
        logger.warning("Mail %s (%s) waits: no mail server answers", mail.pk, mail.kind)
        return Outcome.NO_ANSWER
    except Refusal as refusal:
        _refused(mail, refusal)
        return Outcome.NO_ANSWER if refusal.is_break else Outcome.REFUSED
    except Exception as error:  # whatever a backend or a template may raise, the other mails go on
        _refused(mail, Refusal(f"{type(error).__name__}: {error}"))
        return Outcome.REFUSED
    _sent(mail)
    return Outcome.SENT


def _claim(mail_id: int) -> OutgoingMail | None:
    """Take a mail for a while, by one conditional update. A claim that ran out is a worker that died."""
    now = timezone.now()
    died = Case(When(claimed_until__isnull=False, then=1), default=0)
    free = OutgoingMail.objects.due(now).filter(pk=mail_id)
    if not free.update(claimed_until=now + LEASE, interruptions=F("interruptions") + died):
        return None
    return OutgoingMail.objects.filter(pk=mail_id).first()


def _compose(mail: OutgoingMail) -> bool:
    """Put a mail into words at its first try, and keep them: a later try says the same. False: nothing to say."""
    if mail.text:
        return True
    kind = kinds[mail.kind]
    with speaking(mail.language):
        contents = kind.compose(**mail.about)
        if contents is None:
            return False
        letter = render(kind, contents, text_of(kind, mail.language))
    mail.subject, mail.text, mail.html = letter.subject, letter.text, letter.html
    mail.reply_to, mail.about = contents.reply_to, {}
    mail.headers = {"Message-ID": make_msgid(domain=urlsplit(settings.SITE_URL).hostname)}
    if contents.unsubscribe_url:
        mail.headers["List-Unsubscribe"] = f"<{contents.unsubscribe_url}>"
        mail.headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.save(update_fields=["subject", "text", "html", "reply_to", "about", "headers"])
    return True


def _send(mail: OutgoingMail) -> None:
    """Hand a mail to the configured backend, which may be any of Django's or of others.

    Raises:
        NoAnswer: nobody is there to take it.
        Refusal: somebody is, and does not take it.
    """
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[mail.to],
        reply_to=[mail.reply_to or settings.CUSTOMER_SERVICE_EMAIL],
        headers={"Auto-Submitted": "auto-generated", **mail.headers},
    )
    message.attach_alternative(mail.html, "text/html")
    connection = get_connection()
    try:
        connection.open()
    except OSError as error:  # refused, timed out, no such host, wrong password: not about this mail
        raise NoAnswer(_words(error)) from error
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        raise _answer(*next(iter(error.recipients.values()))) from error
    except smtplib.SMTPSenderRefused as error:  # our own affair, which may be mended
        raise _answer(error.smtp_code, error.smtp_error, may_be_final=False) from error
    except smtplib.SMTPResponseException as error:
        raise _answer(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPException as error:
        raise Refusal(_words(error), is_break=isinstance(error, smtplib.SMTPServerDisconnected)) from error
    except OSError as error:  # of a backend that speaks HTTP, too; with a response, somebody answered
        raise (NoAnswer if getattr(error, "response", None) is None else Refusal)(_words(error)) from error
    finally:
        with suppress(OSError):  # the mail was taken, or not; how the call ends changes nothing
            connection.close()


def _answer(code: int, said: object, *, may_be_final: bool = True) -> NoAnswer | Refusal:
    """What a server that said so means: 421, that it is closing; 5xx, that it never will."""
    words = _words(said, code)
    return NoAnswer(words) if code == 421 else Refusal(words, is_final=may_be_final and code >= 500)


def _words(said: object, code: int | None = None) -> str:
    """What went wrong, in one line."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    begin = str(code) if code else type(said).__name__ if isinstance(said, Exception) else ""
    return " ".join(f"{begin} {text}".split())[:500]


def _refused(mail: OutgoingMail, refusal: Refusal) -> None:
    mail.tries += 1
    now = timezone.now()
    # A server that hangs up on everybody is away: the mail is not to blame before another one went through.
    is_to_blame = not refusal.is_break or OutgoingMail.objects.filter(sent_at__gte=mail.created_at).exists()
    if refusal.is_final or (mail.tries >= MOST_TRIES and is_to_blame):
        _park(mail, str(refusal))
        return
    pause = PAUSES[min(mail.tries, len(PAUSES)) - 1]
    held_at = now if refusal.is_break else None
    _free(mail, str(refusal), tries=mail.tries, held_at=held_at, next_try_at=now + pause)
    logger.warning("Mail %s (%s) was refused: try %s of %s", mail.pk, mail.kind, mail.tries, MOST_TRIES)


def _park(mail: OutgoingMail, words: str) -> None:
    _free(mail, words, tries=mail.tries, held_at=None, parked_at=timezone.now())
    logger.error("Mail %s (%s) is parked", mail.pk, mail.kind)


def _free(mail: OutgoingMail, words: str, **changes: Any) -> None:
    """Let a claimed mail go, and note what happened. The error is not logged: it may hold an address."""
    OutgoingMail.objects.filter(pk=mail.pk).update(claimed_until=None, last_error=words[:500], **changes)


def _sent(mail: OutgoingMail) -> None:
    kept = mail.declared.kept if mail.declared else Kept.ENVELOPE
    row = OutgoingMail.objects.filter(pk=mail.pk)
    if kept is Kept.NOTHING:
        row.delete()
        return
    words = {} if kept is Kept.ALL else {"text": "", "html": "", "headers": {}}
    row.update(claimed_until=None, held_at=None, last_error="", sent_at=timezone.now(), **words)
