"""The words on the button that places an order.

A purchase binds only where the button says that it must be paid for (directive 2011/83/EU, article 8(2); Court of
Justice, C-249/21 and C-400/22: nothing but the words on the button counts). So they are no translation that anybody
may change, but this list.
"""

from __future__ import annotations

WORDINGS = {
    "en": "Place order and pay",
    "de": "Zahlungspflichtig bestellen",
    "es": "Pedido con obligación de pago",
    "fr": "Commande avec obligation de paiement",
    "it": "Ordine con obbligo di pagare",
    "nl": "Bestelling met betalingsverplichting",
    "pl": "Zamówienie z obowiązkiem zapłaty",
    "pt": "Encomenda com obrigação de pagar",
}


def order_button(language: str) -> str:
    """The words for a language tag such as "en-gb"; English where the list has none."""
    return WORDINGS.get(language.partition("-")[0].lower(), WORDINGS["en"])
