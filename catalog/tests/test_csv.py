"""Small lists of our own making: the two forms of the shop, and what other people's lists do."""

import datetime as dt
import io
import time
from decimal import Decimal

import pytest

from catalog.choices import DatePrecision, Format, Role, SupplierAvailability
from catalog.importers import csv
from catalog.importers.records import PriceRecord, Record, Rejection, UnreadableFile

ISBN = "9780007232833"
OTHER = "9780804429573"


def read(content: str | bytes, **options) -> list[Record | Rejection]:
    content = content.encode() if isinstance(content, str) else content
    return list(csv.read(io.BytesIO(content), today=dt.date(2025, 6, 1), **options))


def one(content: str | bytes, **options) -> Record:
    (record,) = read(content, **options)
    assert isinstance(record, Record), record
    return record


def row(header: str, cells: str, **options) -> Record:
    return one(f"isbn,title,{header}\n{ISBN},Roseanna,{cells}\n", **options)


# --- Our two forms --------------------------------------------------------------------------------------

SIMPLE = "name,description,tags,image_filename,price\n"


def test_the_simple_form_is_a_shops_own_list():
    record = one(SIMPLE + '"Siddhartha","A journey.",Fiction|India,siddhartha.jpg,9.5\n')

    assert (record.isbn, record.reference, record.position) == ("", "name:siddhartha", 2)
    assert (record.title, record.description) == ("Siddhartha", "<p>A journey.</p>")
    assert (record.tags, record.images) == (["Fiction", "India"], ["siddhartha.jpg"])
    assert record.prices == [PriceRecord(Decimal("9.50"), "GBP")]
    assert record.availability is SupplierAvailability.AVAILABLE
    assert (record.not_for_sale, record.warnings) == ("", [])


def test_the_simple_form_is_sold_in_the_currency_that_is_named():
    record = one(SIMPLE + "Siddhartha,,,,9.50\n", currency="eur")

    assert record.prices == [PriceRecord(Decimal("9.50"), "EUR")]
    assert record.not_for_sale == "No price in GBP"


def test_a_row_without_isbn_is_known_by_its_name_however_it_is_written():
    first, second, third = read(SIMPLE + "The  Hobbit!,,,,1\n THE HOBBIT ,,,,2\nThe Hobbits,,,,3\n")

    assert first.reference == second.reference == "name:the hobbit"
    assert third.reference != first.reference


def test_the_wide_form_says_everything_of_an_edition():
    header = (
        "isbn,title,subtitle,contributors,publisher,imprint,series,series_number,format,language,publication_date,pages,"
        "duration_minutes,weight_g,price,currency,availability,stock,tags,description,short_description,image_filename,"
        "work,edition_statement"
    )
    cells = (
        "978-0-00-723283-3,Emma,A novel,Jane Austen | Tony Tanner (introduction),Small Press,Harbour,Classics,3,"
        "paperback,en-GB,2025-03,480,,310,7.99,GBP,special-order,4,Fiction|Classics,"
        "<p>Long.</p>,Short.,../emma.jpg,emma,2nd edition"
    )

    record = one(f"{header}\n{cells}\n")

    assert (record.isbn, record.reference) == (ISBN, ISBN)
    assert (record.title, record.subtitle, record.edition_statement) == ("Emma", "A novel", "2nd edition")
    assert [(c.name, c.role) for c in record.contributors] == [
        ("Jane Austen", Role.AUTHOR),
        ("Tony Tanner", Role.INTRODUCTION),
    ]
    assert (record.publisher, record.imprint) == ("Small Press", "Harbour")
    assert (record.series, record.series_number) == ("Classics", "3")
    assert (record.format, record.language) == (Format.PAPERBACK, "en-GB")
    assert (record.publication_date.date, record.publication_date.precision) == (
        dt.date(2025, 3, 31),
        DatePrecision.MONTH,
    )
    assert (record.pages, record.duration_minutes, record.weight_g, record.stock) == (480, None, 310, 4)
    assert record.prices == [PriceRecord(Decimal("7.99"), "GBP")]
    assert record.availability is SupplierAvailability.SPECIAL_ORDER
    assert record.tags == ["Fiction", "Classics"]
    assert (record.description, record.short_description) == ("<p>Long.</p>", "Short.")
    assert (record.images, record.work_ids) == (["emma.jpg"], {"csv:emma"})
    assert (record.not_for_sale, record.warnings) == ("", [])


