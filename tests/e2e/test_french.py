"""A French visitor is served in French from the first page to the invoice, which goes to an employer."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import DESK, PHONE
from tests.e2e.test_buying import sign_in


def test_who_comes_by_the_french_address_is_served_in_french_to_the_end(visit, shop_running):
    email = "marie@lectrice.example"
    page = visit(PHONE)
    page.goto("/books/frankenstein/")
    page.locator("footer").get_by_role("link", name="Français").click()
    page.wait_for_url("**/fr/books/frankenstein/")
    page.get_by_role("button", name="Ajouter au panier").click()
    expect(page.locator("[data-basket-count]").first).to_have_text(re.compile("1"))
    page.goto("/fr/basket/")
    to_checkout = page.get_by_role("link", name="Passer commande")
    to_checkout.or_(page.get_by_role("button", name="Passer commande")).first.click()

    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_label("Nom complet").fill("Marie Lectrice")
    page.get_by_label("Adresse", exact=True).fill("1 Mill Lane")
    page.get_by_label("Ville").fill("London")
    page.get_by_label("Code postal").fill("N1 9GU")
    page.get_by_role("button", name="Envoyer la facture à une autre adresse").click()
    expect(page.get_by_label("Nom complet")).to_have_value("Marie Lectrice")
    employer = page.get_by_role("group", name="La facture est envoyée à")
    employer.get_by_label("Nom ou société").fill("Éditions du Pont SARL")
    employer.get_by_label("Pays").select_option(value="FR")
    employer.get_by_label("Adresse", exact=True).fill("3 rue du Pont")
    employer.get_by_label("Ville").fill("Lyon")
    employer.get_by_label("Code postal").fill("69001")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Continuer vers la livraison").click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continuer vers le paiement").click()
    expect(page.locator("main")).to_contain_text("Éditions du Pont SARL")
    page.get_by_role("button", name="Commande avec obligation de paiement").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Merci")
    assert "/fr/checkout/done/" in page.url
    number = re.search(r"BT-[A-Z0-9-]+", page.locator("main").inner_text()).group()

    [confirmation] = shop_running.mails_to(email)
    assert confirmation["Subject"] == f"Votre commande {number} chez BookTime"
    said = confirmation.get_body(("plain",)).get_content()
    assert f"{shop_running.url}/fr/checkout/done/" in said
    assert "Renoncer au contrat ici" in said
    page.get_by_role("link", name="Voir la facture").first.click()
    invoice = page.locator("article.invoice")
    expect(invoice.get_by_role("heading", level=1)).to_contain_text("Facture")
    expect(invoice).to_contain_text("3 rue du Pont")
    expect(invoice).to_contain_text("1 Mill Lane")

    office = visit(DESK)
    office.goto("/fr/admin/orders/")
    assert "/fr/" not in office.url
    sign_in(office, "office@booktime.example")
    office.goto("/admin/orders/")
    office.get_by_role("link", name=number).first.click()
    expect(office.locator("main")).to_contain_text("Éditions du Pont SARL")
