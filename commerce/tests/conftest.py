"""What tests of the shop may ask for."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog.models import CatalogPage
from catalog.tests.factories import book
from commerce.tests.factories import UserFactory


@pytest.fixture
def persuasion(books_page: CatalogPage):
    """A paperback at £7.99, five on the shelf."""
    return book("Persuasion").editions.get()


@pytest.fixture
def ada(db):
    """A customer."""
    return UserFactory(email="ada@example.org", first_name="Ada", last_name="Lovelace")


@pytest.fixture
def ada_client(client: Client, ada) -> Client:
    """A browser in which Ada is signed in."""
    client.force_login(ada)
    return client
