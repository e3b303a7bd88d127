"""Finding books by words, ISBN and mistyped words."""

from __future__ import annotations

import time

import pytest

from catalog import facets, indexing, search
from catalog.folding import fold, joined_initials
from catalog.models import BookListing, Tag
from catalog.tests.factories import EditionFactory, book

HOSTILE = (
    "\0", "a\0b", "%", "\\", "_", "(((", ")))", "*", "*:*", '"', '"""', "'", "NEAR", "NEAR(a b)", "AND OR NOT", "a AND",
    "names:x", "{names} : x", "-x", "^x", "x*", "x -", "a OR", "<script>alert(1)</script>", "😀", "👩‍👩‍👧‍👦", "é" * 200,
    "x" * 10_000, "word " * 2_000, "' OR 1=1 --", "&&||!()<->", ":*", "'':*",
    "\ud800".encode("utf-8", "replace").decode(),
    "１２３", "𝔊𝔬𝔱𝔥𝔦𝔠", "ﬁ", "ß", "\u202e", "日本語", "हिन्दी", "\t\n", "",
)  # fmt: skip


def found(query: str) -> list[str]:
    ids = search.find(query, facets.index.state()).ids
    titles = {row.pk: row.face["title"] for row in BookListing.objects.all()}
    return [titles[page_id] for page_id in ids]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L’Été d’Anaïs", "lete danais"),
        ("Sjöwall & Wahlöö", "sjowall wahloo"),
        ("Straße", "strasse"),
        ("NAÏVE_naive", "naive naive"),
        ("Œuvre Ærø", "oeuvre aero"),
        ("O'Brien", "obrien"),
        ("Catch-22", "catch 22"),
        ("İstanbul", "istanbul"),
    ],
)
def test_words_are_made_alike(text, folded):
    assert fold(text) == folded


def test_initials_are_also_kept_as_one_word():
    assert joined_initials(fold("J. R. R. Tolkien")) == "jrr"
    assert joined_initials(fold("Jane Austen")) == ""


def test_better_places_of_the_words_come_first(shop):
    book("A life", description=[("text", "<p>She read Persuasion twice.</p>")], contributors=["Ann Lee"])
    book("The art of persuasion", contributors=["Ann Lee"])
    book("Persuasion and power", contributors=["Ann Lee"])
    book("Essays", contributors=["Persuasion Smith"])
    book("Persuasion", contributors=["Jane Austen"])
    book("Emma")

    assert found("persuasion") == ["Persuasion", "Persuasion and power", "The art of persuasion", "Essays", "A life"]


def test_books_by_a_person_come_before_books_about_them(shop):
    book("Jane Austen: a life", contributors=["Claire Tomalin"])
    book("Emma", contributors=["Jane Austen"])
    book("Jane Austen", contributors=["Carol Shields"])

    assert found("Jane Austen") == ["Jane Austen", "Emma", "Jane Austen: a life"]


def test_what_can_be_had_now_breaks_the_tie(shop):
    book("Persuasion", in_stock=0)
    book("Persuasion", in_stock=5)
    book("Persuasion", in_stock=0, availability="available")

    ids = search.find("persuasion", facets.index.state()).ids

    codes = [BookListing.objects.get(pk=page_id).facets for page_id in ids]
    assert ["a:now" in codes[0], "a:order" in codes[1], "a:" in codes[2]] == [True, True, False]


@pytest.mark.parametrize(
    "query",
    ["eclair", "ÉCLAIR", "éclair", "tolkien", "J.R.R. Tolkien", "jrr tolkien", "JRR", "virago", "martin beck",
     "eclairs tale", "tale eclair", "A novel", "ecl", "tolkien éclairs", "9780306406157", "0306406152",
     "buns", "crime"],
)  # fmt: skip
def test_a_book_is_found_by_what_a_shopper_remembers(shop, query):
    book(
        "The Éclairs' Tale", contributors=["J. R. R. Tolkien"], series="Martin Beck", publisher="Virago",
        subtitle="A novel", description=[("text", "<p>One cream bun.</p>")], isbn="9780306406157", tags=["Crime"],
    )  # fmt: skip
    book("Another", contributors=["Ann Lee"])

    assert found(query) == ["The Éclairs' Tale"]


