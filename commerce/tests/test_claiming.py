"""Orders of guests become a customer's when the customer proves that the address is theirs."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.test import Client

from accounts.models import User
from commerce.models import Order
from commerce.tests.factories import UserFactory, an_order

pytestmark = pytest.mark.django_db


def confirm(user: User) -> None:
    """Click the link of the mail."""
    address = EmailAddress.objects.create(user=user, email=user.email, primary=True)
    Client().post(f"/account/confirm-email/{EmailConfirmationHMAC(address).key}/")


@pytest.mark.parametrize("typed", ["ada@example.org", "ADA@Example.org"])
def test_orders_of_a_guest_are_the_customer_s_once_the_address_is_confirmed(persuasion, typed):
    order = an_order({persuasion: 1}, email=typed)
    ada = UserFactory(email="ada@example.org")
    browser = Client()
    browser.force_login(ada)
    assert browser.get(f"/account/orders/{order.number}/").status_code == 404

    confirm(ada)

    assert browser.get(f"/account/orders/{order.number}/").status_code == 200
    assert order.number in browser.get("/account/orders/").content.decode()


def test_orders_of_others_and_of_other_addresses_stay_where_they_are(persuasion):
    bob = UserFactory(email="bob@example.org")
    of_bob = an_order({persuasion: 1}, user=bob)  # for Ada: her address is on it
    of_eve = an_order({persuasion: 1}, email="eve@example.org")

    confirm(UserFactory(email="ada@example.org"))

    assert dict(Order.objects.values_list("number", "user")) == {of_bob.number: bob.pk, of_eve.number: None}


def test_an_address_that_was_only_written_claims_nothing(persuasion):
    order = an_order({persuasion: 1})
    ada = UserFactory(email="ada@example.org")
    EmailAddress.objects.create(user=ada, email=ada.email, primary=True)
    Client().get(f"/account/confirm-email/{EmailConfirmationHMAC(EmailAddress.objects.get()).key}/")
    order.refresh_from_db()
    assert order.user is None
