"""The power goes at every point between the button and the thank-you mail. After a restart the books balance."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from catalog.models import StockRecord
from catalog.tests.factories import book
from commerce import pricing
from commerce.bookkeeping import CHECKS
from commerce.models import Invoice, Order, Payment, ProviderEvent, SandboxPayment, StockHold, Voucher, VoucherCode
from commerce.models.promotions import Redemption
from commerce.services import holds
from commerce.tests.factories import filled_basket
from commerce.tests.test_vouchers import a_voucher, with_code
from core.mail.models import OutgoingMail

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

MAIL = ("before-mail", "after-mail")
POINTS = (
    "before-hold", "after-hold", "after-order-rows", "after-voucher", "after-invoice", "before-commit", "after-commit",
    "before-provider-call", "after-provider-call", "before-settle", *MAIL,
)  # fmt: skip


DONE: dict[str, dict[str, int]] = {
    "before-hold": {"held": 1},
    "after-hold": {"held": 1, "promised": 1},
    "after-order-rows": {"promised": 1, "orders": 1},
    "after-voucher": {"promised": 1, "orders": 1, "vouchers": 1},
    "after-invoice": {"promised": 1, "orders": 1, "vouchers": 1, "invoices": 1},
    "before-commit": {"promised": 1, "orders": 1, "vouchers": 1, "mails": 1},
}
"""What had been done where the power went, in the transaction that places the order: else the point is hollow."""


def database_url() -> str:
    """The database of this test, for another process."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    return f"postgres://{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


@dataclass
class Shop:
    """A started shop that goes the whole way in a new process each time."""

    process: subprocess.Popen[str]
    var: Path

    def run(self, basket_id: int, seen: str, crash_at: str = "", method: str = "sandbox") -> int:
        """How the process ended."""
        job = {"basket_id": basket_id, "seen": seen, "method": method, "crash_at": crash_at}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.strip() or int(answer) > 0:
            raise AssertionError((self.var / "errors.txt").read_text()[-2000:])
        return int(answer)


@pytest.fixture(scope="module")
def started(tmp_path_factory, django_db_setup) -> Iterator[Shop]:
    """The shop of this module, on the database of the tests."""
    var = tmp_path_factory.mktemp("var")
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "booktime.settings.production",
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": database_url(),
        "REDIS_URL": "",
        "VAR_DIR": str(var),
        "SITE_URL": "http://127.0.0.1:8000",
        "PAYMENT_SANDBOX": "true",
    }
    command = [sys.executable, "-m", "commerce.tests.crash_child"]
    with (
        (var / "errors.txt").open("w") as errors,
        subprocess.Popen(  # noqa: S603  # our own code
            command,
            env=environment,
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        yield Shop(process, var)
        process.stdin.close()


@pytest.fixture
def other(started: Shop) -> Shop:
    """That shop, which has sent no mail yet."""
    shutil.rmtree(started.var / "mail", ignore_errors=True)
    return started


def mails(var: Path) -> Counter[str]:
    """Which mails were sent, and how often: by what begins their subject."""
    written = [path.read_text() for path in (var / "mail").glob("*")]
    subjects = re.findall(r"^Subject: (\w+ \w+)", "\n".join(written), re.MULTILINE)
    return Counter([*subjects, *(" ".join(message.subject.split()[:2]) for message in mail.outbox)])


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_process_loses_no_order_and_doubles_nothing(books_page, settings, other, point):
    settings.PAYMENT_SANDBOX = True
    # Who pays later has the invoice at once, and may change their mind; who pays online has it when the money is there.
    method = "invoice" if point == "after-invoice" else "sandbox"
    edition = book("Emma").editions.get()
    a_voucher("SUMMER")
    basket = with_code(filled_basket({edition: 1}))
    holds.hold(basket.pk)
    seen = pricing.price_basket(basket).fingerprint

    assert other.run(basket.pk, seen, point, method) == -signal.SIGKILL
    if point in DONE:
        done = json.loads((other.var / "done.json").read_text())
        assert {what: count for what, count in done.items() if count} == DONE[point]
        assert not Order.objects.exists()
        assert not OutgoingMail.objects.exists()
    count = Order.objects.count()
    assert all(order.lines.exists() for order in Order.objects.all())
    assert all(Invoice.objects.filter(order=order) for order in Order.objects.filter(payment_status="paid"))
    assert StockRecord.objects.get(edition=edition).allocated == Redemption.objects.count() == count
    assert StockHold.objects.count() == 1 - count
    then = timezone.now() - dt.timedelta(minutes=10)
    # The power was off for longer than a call to a provider or a mail server takes.
    Payment.objects.update(asked_at=then)
    OutgoingMail.objects.exclude(claimed_until=None).update(claimed_until=then)

    assert other.run(basket.pk, seen, method=method) == 0
    ProviderEvent.objects.update(received_at=then)
    Payment.objects.update(created_at=then, asked_at=then)
    call_command("reconcile_payments", verbosity=0)
    OutgoingMail.objects.filter(sent_at=None).update(next_try_at=then)
    call_command("sweep_mail", verbosity=0)

    order = Order.objects.get()
    assert (order.status, order.payment_status, order.lines.count()) == ("placed", "paid", 1)
    assert StockRecord.objects.get(edition=edition).allocated == 1
    assert not StockHold.objects.exists()
    assert (Redemption.objects.get().order, Voucher.objects.get().used, VoucherCode.objects.get().used) == (order, 1, 1)
    provider = SandboxPayment.objects.get()
    assert (provider.charges, provider.refunds, Payment.objects.count()) == (1, {}, 1)
    assert Invoice.objects.get().sequence == 1
    assert order.events.filter(kind="paid").count() == 1
    assert not ProviderEvent.objects.filter(handled_at=None).exists()
    assert [found for check in CHECKS for found in check()] == []
    sent = mails(other.var)
    assert set(sent) == {"Your order", "We have"}
    assert set(sent.values()) <= ({1, 2} if point == "after-mail" else {1}), sent


def test_without_a_crash_everything_is_there_at_once(books_page, settings, other):
    settings.PAYMENT_SANDBOX = True
    basket = filled_basket({book("Emma").editions.get(): 1})

    assert other.run(basket.pk, pricing.price_basket(basket).fingerprint) == 0

    assert Order.objects.get().payment_status == "paid"
    assert mails(other.var) == {"Your order": 1, "We have": 1}
