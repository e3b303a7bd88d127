"""A shopper, a provider and the worker in one process, which may be killed on its way. Started by `test_crashes`.

Run again, everybody does what they do after a power cut: the shopper presses the button once more, the provider
notifies once more, the worker takes what is there.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django


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
    (Path(os.environ["VAR_DIR"]) / "done.json").write_text(json.dumps(done))


def main(basket_id: int, seen: str, method: str) -> None:
    """From the button to the thank-you mail."""
    django.setup()
    from core import crash

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


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
