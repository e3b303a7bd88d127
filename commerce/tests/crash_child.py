"""A shopper, a provider and the worker in one process, which may be killed on its way. Started by `test_crashes`.

Run again, everybody does what they do after a power cut: the shopper presses the button once more, the provider
notifies once more, the worker takes what is there.
"""

from __future__ import annotations

import sys

import django


def main(basket_id: int, seen: str) -> None:
    """From the button to the thank-you mail."""
    django.setup()
    from django.core.management import call_command

    from commerce.gateways import sandbox
    from commerce.gateways.protocol import Outcome
    from commerce.services import checkout, notifications, payments

    order = checkout.place_order(basket_id, seen=seen, method="sandbox")
    if payments.due(order):
        reference = payments.begin(order.pk, "sandbox").reference
        told = sandbox.finish(reference, Outcome.SUCCEEDED)
        for headers, body in told or [sandbox.notification(reference, Outcome.SUCCEEDED)]:
            notifications.take("sandbox", headers, body)
    call_command("db_worker", "--batch", "--no-startup-delay", "--queue-name", "default", verbosity=0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