def test_all_words_must_be_there(shop):
    book("Persuasion")
    assert found("persuasion prejudice") == []


@pytest.mark.parametrize(
    "query", ["9780306406157", "978-0-306-40615-7", "0306406152", "0-306-40615-2", "ISBN 0-306-40615-2"]
)
def test_an_isbn_leads_to_its_book(client, shop, query):
    book("Persuasion", isbn="9780306406157")

    response = client.get("/search/", {"q": query})

    assert (response.status_code, response["Location"]) == (302, "/books/persuasion/")


def test_the_isbn_of_a_hidden_book_leads_nowhere(client, shop, django_capture_on_commit_callbacks):
    page = book("Persuasion", isbn="9780306406157")
    with django_capture_on_commit_callbacks(execute=True):
        page.unpublish()

    response = client.get("/search/?q=9780306406157")

    assert response.status_code == 200
    assert response.context["listing"] is None


def test_a_mistyped_word_is_corrected(client, shop):
    book("Persuasion", contributors=["Jane Austen"])

    response = client.get("/search/?q=Jane+Perusasion")

    assert response.context["correction"] == {"text": "jane persuasion", "url": "/search/?q=jane+persuasion"}
    assert [card.title for card in response.context["listing"].cards] == ["Persuasion"]
    assert "No results for “Jane Perusasion”" in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("persuation", "persuasion"),
        ("bersuasion", "persuasion"),
        ("persuasio", "persuasion"),
        ("jnae", "jane"),
        ("ajne", "jane"),
        ("emam", "emma"),
        ("emna woodhuose", "emma woodhouse"),
        ("the pictre of dorian gray", "the picture of dorian gray"),
        ("j k austne", "j k austen"),
        ("mistery", "mystery"),
    ],
)
def test_typing_errors_of_each_kind_are_understood(shop, typed, meant):
    book("Persuasion", contributors=["Jane Austen"])
    book("Emma", subtitle="Miss Woodhouse", tags=["Crime and mystery"])
    book("The Picture of Dorian Gray")
    assert search.correct(typed) == meant


def test_however_many_words_are_mistyped_they_are_corrected_in_two_queries(shop, django_assert_num_queries):
    book("Persuasion and other novels", contributors=["Jane Austen"])

    with django_assert_num_queries(2):
        assert search.correct("jnae austne persusaion novles") == "jane austen persuasion novels"


def test_a_book_is_found_by_the_house_of_any_of_its_editions(client, shop):
    page = book("Moby-Dick", publisher="Penguin")
    EditionFactory(product=page, imprint="Naxos AudioBooks")

    assert [card.title for card in client.get("/search/?q=naxos").context["listing"].cards] == ["Moby-Dick"]


def test_nothing_near_is_nothing_found(client, shop):
    book("Persuasion")

    response = client.get("/search/?q=xylophonist")

    assert (response.context["listing"], response.context["correction"]) == (None, None)
    assert [card.title for card in response.context["suggestions_for_empty"]] == ["Persuasion"]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("address", ["/search/", "/search/suggest/"])
def test_hostile_queries_are_harmless_and_quick(client, shop, address, query):
    book("Persuasion")
    began = time.monotonic()

    response = client.get(address, {"q": query})

    assert response.status_code == 200
    assert time.monotonic() - began < 1
    assert "<script>alert" not in response.content.decode()