# --- The file -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_columns_that_it_yields(delimiter):
    record = one(
        delimiter.join(("isbn", "title", "price", "currency")) + "\n" + delimiter.join((ISBN, "Emma", "7.99", "GBP"))
    )

    assert (record.title, record.prices[0].amount) == ("Emma", Decimal("7.99"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_of_every_system_are_read(encoding, newline):
    content = newline.join(("isbn,title,publisher", f"{ISBN},Émile,Small", f"{OTHER},Zoë,Press", ""))

    assert [(r.title, r.publisher, r.position) for r in read(content.encode(encoding))] == [
        ("Émile", "Small", 2),
        ("Zoë", "Press", 3),
    ]


def test_windows_1252_is_read_and_reported_with_its_line():
    first, second = read(f"isbn,title\n{ISBN},Emma\n{OTHER},Émile – I\n".encode("cp1252"))

    assert (first.title, first.warnings) == ("Emma", [])
    assert second.title == "Émile – I"
    assert second.warnings[0].startswith("Line 3: 0xC9 is not UTF-8; read as Windows-1252: “É”.")


def test_headers_of_other_people_are_understood():
    record = one(f"  ISBN13 ,Book-Title,Book-Author,  num_pages\n{ISBN},Emma,Jane Austen,480\n")

    assert (record.isbn, record.title, record.contributors[0].name, record.pages) == (ISBN, "Emma", "Jane Austen", 480)


def test_excel_may_say_which_separator_it_took():
    assert one(f"sep=;\nisbn;title\n{ISBN};Emma\n").title == "Emma"


def test_quoted_fields_may_hold_commas_quotes_and_lines():
    first, second = read(f'isbn,title,description\n{ISBN},"Emma, a ""novel""","One.\n\nTwo."\n{OTHER},Next,\n')

    assert (first.title, first.description) == ('Emma, a "novel"', "<p>One.</p><p>Two.</p>")
    assert (second.title, second.position) == ("Next", 5)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (" 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73\n", "no column “title” or “name”"),
        ("a,b,c\n1,2,3\n", "no column “title” or “name”"),
        ("title,author\nEmma,Jane Austen\n", "no column “isbn”"),
        ("title," * 100_000 + "isbn\n", "100,001 columns"),
        ("x" * 5_000_000, "longer than"),
        ("isbn,title\n\n,\n", "not one row"),
    ],
)
def test_a_file_that_is_no_list_of_books_is_refused_in_a_sentence(content, why):
    begun = time.monotonic()

    with pytest.raises(UnreadableFile, match=why):
        read(content)
    assert time.monotonic() - begun < 2


def test_a_row_with_a_field_too_many_is_reported_and_never_shifted():
    first, second = read(f"isbn,title,publisher\n{ISBN},Emma, a novel,Small\n{OTHER},Next,Press\n")

    assert (first.position, first.reference) == (2, ISBN)
    assert "4 fields, the header 3" in first.reason
    assert (second.title, second.publisher) == ("Next", "Press")


def test_a_quotation_mark_that_is_never_closed_costs_one_row():
    lines = "".join(f"{OTHER},Book {n},Press\n" for n in range(2_000))
    rejection, *records = read(f'isbn,title,publisher\n{ISBN},"Emma,Small\n{lines}')

    assert (rejection.position, rejection.reason) == (2, "A quotation mark is opened and never closed.")
    assert [record.title for record in records] == [f"Book {n}" for n in range(2_000)]
    assert records[0].position == 3


def test_thousands_of_open_quotation_marks_do_not_stop_the_clock():
    begun = time.monotonic()
    items = read("isbn,title\n" + f'{ISBN},"Emma\n' * 5_000)

    assert len(items) >= 2_500
    assert time.monotonic() - begun < 10


def test_a_field_of_five_megabytes_costs_one_row():
    first, second = read(f"isbn,title,description\n{ISBN},Emma,{'x' * 5_000_000}\n{OTHER},Next,\n")

    assert "longer than 1,000,000 characters" in first.reason
    assert second.title == "Next"


def test_a_row_of_a_hundred_thousand_fields_costs_one_row():
    first, second = read(f"isbn,title\n{'x,' * 100_000}\n{ISBN},Emma\n")

    assert "100001 fields" in first.reason
    assert second.title == "Emma"


def test_zero_bytes_are_left_out_and_reported():
    record = one(f"isbn,title\n{ISBN},Em\0ma\n")

    assert record.title == "Emma"
    assert "zero bytes" in record.warnings[0]


def test_empty_lines_are_no_rows():
    assert [item.position for item in read(f"\n\nisbn,title\n\n{ISBN},Emma\n,\n\n")] == [5]


