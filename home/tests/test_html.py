"""The HTML of every kind of page is as its standard wants it, as far as a parser can tell."""

from __future__ import annotations

from collections import Counter

import pytest
from tinyhtml5.parser import HTMLParser

from catalog.models import TagIndexPage, TagPage
from catalog.tests.factories import TagFactory, book
from home.models import PageModal
from home.tests.factories import contact_page, standard_page
from home.tests.test_consent_pages import integration

PAGES = (
    "/", "/books/", "/books/?format=paperback&sort=title", "/books/persuasion/", "/tags/", "/tags/crime/",
    "/tags/classics/", "/contributors/jane-austen/", "/publishers/virago/", "/series/novels/", "/search/?q=persuasion",
    "/search/?q=zzzz", "/about-us/", "/contact-us/", "/offers/winter/", "/cookies/", "/basket/", "/account/login/",
    "/account/signup/", "/no-such-page/",
)  # fmt: skip
NEVER_EMPTY = ("action", "href", "id", "src", "srcset")


@pytest.fixture
def a_full_shop(shop):
    """One of everything, with a modal and an integration on every page."""
    book("Persuasion", tags=["Classics", "Crime"], publisher="Virago", series="Novels", editions=2)
    TagIndexPage.objects.get().add_child(instance=TagPage(title="Crime", tag=TagFactory(name="Crime")))
    standard_page(shop)
    contact_page(shop)
    integration()
    modal = PageModal(name="Winter", slug="winter", title="A table for the winter", live=False)
    modal.save()
    modal.save_revision().publish()


def faults_of(text: str) -> list[str]:
    parser = HTMLParser(namespace_html_elements=False)
    root = parser.parse(text)
    faults = [f"{place}: {code} {facts}" for place, code, facts in parser.errors]
    ids = Counter(element.get("id") for element in root.iter() if element.get("id"))
    faults += [f"twice: #{name}" for name, count in ids.items() if count > 1]
    return faults + [
        f"empty: {name} of {element.tag}"
        for element in root.iter()
        for name in NEVER_EMPTY
        if element.get(name) == ""
    ]  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_no_fault_in_its_html(client, a_full_shop, address):
    response = client.get(address)

    assert response.status_code == (404 if address == "/no-such-page/" else 200)
    assert faults_of(response.content.decode()) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<p><div></div></p>", "unexpected-end-tag"),
        ('<i id="a"></i><b id="a"></b>', "twice: #a"),
        ('<form action=""></form>', "empty: action of form"),
        ("<b>", "expected-closing-tag-but-got-eof"),
    ],
)
def test_a_fault_is_found(text, fault):
    assert any(fault in found for found in faults_of(f"<!doctype html><title>x</title>{text}"))