def test_more_than_the_most_is_said_so(shop, monkeypatch):
    monkeypatch.setattr(search, "MOST", 3)
    monkeypatch.setattr(search, "_TITLES", 2)
    for number in range(5):
        book(f"Persuasion {number}")

    found = search.find("persuasion", facets.index.state())

    assert (found.is_capped, len(found.ids)) == (True, 3)


def test_facets_work_on_what_was_found(client, shop):
    book("Persuasion", format="hardback")
    book("Persuasion two", format="paperback")
    book("Emma", format="hardback")

    listing = client.get("/search/?q=persuasion&format=hardback").context["listing"]

    assert [card.title for card in listing.cards] == ["Persuasion"]
    formats = next(group for group in listing.facets if group["name"] == "format")
    assert [(value["label"], value["count"], value["selected"]) for value in formats["values"]] == [
        ("Hardback", 1, True),
        ("Paperback", 1, False),
    ]
    assert formats["values"][1]["url"] == "/search/?q=persuasion&format=hardback&format=paperback"


def test_suggestions_name_books_people_and_tags_in_four_queries(client, shop, django_assert_max_num_queries):
    for number in range(8):
        book(f"Persuasion {number}", contributors=["Percy Shelley"], tags=["Period drama"])
    client.get("/search/suggest/?q=per")

    with django_assert_max_num_queries(4):
        response = client.get("/search/suggest/?q=per")

    assert len(response.context["books"]) == 6
    assert response.context["contributors"] == [{"name": "Percy Shelley", "url": "/contributors/percy-shelley/"}]
    assert response.context["tags"] == [{"name": "Period drama", "url": "/tags/period-drama/"}]


def test_what_is_mistyped_is_suggested_as_it_was_meant(client, shop, django_assert_max_num_queries):
    book("Persuasion", contributors=["Jane Austen"])
    client.get("/search/suggest/?q=asten")

    with django_assert_max_num_queries(6):
        found = client.get("/search/suggest/?q=jane+asten").context

    assert [card.title for card in found["books"]] == ["Persuasion"]
    assert [person["name"] for person in found["contributors"]] == ["Jane Austen"]
    assert client.get("/search/suggest/?q=xylophonist").context["books"] == []


@pytest.mark.parametrize("asked", ["poésie", "Poesie", "POÉS", "francaise", "poésie fr"])
def test_a_tag_is_suggested_whatever_its_accents(client, shop, asked):
    book("Les Fleurs du mal", tags=["Poésie française"])

    tags = client.get("/search/suggest/", {"q": asked}).context["tags"]

    assert [tag["name"] for tag in tags] == ["Poésie française"]


def test_a_renamed_tag_is_suggested_by_its_new_name(client, shop, django_capture_on_commit_callbacks):
    book("Les Fleurs du mal", tags=["Verse"])
    client.get("/search/suggest/?q=ver")

    with django_capture_on_commit_callbacks(execute=True):
        tag = Tag.objects.get()
        tag.name = "Poetry"
        tag.save()

    assert client.get("/search/suggest/?q=ver").context["tags"] == []
    assert [tag["name"] for tag in client.get("/search/suggest/?q=poe").context["tags"]] == ["Poetry"]


def test_an_unpublished_book_is_not_found(client, shop, django_capture_on_commit_callbacks):
    page = book("Persuasion")
    with django_capture_on_commit_callbacks(execute=True):
        page.unpublish()

    assert found("persuasion") == []
    assert client.get("/search/suggest/?q=pers").context["books"] == []


def test_a_new_title_is_found_and_the_old_one_is_not(shop):
    page = book("Persuasion")
    page.title = "Emma"
    page.save_revision().publish()
    indexing.refresh([page.pk])

    assert (found("emma"), found("persuasion")) == (["Emma"], [])


@pytest.mark.parametrize("query", ["the", "of the", "a", "the cat"])
def test_small_words_do_not_find_everything(shop, query):
    book("Emma")
    book("Persuasion", description=[("text", "<p>Rain and more rain.</p>")])

    assert found(query) == []
