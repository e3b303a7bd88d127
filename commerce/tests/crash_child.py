"""A shopper, a provider and the worker in one process, which may be killed on its way. Started by `test_crashes`.

Run again, everybody does what they do after a power cut: the shopper presses the button once more, the provider
notifies once more, the worker takes what is there. To start the shop takes seconds, so one process starts it and forks
for each line of JSON that it reads: the process that dies has a memory of its own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback

import django

SECONDS = 120


def note_down(point: str) -> None:
    """Write down what the process has done by now, committed or not, and die there if that is asked for."""
    from django.conf import settings

    if point != settings.CRASH_AT:
        return
    from catalog.models import StockRecord
    from commerce.models import Invoice, Order, StockHold
    from commerce.models.promotions import Redemption
    from core.mail.models import OutgoingMail

    done = {
        "promised": sum(StockRecord.objects.values_list("allocated", flat=True)),
        "held": StockHold.objects.count(),
        "orders": Order.objects.count(),
        "vouchers": Redemption.objects.count(),
        "invoices": Invoice.objects.count(),
        "mails": OutgoingMail.objects.count(),
    }
    (settings.VAR_DIR / "done.json").write_text(json.dumps(done))


def main(basket_id: int, seen: str, method: str, crash_at: str) -> None:
    """From the button to the thank-you mail."""
    from django.conf import settings

    from core import crash

    settings.CRASH_AT = crash_at
    die = crash.here
    crash.here = lambda point: (note_down(point), die(point))[1]
    from django.core.management import call_command

    from commerce.gateways import sandbox
    from commerce.gateways.protocol import Outcome
    from commerce.services import checkout, notifications, payments

    order = checkout.place_order(basket_id, seen=seen, method=method)
    if payments.due(order):
        reference = payments.begin(order.pk, "sandbox").reference
        told = sandbox.finish(reference, Outcome.SUCCEEDED)
        for headers, body in told or [sandbox.notification(reference, Outcome.SUCCEEDED)]:
            notifications.take("sandbox", headers, body)
    call_command("db_worker", "--batch", "--no-startup-delay", "--queue-name", "default", verbosity=0)


def serve() -> None:
    """A process for each line, with what is to be done; how it ended is a line of the answer."""
    django.setup()
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018  # with them comes all that a request or a mail asks for
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.alarm(SECONDS)  # a process that hangs ends, and not as it should have
            try:
                main(**json.loads(line))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _child, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