# --- ISBN -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cells", "isbn"),
    [
        ("isbn", "978-0-00-723283-3", ISBN),
        ("isbn", "080442957X", OTHER),
        ("isbn", "7232837", "9780007232833"),
        ("isbn", "9780007232833.0", ISBN),
        ("isbn", '="9780007232833"', ISBN),
        ("isbn,isbn13", "0007232837,9.78000723283e+12", ISBN),
        ("isbn,isbn13", "0007232837,0785342303476", ISBN),
        ("isbn10,isbn13", f"080442957X,{ISBN}", ISBN),
        ("ean", "5010106113110", "5010106113110"),
    ],
)
def test_the_isbn_is_found_in_whichever_column_has_a_good_one(header, cells, isbn):
    assert (
        one(f"{header},title\n{cells.replace(chr(34), chr(34) * 2) if '=' not in cells else cells},Emma\n").isbn == isbn
    )


@pytest.mark.parametrize("value", ["9.78043902348e+12", "9780007232834", "1234567", "9790007672386", "5010106113110"])
def test_a_row_whose_isbn_cannot_be_used_is_rejected_with_the_value(value):
    (rejection,) = read(f"isbn,title\n{value},Emma\n")

    assert isinstance(rejection, Rejection)
    assert value in rejection.reason


def test_a_row_without_an_isbn_is_rejected_where_there_is_a_column_for_it():
    assert read("isbn,title\n,Emma\n") == [Rejection(2, "Emma", "The row has no ISBN.")]


def test_two_good_isbns_that_differ_keep_the_13_and_warn():
    record = one(f"isbn,isbn13,title\n080442957X,{ISBN},Emma\n")

    assert record.isbn == ISBN
    assert "two books" in record.warnings[0]


def test_a_rounded_isbn_13_beside_a_good_isbn_10_is_said_once():
    first, second = read("isbn,isbn13,title\n0007232837,9.78000723283e+12,A\n080442957X,9.78080442957e+12,B\n")

    assert "rounded by a spreadsheet" in first.warnings[0]
    assert second.warnings == []


# --- Fields ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "shown", "series", "number"),
    [
        ("Hunger (The Games, #1)", "Hunger", "The Games", "1"),
        ("Half-Blood (Harry  #6)", "Half-Blood", "Harry", "6"),
        ("Four (Divergent, #0.1 - 0.4)", "Four", "Divergent", "0.1 - 0.4"),
        ("Rage (Courtney, #6; Ballantyne, #2)", "Rage", "Courtney", "6"),
        ("Saga #1", "Saga #1", "", ""),
        ("It (Film tie-in)", "It (Film tie-in)", "", ""),
    ],
)
def test_a_series_in_brackets_behind_the_title_is_taken_out(title, shown, series, number):
    record = one(f'isbn,title\n{ISBN},"{title}"\n')

    assert (record.title, record.series, record.series_number) == (shown, series, number)


@pytest.mark.parametrize(
    ("column", "value", "names"),
    [
        ("authors", "J.K. Rowling, Mary GrandPré", ["J.K. Rowling", "Mary GrandPré"]),
        ("authors", "Verne, Jules", ["Jules Verne"]),
        ("authors", "Sammy Davis, Jr.", ["Sammy Davis, Jr."]),
        ("authors", "Homer, Robert Fagles", ["Homer", "Robert Fagles"]),
        ("author", "Verne, Jules", ["Jules Verne"]),
        ("authors", "A. Lee/B. Day/A. Lee", ["A. Lee", "B. Day"]),
        ("contributors", "Jane Austen; Tony Tanner (introduction)", ["Jane Austen", "Tony Tanner"]),
        ("author", "Unknown", []),
    ],
)
def test_people_in_one_cell_are_told_apart(column, value, names):
    assert [person.name for person in row(column, f'"{value}"').contributors] == names


@pytest.mark.parametrize(
    ("word", "role"), [("Illustrator", Role.ILLUSTRATOR), ("ed.", Role.EDITOR), ("narrator", Role.NARRATOR)]
)
def test_a_role_stands_in_brackets(word, role):
    assert [(p.name, p.role) for p in row("author", f"Quentin Blake ({word})").contributors] == [
        ("Quentin Blake", role)
    ]


def test_what_is_not_a_book_by_its_own_word_is_rejected():
    (rejection,) = read(f"isbn,title,authors\n{ISBN},Mug,NOT A BOOK\n")

    assert "NOT A BOOK" in rejection.reason


@pytest.mark.parametrize(
    ("column", "value", "date", "precision"),
    [
        ("publication_date", "2025-03-01", dt.date(2025, 3, 1), DatePrecision.DAY),
        ("publication_date", "2025", dt.date(2025, 12, 31), DatePrecision.YEAR),
        ("publication_date", "9/16/2006", dt.date(2006, 9, 16), DatePrecision.DAY),
        ("Year-Of-Publication", "2008.0", dt.date(2008, 12, 31), DatePrecision.YEAR),
    ],
)
def test_dates_are_read_as_far_as_they_are_known(column, value, date, precision):
    found = row(column, value).publication_date

    assert (found.date, found.precision) == (date, precision)


