import pytest

from catalog.isbn import InvalidISBN, clean, hyphenate, looks_like_isbn, to_gtin13, to_isbn10, to_isbn13


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("9780007232833", "9780007232833"),
        ("978-0-00-723283-3", "9780007232833"),
        (" 978 0 00 723283 3 ", "9780007232833"),
        ("ISBN 978-0-00-723283-3", "9780007232833"),
        ("ISBN-13: 9780007232833", "9780007232833"),
        ("isbn:9780007232833\r\n", "9780007232833"),
        ("９７８０００７２３２８３３", "9780007232833"),
        ("978\u201000\u201007232833", "9780007232833"),
        ("0007232837", "9780007232833"),
        ("080442957x", "9780804429573"),
        ("ISBN 0-8044-2957-X", "9780804429573"),
        ("9791032305690", "9791032305690"),
    ],
)
def test_an_isbn_is_understood_however_it_is_written(written, meant):
    assert to_isbn13(written) == meant


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("9780007232834", "check digit"),
        ("0007232838", "check digit"),
        ("9780000000000", "check digit"),
        ("978123456789", "12 characters"),
        ("9790007672386", "ISMN"),
        ("5010106113110", "978 or 979"),
        ("97800072X2833", "13 digits"),
        ("9.78043902348e+12", "13 digits"),
        ("", "no ISBN"),
        ("٩٧٨٠٠٠٧٢٣٢٨٣٣", "13 digits"),
    ],
)
def test_what_is_no_isbn_is_refused_with_the_value_in_a_sentence(written, why):
    with pytest.raises(InvalidISBN) as refusal:
        to_isbn13(written)

    assert why in str(refusal.value)
    assert written in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_a_message_never_carries_a_book_of_digits():
    with pytest.raises(InvalidISBN) as refusal:
        to_isbn13("9" * 100_000)

    assert len(str(refusal.value)) < 200


def test_a_gtin_may_be_anything_that_has_a_barcode():
    assert to_gtin13("5010106113110") == "5010106113110"
    assert to_gtin13("979-0-0076-7238-6") == "9790007672386"


@pytest.mark.parametrize("written", ["5010106113111", "501010611311", "ABC"])
def test_a_gtin_that_fails_is_refused(written):
    with pytest.raises(InvalidISBN, match="not a GTIN-13"):
        to_gtin13(written)


def test_only_978_has_an_isbn_10():
    assert to_isbn10("9780804429573") == "080442957X"
    assert to_isbn10("9791032305690") == ""
    assert to_isbn10("nonsense") == ""


def test_hyphens_stand_where_the_agency_puts_them():
    assert hyphenate("9780007232833") == "978-0-00-723283-3"
    assert hyphenate("9791032305690") == "979-10-323-0569-0"
    assert hyphenate("5010106113110") == "5010106113110"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("978-0-00-723283-3", True), ("080442957x", True), ("9780007232834", True), ("1984", False), ("Emma", False)],
)
def test_a_search_for_an_isbn_is_known_by_its_shape(typed, answer):
    assert looks_like_isbn(typed) is answer


def test_cleaning_leaves_the_bare_number():
    assert clean("ISBN-10 0-8044-2957-x") == "080442957X"
