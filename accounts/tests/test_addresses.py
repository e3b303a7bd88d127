"""The address book: asked and checked as each country does, one default, and nobody else's."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.address_formats import rules_of
from accounts.models import Address, User
from accounts.tests.factories import member

pytestmark = pytest.mark.django_db

LONDON = {
    "full_name": "Ada Lovelace", "line_1": "12 St James's Square", "line_2": "", "town": "London",
    "postcode": "SW1Y 4JH", "country": "GB",
}  # fmt: skip


@pytest.fixture
def ada(shop) -> User:
    return member("ada@example.org", first_name="Ada", last_name="Lovelace")


@pytest.fixture
def reader(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def add(client: Client, **fields: str):
    return client.post("/account/addresses/add/", {**LONDON, **fields})


def test_an_address_is_added_changed_and_deleted(reader, ada):
    assert add(reader).headers["Location"] == "/account/addresses/"
    address = ada.addresses.get()
    assert reader.get(f"/account/addresses/{address.pk}/").context["form"]["town"].value() == "London"
    reader.post(f"/account/addresses/{address.pk}/", {**LONDON, "town": "Ely", "postcode": "cb7 4dl"})
    address.refresh_from_db()
    assert (address.town, address.postcode) == ("Ely", "CB7 4DL")
    reader.post(f"/account/addresses/{address.pk}/delete/")
    assert not ada.addresses.exists()


def test_a_new_address_begins_with_the_name_and_the_country_of_the_shop(reader):
    form = reader.get("/account/addresses/add/").context["form"]
    assert (form["full_name"].value(), form["country"].value()) == ("Ada Lovelace", "GB")


@pytest.mark.parametrize(
    ("country", "town", "postcode", "is_right"),
    [
        ("GB", "London", "SW1Y 4JH", True),
        ("GB", "London", "75001", False),
        ("GB", "London", "", False),
        ("FR", "Paris", "75001", True),
        ("FR", "Paris", "7500", False),
        ("US", "Boston", "02108", True),
        ("US", "Boston", "SW1Y 4JH", False),
        ("IE", "Dublin", "D02 X285", True),
        ("HK", "Kowloon", "", True),
        ("SG", "", "018956", True),
        ("DE", "", "10115", False),
        ("CM", "Douala", "", True),
    ],
)
def test_what_is_asked_for_follows_the_country(reader, ada, country, town, postcode, is_right):
    region = {"US": "MA", "HK": "Kowloon"}.get(country, "")
    answer = add(reader, country=country, town=town, postcode=postcode, region=region)
    assert (answer.status_code, ada.addresses.count()) == ((302, 1) if is_right else (422, 0))


@pytest.mark.parametrize(
    ("country", "label", "region", "kept"),
    [
        ("US", "State", "MA", "MA"),
        ("US", "State", "Massachusetts", None),
        ("US", "State", "", None),
        ("CA", "Province", "QC", "QC"),
        ("AU", "State", "NSW", "NSW"),
        ("IT", "Province", "RM", "RM"),
        ("ES", "Province", "Alacant / Alicante", "Alacant / Alicante"),
        ("JP", "Prefecture", "Hokkaido / 北海道", "Hokkaido / 北海道"),
        ("IE", "County", "", ""),
        ("CR", "Province", "Jose\u0301", "José"),
        ("GB", None, "Kent", ""),
        ("FR", None, "", ""),
    ],
)
def test_a_state_or_province_is_asked_for_where_addresses_name_one(reader, ada, country, label, region, kept):
    codes = {"US": "02108", "CA": "H3Z 2Y7", "AU": "2060", "IT": "00144", "ES": "03001", "JP": "060-0001",
             "IE": "D02 X285", "CR": "10101", "FR": "75001"}  # fmt: skip
    page = add(reader, country=country, other_country="1")
    field = page.context["form"]["region"]
    assert (None if field.is_hidden else str(field.label)) == label

    answer = add(reader, country=country, region=region, postcode=codes.get(country, LONDON["postcode"]))

    assert [address.region for address in ada.addresses.all()] == ([] if kept is None else [kept])
    assert answer.status_code == (422 if kept is None else 302)


def test_the_table_of_countries_is_asked_for_countries_only(reader):
    before = rules_of.cache_info().currsize
    for number in range(3):
        add(reader, country=f"Z{number}", other_country="1")
        add(reader, country=f"Z{number}")
    assert rules_of.cache_info().currsize <= before + 1


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({}, ["12 St James's Square", "London", "SW1Y 4JH", "United Kingdom"]),
        (
            {"country": "US", "town": "Boston", "region": "MA", "postcode": "02108", "line_2": "Suite 4"},
            ["12 St James's Square", "Suite 4", "Boston, MA 02108", "United States of America"],
        ),
        ({"country": "FR", "town": "Paris", "postcode": "75001"}, ["12 St James's Square", "75001 Paris", "France"]),
        (
            {"country": "IT", "town": "Rivoli", "region": "TO", "postcode": "10098"},
            ["12 St James's Square", "10098 Rivoli TO", "Italy"],
        ),
        (
            {"country": "JP", "town": "Sapporo", "region": "Hokkaido / 北海道", "postcode": "060-0001"},
            ["12 St James's Square, Hokkaido / 北海道", "060-0001", "Sapporo", "Japan"],
        ),
        (
            {"country": "CH", "town": "Bern", "postcode": "3000"},
            ["12 St James's Square", "CH-3000 Bern", "Switzerland"],
        ),
        ({"country": "GB", "line_1": "", "town": "", "postcode": ""}, ["United Kingdom"]),
    ],
)
def test_an_address_is_written_as_its_country_writes_it(fields, lines):
    assert Address(**{**LONDON, **fields}).address_lines == ["Ada Lovelace", *lines]


@pytest.mark.parametrize(("country", "name"), [("GB", "Postcode"), ("US", "ZIP code"), ("IE", "Eircode")])
def test_without_a_script_the_form_is_shown_as_another_country_wants_it(reader, ada, country, name):
    page = add(reader, country=country, line_1="", other_country="1")
    assert page.status_code == 200
    assert page.context["form"]["postcode"].label == name
    assert page.context["form"]["full_name"].value() == "Ada Lovelace"
    assert not page.context["form"].errors
    assert not ada.addresses.exists()


def test_one_address_is_the_default_and_the_checkout_begins_with_it(reader, ada):
    add(reader, is_default="on")
    add(reader, town="Ely", postcode="CB7 4DL", is_default="on")
    add(reader, town="York", postcode="YO1 7HH")
    assert [address.town for address in ada.addresses.filter(is_default=True)] == ["Ely"]
    assert ada.addresses.first().town == "Ely"


@pytest.mark.parametrize(
    ("field", "value"), [("full_name", "x" * 1000), ("line_1", "a\x00b"), ("country", "XX"), ("full_name", " ")]
)
def test_what_cannot_be_written_on_a_parcel_is_refused(reader, ada, field, value):
    assert add(reader, **{field: value}).status_code == 422
    assert not ada.addresses.exists()


@pytest.mark.parametrize("name", ["O'Brien", "Zoë 🦉", "\u05d0\u05d1\u05d2", "Jose\u0301"])
def test_names_are_kept_as_they_were_typed_in_one_spelling(reader, ada, name):
    add(reader, full_name=name)
    assert ada.addresses.get().full_name == name.replace("e\u0301", "\u00e9")


def test_an_address_of_somebody_else_is_not_there(reader):
    foreign = Address.objects.create(user=member("bob@example.org"), **LONDON)
    for path in (f"/account/addresses/{foreign.pk}/", f"/account/addresses/{foreign.pk}/delete/"):
        assert reader.post(path, {**LONDON, "town": "Ely"}).status_code == 404
    assert reader.get(f"/account/addresses/{foreign.pk}/").status_code == 404
    assert reader.get(f"/account/addresses/{10**30}/").status_code == 404
    foreign.refresh_from_db()
    assert foreign.town == "London"