@pytest.mark.parametrize("value", ["11/31/2000", "2000-11-31", "16/9/2006", "soon"])
def test_a_date_that_does_not_exist_leaves_the_book_and_warns(value):
    record = row("publication_date", value)

    assert record.publication_date is None
    assert value in record.warnings[0]


@pytest.mark.parametrize(("column", "value"), [("original_publication_year", "1813"), ("Year-Of-Publication", "-750")])
def test_the_year_of_the_work_is_not_the_editions(column, value):
    assert row(column, value).publication_date is None


def test_unknown_words_are_reported_with_their_value():
    record = row("format,language,availability,pages", "Scroll,Gibberish,perhaps,many")

    assert (record.format, record.language, record.pages) == (Format.PRINT, "", None)
    assert record.availability is SupplierAvailability.STOCK_ONLY
    assert [next(v for v in ("Scroll", "Gibberish", "perhaps", "many") if v in w) for w in record.warnings] == [
        "Scroll",
        "Gibberish",
        "many",
        "perhaps",
    ]


def test_no_pages_and_placeholder_pictures_are_nothing():
    record = row("pages,image_url", "0,https://images.example/nophoto/book.png")

    assert (record.pages, record.images, record.warnings) == (None, [], [])


# --- Money ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "currency", "amount", "code"),
    [
        ("7.99", "GBP", "7.99", "GBP"),
        ("£7.99", "", "7.99", "GBP"),
        ("US$16.07", "$", "16.07", "USD"),
        ('"7,99 €"', "", "7.99", "EUR"),
        ('"1.234,50"', "EUR", "1234.50", "EUR"),
        ('"1,234.50"', "USD", "1234.50", "USD"),
        ("EUR 9.90", "", "9.90", "EUR"),
        ("HK$116.63", "HKD", "116.63", "HKD"),
        ("1200", "JPY", "1200", "JPY"),
    ],
)
def test_a_price_takes_the_currency_that_the_file_names(price, currency, amount, code):
    assert row("price,currency", f"{price},{currency}").prices == [PriceRecord(Decimal(amount), code)]


@pytest.mark.parametrize(
    ("price", "currency", "why"),
    [
        ("7.99", "", "names no currency"),
        ("7.99", "$", "dollar of many countries"),
        ("HK$116.63", "$", "in HKD, but the column says “$”"),
        ("£7.99", "EUR", "in GBP, but the column says “EUR”"),
        ("7.99", "USDD", "no currency in use"),
        ("7.99", "DEM", "no currency in use"),
        ('"1,234"', "GBP", "not an amount"),
        ("1e400", "GBP", "not an amount"),
        ("-5", "GBP", "not an amount"),
        ("0", "GBP", "Price 0"),
    ],
)
def test_a_price_that_is_not_sure_is_left_out_and_reported(price, currency, why):
    record = row("price,currency", f"{price},{currency}")

    assert record.prices == []
    assert why in record.warnings[0]
    assert record.not_for_sale == "No price that a consumer may be charged"


def test_nothing_is_the_price_of_a_download_and_of_no_printed_book_in_either_form():
    assert row("price,currency,format", "0.00,GBP,ebook").prices == [PriceRecord(Decimal("0.00"), "GBP")]
    [printed] = read(f"{SIMPLE}Emma,,,,0\n")
    assert (printed.prices, printed.not_for_sale) == ([], "No price that a consumer may be charged")


def test_the_caller_may_say_which_dollar_is_meant():
    assert row("price,currency", "7.99,$", currency="AUD").prices[0].currency == "AUD"
    assert row("price,currency", "US$7.99,$", currency="USD").prices[0].currency == "USD"
    assert row("price,currency", "US$7.99,$", currency="AUD").prices == []
    assert row("price,currency", "7.99,", currency="EUR").prices[0].currency == "EUR"


def test_one_isbn_with_two_prices_is_reported():
    first, second, third = read(f"isbn,title,price,currency\n{ISBN},E,7.99,GBP\n{ISBN},E,7.99,GBP\n{ISBN},E,8.99,GBP\n")

    assert (first.warnings, second.warnings) == ([], [])
    assert "7.99 GBP and 8.99 GBP" in third.warnings[0]


def test_without_a_price_a_book_is_shown_but_not_sold():
    assert one(f"isbn,title\n{ISBN},Emma\n").not_for_sale == "No price"


def test_several_pictures_are_separated_by_a_bar_the_cover_first():
    record = row("name,description,tags,image_filename,price", "Emma,,,front.jpg|back.jpg,7.99")

    assert record.images == ["front.jpg", "back.jpg"]
