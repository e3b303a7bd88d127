"""NotchPay, as its documentation describes it and as those who use it met it (docs/payments.md).

A payment has a name of NotchPay's own (`trx.…`) and that of the merchant; both find it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from tests.providers.server import Call, Provider, Reply, new_id, payment_page, redirect

PUBLIC_KEY = "pk_test_BookTimeShop.v0cc8AYq71qC55"
PRIVATE_KEY = "sk_test_BookTimeShop.7AWUcTgPtit6zo"
HASH_KEY = "hsk_test_BookTimeShop.HGUWpgp1oZ9FBK"


class NotchPayServer(Provider):
    """NotchPay."""

    def __init__(self) -> None:
        super().__init__()
        self.payments: dict[str, dict[str, Any]] = {}
        """By NotchPay's own name."""
        self.refunds: dict[str, dict[str, Any]] = {}
        self.refund_state = "complete"
        self.tells_page_again = True
        """Whether a payment that is asked about says again where its page is: they do not promise it."""
        self.duplicate_status = 409
        """How a reference that was used before is refused: 409 says the documentation, 422 is how it refuses fields."""
        self.uses_own_names = True
        """Off: `reference` is the merchant's, as in the examples of the documentation."""

    @property
    def charges(self) -> list[dict[str, Any]]:
        """Payments that somebody agreed to on the telephone."""
        return [payment for payment in self.payments.values() if payment["status"] == "complete"]

    # --- what happens to a payment -------------------------------------------------------------

    def turn(self, reference: str, status: str) -> None:
        """Processing, complete, failed, canceled, expired: with a notification of it."""
        payment = self._found(reference)
        payment["status"] = status
        self._emit(f"payment.{status}", payment)

    def settle(self, refund_id: str, status: str) -> None:
        """How a refund went."""
        self.refunds[refund_id]["status"] = status
        self._emit(f"refund.{status}", self.refunds[refund_id])

    def sign(self, body: bytes, *, secret: str = HASH_KEY) -> dict[str, str]:
        """With another secret it is forged."""
        return {"x-notch-signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}

    # --- the API -------------------------------------------------------------------------------

    def api(self, call: Call) -> Reply:
        """Check who calls, then do it."""
        if call.headers.get("Authorization") != PUBLIC_KEY:
            return _refusal(401, "Invalid API key")
        path = urlsplit(call.path).path
        steps = [unquote(step) for step in path.strip("/").split("/")]
        if "refunds" in steps and call.headers.get("X-Grant") != PRIVATE_KEY:
            return _refusal(403, "This endpoint requires additional authentication")
        if call.method == "POST" and call.headers.get("Content-Type") != "application/json":
            return _refusal(400, "Invalid JSON payload")
        told = json.loads(call.body) if call.body else {}
        match (call.method, *steps):
            case ("POST", "payments"):
                return self._open(told)
            case ("GET", "payments", name):
                return self._asked(name)
            case ("GET", "payments", name, "refunds"):
                payment = self._found(name)
                own = [refund for refund in self.refunds.values() if refund["payment"] == payment["trx"]]
                return Reply({"code": 200, "status": "OK", "refunds": own})
            case ("POST", "refunds"):
                return self._give_back(told)
            case ("GET", "refunds", name):
                if name in self.refunds:
                    return Reply({"code": 200, "status": "OK", "refund": self.refunds[name]})
        return _refusal(404, "Not found")

    def _open(self, told: dict[str, Any]) -> Reply:
        errors: dict[str, list[str]] = {}
        if told.get("currency") != "XAF" or told.get("locked_currency") != "XAF":
            errors["currency"] = ["Currency is not supported"]
        if type(told.get("amount")) is not int or told["amount"] < 100:
            errors["amount"] = ["Amount must be at least 100"]
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", told["customer"]["email"]):
            errors["customer.email"] = [f"Invalid email address {told['customer']['email']}"]
        if errors:
            return _refusal(422, "Validation failed", errors)
        if any(payment["merchant_reference"] == told["reference"] for payment in self.payments.values()):
            said = "A payment with this reference already exists"
            return _refusal(self.duplicate_status, said, {"reference": [said]})
        name = new_id("trx.")
        self.payments[name] = {
            "id": new_id("pay_"),
            "trx": name,
            "reference": name if self.uses_own_names else told["reference"],
            "merchant_reference": told["reference"],
            "amount": told["amount"],
            "currency": told["currency"],
            "status": "pending",
            "description": told["description"],
            "callback": told["callback"],
            "customer": told["customer"],
            "created_at": _now(),
        }
        return Reply(
            {
                "status": "Accepted",
                "message": "Payment initialized",
                "code": 201,
                "transaction": self.payments[name],
                "authorization_url": f"{self.url}/page/{name}",
            },
            201,
        )

    def _asked(self, name: str) -> Reply:
        try:
            payment = self._found(name)
        except KeyError:
            return _refusal(404, "Payment not found")
        told = {"status": "Accepted", "message": "Transaction retrieved", "code": 202, "transaction": payment}
        if self.tells_page_again:
            told["authorization_url"] = f"{self.url}/page/{payment['trx']}"
        return Reply(told, 202)

    def _give_back(self, told: dict[str, Any]) -> Reply:
        payment = self._found(told["payment"])
        gone = sum(refund["amount"] for refund in self.refunds.values() if refund["payment"] == payment["trx"])
        if payment["status"] != "complete" or told["amount"] > payment["amount"] - gone:
            return _refusal(422, "Amount exceeds payment")
        refund_id = new_id("ref_")
        self.refunds[refund_id] = {
            "id": refund_id,
            "amount": told["amount"],
            "currency": payment["currency"],
            "payment": payment["trx"],
            "status": self.refund_state,
            "metadata": told["metadata"],
            "created_at": _now(),
        }
        return Reply({"code": 201, "status": "Created", "refund": self.refunds[refund_id]}, 201)

    def _found(self, name: str) -> dict[str, Any]:
        for payment in self.payments.values():
            if name in {payment["trx"], payment["merchant_reference"]}:
                return payment
        raise KeyError(name)

    def _emit(self, kind: str, thing: dict[str, Any]) -> None:
        self.emit({"id": new_id("evt_"), "type": kind, "created_at": _now(), "data": json.loads(json.dumps(thing))})

    # --- the page ------------------------------------------------------------------------------

    def is_page(self, path: str) -> bool:
        """Collect."""
        return path.startswith("/page/")

    def page(self, call: Call) -> Reply:
        """Agree on the telephone, or not."""
        payment = self.payments[call.path.rsplit("/", 1)[1]]
        if call.method == "GET":
            amount = f"{payment['amount']} {payment['currency']}"
            return Reply(payment_page("Notch Pay", payment["description"], amount))
        if payment["status"] == "pending":
            self.turn(payment["trx"], "canceled" if "do=cancel" in call.body.decode() else "complete")
        query = {"reference": payment["trx"], "trxref": payment["merchant_reference"], "status": payment["status"]}
        return redirect(f"{payment['callback']}?{urlencode(query)}")


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _refusal(status: int, message: str, errors: dict[str, list[str]] | None = None) -> Reply:
    return Reply({"code": status, "status": "Error", "message": message, "errors": errors or {}}, status)
