"""`manage.py measure_guessing`: whether time tells who has an account. `bench` runs it in a database of its own."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError
from django.test import Client
from django.utils.crypto import get_random_string

from accounts.models import User

KNOWN = "known@example.org"
DOORS: dict[str, dict[str, str]] = {
    "/account/login/": {"password": "a wrong one, every time"},
    "/account/password/reset/": {},
    "/account/signup/": {"password1": "lamp-oil and vellum"},
}
"""Where an address is typed by somebody whom the shop does not know yet, and what else is asked there."""


class Command(BaseCommand):
    """Asks every door for an address that has an account and for one that has none, in turns."""

    help = "Measure answers to known and unknown e-mail addresses; prints JSON. For a database that is thrown away."

    def add_arguments(self, parser: Any) -> None:
        """How patient to be."""
        parser.add_argument("--times", type=int, default=50, help="tries of each kind at each door")

    def handle(self, *args: Any, **options: Any) -> None:
        """Mean milliseconds by the clock, known and unknown."""
        if User.objects.exists():
            raise CommandError("This shop has accounts. Measuring opens more; use a database of its own.")
        figures = {f"guessing at {door}": in_turns(door, form, options["times"]) for door, form in DOORS.items()}
        self.stdout.write(json.dumps(figures))


def in_turns(door: str, form: dict[str, str], times: int, cookies: dict[str, str] | None = None) -> str:
    """The same form with an address that has an account and with others, in turns; the first turn only warms up.

    Raises:
        CommandError: an answer is another one.
    """
    if not User.objects.filter(email=KNOWN).exists():
        user = User.objects.create_user(email=KNOWN, password=get_random_string(20))
        user.emailaddress_set.create(email=KNOWN, verified=True, primary=True)
    waited: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    for number in range(times + 1):
        for is_known in waited:
            cache.clear()  # as somebody with many networks, whom no limit stops
            browser = Client(headers={"host": "127.0.0.1"})
            browser.cookies.load(cookies or {})
            email = KNOWN if is_known else f"nobody{number}@example.org"
            began = time.perf_counter()
            answer = browser.post(door, {**form, "email": email, "login": email})
            waited[is_known].append(1000 * (time.perf_counter() - began))
            answers.add((answer.status_code, answer.headers.get("Location")))
    if len(answers) != 1:
        raise CommandError(f"{door} answers known and unknown addresses differently: {answers}")
    known, unknown = (statistics.mean(each[1:]) for each in waited.values())
    return f"{known:.1f} {unknown:.1f} ms"
