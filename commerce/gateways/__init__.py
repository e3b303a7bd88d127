"""Payment providers: one module each. HTTP out, plain values in; no model of an order, no rule of the shop.

A provider is a class without arguments that reads its settings; it is built anew for each use, so a changed setting
is seen at once. `GATEWAYS` says which class serves which way of paying.
"""

from __future__ import annotations

from django.utils.module_loading import import_string

from commerce.gateways.protocol import Gateway
from commerce.models.order import PaymentMethod

GATEWAYS: dict[str, str] = {
    PaymentMethod.STRIPE: "commerce.gateways.stripe.StripeGateway",
    PaymentMethod.NOTCHPAY: "commerce.gateways.notchpay.NotchPayGateway",
    PaymentMethod.SANDBOX: "commerce.gateways.sandbox.SandboxGateway",
}
"""Ways of paying that a provider serves, in the order in which they are offered."""


def gateway_for(method: str) -> Gateway:
    """The provider of a way of paying.

    Raises:
        LookupError: no provider serves it, or it is not configured.
    """
    gateway: Gateway = import_string(GATEWAYS[method])()
    if not gateway.is_configured:
        raise LookupError(method)
    return gateway


def methods_for(
    currency: str, *, is_collected: bool, is_sent: bool, cash_on_delivery: bool = False
) -> list[PaymentMethod]:
    """The ways to pay that are offered: providers that take the currency, invoice, and cash at a counter.

    The sandbox comes last, so that nobody chooses it without meaning to.
    """
    offered = [PaymentMethod.INVOICE]
    if is_collected or (is_sent and cash_on_delivery):
        offered.append(PaymentMethod.CASH)
    online = [PaymentMethod(method) for method in GATEWAYS if _takes(method, currency)]
    real = [method for method in online if method != PaymentMethod.SANDBOX]
    return [*real, *offered, *(method for method in online if method not in real)]


def _takes(method: str, currency: str) -> bool:
    try:
        gateway = gateway_for(method)
    except LookupError:
        return False
    return gateway.currencies is None or currency in gateway.currencies
