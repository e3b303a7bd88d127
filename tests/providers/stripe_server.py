"""Stripe, as far as the shop uses it: Checkout Sessions, refunds, signed events.

It is as strict as the real one where that matters: keys, form encoding, unknown parameters, a key that is used again
with other parameters, amounts in minor units, how long a session may last.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.providers.server import Call, Provider, Reply, new_id, payment_page, redirect

SECRET_KEY = "sk_test_BookTimeShop4eC39HqLy"
WEBHOOK_SECRET = "whsec_BookTimeShop5WbX5kEwkt"
SESSION_PARAMS = {
    "mode": str,
    "payment_method_types": list,
    "adaptive_pricing": dict,
    "line_items": list,
    "client_reference_id": str,
    "customer_email": str,
    "locale": str,
    "success_url": str,
    "cancel_url": str,
    "expires_at": str,
    "payment_intent_data": dict,
}
REFUND_PARAMS = {"payment_intent": str, "amount": str, "metadata": dict}


class Refused(Exception):
    """A call that Stripe refuses."""

    def __init__(self, message: str, status: int = 400, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.reply = Reply({"error": {"type": kind, "message": message}}, status, {"Request-Id": new_id("req_")})


class StripeServer(Provider):
    """Stripe."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, dict[str, Any]] = {}
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.refund_state = "succeeded"
        """What a new refund says."""
        self._by_key: dict[str, tuple[Any, Reply]] = {}

    @property
    def charges(self) -> list[dict[str, Any]]:
        """Payments for which somebody's card was charged."""
        return [intent for intent in self.intents.values() if intent["status"] == "succeeded"]

    # --- what happens to a session -------------------------------------------------------------

    def pay(self, session_id: str) -> None:
        """The shopper pays."""
        session = self.sessions[session_id]
        if session["status"] != "open":
            return
        intent = self._intent(session, "succeeded")
        intent["amount_received"] = session["amount_total"]
        session |= {"status": "complete", "payment_status": "paid"}
        self._emit("checkout.session.completed", session)

    def expire(self, session_id: str) -> None:
        """Nobody paid in time."""
        self.sessions[session_id]["status"] = "expired"
        self._emit("checkout.session.expired", self.sessions[session_id])

    def give_up(self, session_id: str) -> None:
        """Stripe cancels the payment, for fraud."""
        session = self.sessions[session_id]
        self._intent(session, "canceled")["cancellation_reason"] = "fraudulent"
        session["status"] = "complete"
        self._emit("checkout.session.async_payment_failed", session)

    def settle(self, refund_id: str, status: str) -> None:
        """The bank says how a refund went."""
        self.refunds[refund_id]["status"] = status
        if status == "failed":
            self.refunds[refund_id]["failure_reason"] = "lost_or_stolen_card"
        self._emit("refund.updated", self.refunds[refund_id])

    def forget_keys(self) -> None:
        """A day later."""
        self._by_key.clear()

    def sign(self, body: bytes, *, secret: str = WEBHOOK_SECRET, at: float | None = None) -> dict[str, str]:
        """With another secret it is forged, with a time that is long gone it is stale."""
        at = int(at or time.time())
        code = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
        return {"Stripe-Signature": f"t={at},v1={code}"}

    # --- the API -------------------------------------------------------------------------------

    def api(self, call: Call) -> Reply:
        """Check who calls and with which key, then do it once."""
        try:
            if call.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
                raise Refused("Invalid API Key provided: sk_test_****", 401)
            if call.headers.get("Stripe-Version") != "2026-10-28.endive":
                raise Refused("This is not the version that the shop was written for.")
            params = nested(call.body.decode())
            key = call.headers.get("Idempotency-Key", "")
            if call.method == "POST" and not key:
                raise Refused("The shop sends nothing without a key.")
            if key in self._by_key:
                before, reply = self._by_key[key]
                if before != (call.path, params):
                    raise Refused(
                        "Keys for idempotent requests can only be used with the same parameters they were first used "
                        "with.",
                        kind="idempotency_error",
                    )
                return Reply(reply.content, reply.status, {**reply.headers, "Idempotent-Replayed": "true"})
            reply = self._do(call, params)
            if key:
                # A copy: what is said for a key is what was said the first time.
                self._by_key[key] = ((call.path, params), Reply(json.loads(json.dumps(reply.content))))
            return reply
        except Refused as refused:
            return refused.reply

    def fail_for_good(self, key: str, path: str, params: dict[str, Any]) -> None:
        """The next call with that key finds an error that Stripe has stored for it."""
        self._by_key[key] = ((path, params), Reply({"error": {"type": "api_error", "message": "broken"}}, 500))

    def _do(self, call: Call, params: dict[str, Any]) -> Reply:
        parts = urlsplit(call.path)
        match (call.method, *parts.path.removeprefix("/v1/").split("/")):
            case ("POST", "checkout", "sessions"):
                return Reply(self._open(params))
            case ("GET", "checkout", "sessions", name):
                session = dict(self._found(self.sessions, name, "checkout.session"))
                if "payment_intent" in parse_qs(parts.query).get("expand[0]", []) and session["payment_intent"]:
                    session["payment_intent"] = self.intents[session["payment_intent"]]
                return Reply(session)
            case ("POST", "refunds"):
                return Reply(self._give_back(params))
            case ("GET", "refunds"):
                [intent] = parse_qs(parts.query)["payment_intent"]
                found = [refund for refund in self.refunds.values() if refund["payment_intent"] == intent]
                return Reply({"object": "list", "url": "/v1/refunds", "has_more": False, "data": found})
            case ("GET", "refunds", name):
                return Reply(self._found(self.refunds, name, "refund"))
        raise Refused(f"Unrecognized request URL ({call.method}: {parts.path}).", 404)

    @staticmethod
    def _found(things: dict[str, dict[str, Any]], name: str, kind: str) -> dict[str, Any]:
        if name not in things:
            raise Refused(f"No such {kind}: '{name}'", 404)
        return things[name]

    def _open(self, params: dict[str, Any]) -> dict[str, Any]:
        _check(params, SESSION_PARAMS)
        [item] = params["line_items"]
        price = item["price_data"]
        units = int(price["unit_amount"])
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", params["customer_email"]):
            raise Refused(f"Invalid email address: {params['customer_email']}")
        if price["currency"] != price["currency"].lower() or not 0 < units < 10**8:
            raise Refused("Invalid currency or amount")
        if price["currency"] in {"bhd", "jod", "kwd", "omr", "tnd"} and units % 10:
            raise Refused("The amount must be divisible by 10")
        if params["locale"] not in {"auto", "en", "en-GB", "fr", "de", "pt-BR"}:
            raise Refused("Invalid locale")
        expires_at = int(params.get("expires_at") or time.time() + 24 * 3600)
        if not 30 * 60 - 60 <= expires_at - time.time() <= 24 * 3600 + 60:
            raise Refused("The `expires_at` timestamp must be between 30 minutes and 24 hours from now.")
        session_id = new_id("cs_test_")
        self.sessions[session_id] = {
            "id": session_id,
            "object": "checkout.session",
            "url": f"{self.url}/c/pay/{session_id}",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "amount_total": units * int(item["quantity"]),
            "currency": price["currency"],
            "livemode": False,
            "expires_at": expires_at,
            "metadata": {},
            "customer_details": {"email": params["customer_email"]},
            **{name: params[name] for name in ("client_reference_id", "customer_email", "success_url", "cancel_url")},
            "description": price["product_data"]["name"],
        }
        return self.sessions[session_id]

    def _give_back(self, params: dict[str, Any]) -> dict[str, Any]:
        _check(params, REFUND_PARAMS)
        intent = self._found(self.intents, params["payment_intent"], "payment_intent")
        gone = sum(
            refund["amount"]
            for refund in self.refunds.values()
            if refund["payment_intent"] == intent["id"] and refund["status"] not in {"failed", "canceled"}
        )
        if int(params["amount"]) > intent["amount_received"] - gone:
            raise Refused("Refund amount is greater than unrefunded amount on charge")
        refund_id = new_id("re_")
        self.refunds[refund_id] = {
            "id": refund_id,
            "object": "refund",
            "amount": int(params["amount"]),
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "status": self.refund_state,
            "metadata": params["metadata"],
        }
        return self.refunds[refund_id]

    def _intent(self, session: dict[str, Any], status: str) -> dict[str, Any]:
        session["payment_intent"] = intent_id = new_id("pi_")
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "status": status,
            "amount": session["amount_total"],
            "amount_received": 0,
            "currency": session["currency"],
        }
        return self.intents[intent_id]

    def _emit(self, kind: str, thing: dict[str, Any]) -> None:
        self.emit(
            {
                "id": new_id("evt_"),
                "object": "event",
                "api_version": "2026-10-28.endive",
                "created": int(time.time()),
                "livemode": False,
                "type": kind,
                "data": {"object": json.loads(json.dumps(thing))},
            }
        )

    # --- the page ------------------------------------------------------------------------------

    def is_page(self, path: str) -> bool:
        """Checkout."""
        return path.startswith("/c/pay/")

    def page(self, call: Call) -> Reply:
        """Pay, or go back. Whoever goes back leaves the session open."""
        session = self.sessions[call.path.rsplit("/", 1)[1]]
        if call.method == "GET":
            amount = f"{session['amount_total']} {session['currency']}"
            return Reply(payment_page("Stripe Checkout", session["description"], amount))
        if "do=cancel" in call.body.decode():
            return redirect(session["cancel_url"])
        self.pay(session["id"])
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))


def nested(form: str) -> dict[str, Any]:
    """A form as Stripe reads it: a[b][0][c]=1 is {"a": {"b": [{"c": "1"}]}}."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(form, keep_blank_values=True, strict_parsing=bool(form)):
        place, *path = re.findall(r"[^\[\]]+", name)
        at: dict[str, Any] = found
        for step in path:
            at = at.setdefault(place, {})
            place = step
        at[place] = value
    return {name: _lists(value) for name, value in found.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    value = {name: _lists(part) for name, part in value.items()}
    return list(value.values()) if all(name.isdigit() for name in value) else value


def _check(params: dict[str, Any], known: dict[str, type]) -> None:
    for name, value in params.items():
        if name not in known:
            raise Refused(f"Received unknown parameter: {name}")
        if not isinstance(value, known[name]):
            raise Refused(f"Invalid {known[name].__name__}: {name}")
