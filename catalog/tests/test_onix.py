"""Small messages of our own making: each shows one thing that real senders do."""

import datetime as dt
import io
import time
from decimal import Decimal

import pytest

from catalog.choices import DatePrecision, Format, Role, SupplierAvailability
from catalog.importers import onix
from catalog.importers.onix import tags
from catalog.importers.onix.dates import partial_date
from catalog.importers.records import Block, Notification, PriceRecord, Record, Rejection, UnreadableFile
from catalog.tests.factories import isbn as unassigned

TODAY = dt.date(2025, 6, 1)
ISBN = "9780007232833"
OTHER = "9780804429573"

HEADER_30 = (
    "<Header><Sender><SenderName>Small Press</SenderName></Sender>"
    "<SentDateTime>20250102T1115-0400</SentDateTime></Header>"
)
TITLE_30 = (
    "<TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel>"
    "<TitleText>Roseanna</TitleText></TitleElement></TitleDetail>"
)
PRICE_30 = "<Price><PriceType>02</PriceType><PriceAmount>7.99</PriceAmount><CurrencyCode>GBP</CurrencyCode></Price>"


def identifiers(*pairs: tuple[str, str]) -> str:
    return "".join(
        f"<ProductIdentifier><ProductIDType>{kind}</ProductIDType><IDValue>{value}</IDValue></ProductIdentifier>"
        for kind, value in pairs
    )


def product_30(
    *, ids=(("15", ISBN),), kind="03", form="BC", descriptive="", title=TITLE_30, collateral="", publishing="",
    related="", prices=PRICE_30, availability="20", market="", supply="",
) -> str:  # fmt: skip
    return f"""<Product><RecordReference>r-1</RecordReference><NotificationType>{kind}</NotificationType>
{identifiers(*ids)}<DescriptiveDetail><ProductComposition>00</ProductComposition><ProductForm>{form}</ProductForm>
{title}{descriptive}</DescriptiveDetail><CollateralDetail>{collateral}</CollateralDetail>
<PublishingDetail>{publishing}</PublishingDetail><RelatedMaterial>{related}</RelatedMaterial>
<ProductSupply>{market}<SupplyDetail><ProductAvailability>{availability}</ProductAvailability>{prices}</SupplyDetail>
</ProductSupply>{supply}</Product>"""


def message_30(*products: str, header: str = HEADER_30) -> bytes:
    return (
        '<?xml version="1.0"?><ONIXMessage release="3.0" xmlns="http://ns.editeur.org/onix/3.0/reference">'
        f"{header}{''.join(products)}</ONIXMessage>"
    ).encode()


def product_21(*, ids=(("15", ISBN),), kind="03", title="<TitleText>Roseanna</TitleText>", body="", supply="") -> str:
    return f"""<Product><RecordReference>r-1</RecordReference><NotificationType>{kind}</NotificationType>
{identifiers(*ids)}<ProductForm>BC</ProductForm><Title><TitleType>01</TitleType>{title}</Title>{body}
<SupplyDetail>{supply}</SupplyDetail></Product>"""


def message_21(*products: str, header: str = "<Header><FromCompany>Small Press</FromCompany></Header>") -> bytes:
    return f"<ONIXMessage>{header}{''.join(products)}</ONIXMessage>".encode()


def read(content: bytes | str, **options) -> list[Record | Rejection]:
    content = content.encode() if isinstance(content, str) else content
    return list(onix.read(io.BytesIO(content), today=TODAY, **options))


def one(content: bytes | str, **options) -> Record:
    (record,) = read(content, **options)
    assert isinstance(record, Record), record
    return record


def refused(content: bytes | str) -> Rejection:
    (rejection,) = read(content)
    assert isinstance(rejection, Rejection), rejection
    return rejection


# --- The same book in every dialect ---------------------------------------------------------------------

FULL_30 = message_30(
    f"""<Product><RecordReference>press-1</RecordReference><NotificationType>03</NotificationType>
{identifiers(("01", "77"), ("03", ISBN), ("15", ISBN))}
<DescriptiveDetail><ProductComposition>00</ProductComposition><ProductForm>BC</ProductForm>
<ProductFormDetail>B105</ProductFormDetail>
<Measure><MeasureType>01</MeasureType><Measurement>19.8</Measurement><MeasureUnitCode>cm</MeasureUnitCode></Measure>
<Measure><MeasureType>08</MeasureType><Measurement>7</Measurement><MeasureUnitCode>oz</MeasureUnitCode></Measure>
<Collection><CollectionType>10</CollectionType><TitleDetail><TitleType>01</TitleType>
<TitleElement><TitleElementLevel>02</TitleElementLevel><TitlePrefix>The</TitlePrefix>
<TitleWithoutPrefix>Martin Beck series</TitleWithoutPrefix></TitleElement>
<TitleElement><TitleElementLevel>01</TitleElementLevel><PartNumber>1</PartNumber></TitleElement></TitleDetail></Collection>
<TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel>
<TitlePrefix>The</TitlePrefix><TitleWithoutPrefix>Forgotten</TitleWithoutPrefix><Subtitle>A story</Subtitle>
</TitleElement></TitleDetail>
<Contributor><SequenceNumber>2</SequenceNumber><ContributorRole>B06</ContributorRole>
<PersonName>Lois Roth</PersonName></Contributor>
<Contributor><SequenceNumber>1</SequenceNumber><ContributorRole>A01</ContributorRole>
<NameIdentifier><NameIDType>16</NameIDType><IDValue>0000 0001 2147 9135</IDValue></NameIdentifier>
<NamesBeforeKey>Maj</NamesBeforeKey><KeyNames>Sjöwall</KeyNames>
<BiographicalNote textformat="05"><p>A <em>poet</em>.</p></BiographicalNote></Contributor>
<EditionNumber>2</EditionNumber><EditionType>REV</EditionType>
<Language><LanguageRole>02</LanguageRole><LanguageCode>swe</LanguageCode></Language>
<Language><LanguageRole>01</LanguageRole><LanguageCode>eng</LanguageCode></Language>
<Extent><ExtentType>04</ExtentType><ExtentValue>16</ExtentValue><ExtentUnit>03</ExtentUnit></Extent>
<Extent><ExtentType>00</ExtentType><ExtentValue>245</ExtentValue><ExtentUnit>03</ExtentUnit></Extent>
<Subject><SubjectSchemeIdentifier>20</SubjectSchemeIdentifier>
<SubjectHeadingText>Stockholm; police procedural</SubjectHeadingText></Subject>
<Subject><MainSubject/><SubjectSchemeIdentifier>93</SubjectSchemeIdentifier><SubjectCode>FFP</SubjectCode></Subject>
</DescriptiveDetail>
<CollateralDetail>
<TextContent><TextType>02</TextType><ContentAudience>02</ContentAudience><Text>Sells well.</Text></TextContent>
<TextContent><TextType>02</TextType><ContentAudience>00</ContentAudience><Text>Short.</Text></TextContent>
<TextContent><TextType>03</TextType><ContentAudience>00</ContentAudience>
<Text textformat="05"><p>Long.</p></Text></TextContent>
<SupportingResource><ResourceContentType>01</ResourceContentType><ContentAudience>00</ContentAudience>
<ResourceMode>03</ResourceMode><ResourceVersion><ResourceForm>02</ResourceForm>
<ResourceLink>http://press.example/covers/1.jpg</ResourceLink></ResourceVersion></SupportingResource>
</CollateralDetail>
<PublishingDetail><Imprint><ImprintName>Harbour</ImprintName></Imprint><Publisher><PublishingRole>01</PublishingRole>
<PublisherName>Small Press</PublisherName></Publisher><PublishingStatus>04</PublishingStatus>
<PublishingDate><PublishingDateRole>01</PublishingDateRole><Date dateformat="01">202503</Date></PublishingDate>
<PublishingDate><PublishingDateRole>02</PublishingDateRole><Date dateformat="00">20250310</Date></PublishingDate>
</PublishingDetail>
<RelatedMaterial><RelatedWork><WorkRelationCode>01</WorkRelationCode><WorkIdentifier><WorkIDType>11</WorkIDType>
<IDValue>A02</IDValue></WorkIdentifier></RelatedWork><RelatedProduct><ProductRelationCode>06</ProductRelationCode>
{identifiers(("15", OTHER))}</RelatedProduct></RelatedMaterial>
<ProductSupply><SupplyDetail><ProductAvailability>21</ProductAvailability>{PRICE_30}</SupplyDetail></ProductSupply>
</Product>"""
)


def short_tags(content: bytes) -> bytes:
    words = tags.SHORT_TAGS.split()
    short = dict(zip(words[1::2], words[::2], strict=True))
    text = content.decode()
    for name in sorted([*short, *tags.COMPOSITES.split(), "Product", "Header"], key=len, reverse=True):
        for opening in ("<", "</"):
            for closing in (">", "/>", " "):
                text = text.replace(f"{opening}{name}{closing}", f"{opening}{short.get(name, name.lower())}{closing}")
    return text.replace("ONIXMessage", "ONIXmessage").replace("/reference", "/short").encode()


@pytest.mark.parametrize(
    "dialect",
    [
        FULL_30,
        short_tags(FULL_30),
        FULL_30.replace(b"3.0", b"3.1"),
        FULL_30.replace(b"ns.editeur.org", b"www.editeur.org"),
        FULL_30.replace(b' xmlns="http://ns.editeur.org/onix/3.0/reference"', b""),
        FULL_30.replace(b"<?xml", b"\xef\xbb\xbf<?xml"),
        FULL_30.decode().encode("utf-16"),
        FULL_30.decode().replace('"1.0"', '"1.0" encoding="ISO-8859-1"').encode("latin-1"),
    ],
    ids=["reference", "short", "3.1", "wrong namespace", "no namespace", "BOM", "UTF-16", "ISO-8859-1"],
)
def test_the_same_book_is_read_alike_in_every_dialect(dialect):
    record = one(dialect)

    assert (record.isbn, record.reference, record.sender) == (ISBN, "press-1", "Small Press")
    assert record.sent_at == dt.datetime(2025, 1, 2, 15, 15, tzinfo=dt.UTC)
    assert (record.notification, record.blocks) == (Notification.FULL, frozenset(Block))
    assert (record.title, record.subtitle, record.sort_title) == ("The Forgotten", "A story", "Forgotten, The")
    assert (record.series, record.series_number) == ("The Martin Beck series", "1")
    assert record.edition_statement == "2nd edition, revised"
    assert record.format is Format.PAPERBACK
    author, translator = record.contributors
    assert (author.name, author.role, author.sort_name) == ("Maj Sjöwall", Role.AUTHOR, "Sjöwall, Maj")
    assert (author.isni, author.biography) == ("0000000121479135", "<p>A <em>poet</em>.</p>")
    assert (translator.name, translator.role) == ("Lois Roth", Role.TRANSLATOR)
    assert (record.language, record.pages, record.height_mm, record.weight_g) == ("en", 245, 198, 198)
    assert record.tags == ["Crime and mystery", "Stockholm", "police procedural"]
    assert (record.description, record.short_description) == ("<p>Long.</p>", "Short.")
    assert record.images == ["https://press.example/covers/1.jpg"]
    assert (record.publisher, record.imprint) == ("Small Press", "Harbour")
    assert record.publication_date.date == dt.date(2025, 3, 31)
    assert record.publication_date.precision is DatePrecision.MONTH
    assert record.embargo_date == dt.date(2025, 3, 10)
    assert (record.work_ids, record.related_isbns) == ({"11:A02"}, {OTHER})
    assert record.availability is SupplierAvailability.AVAILABLE
    assert record.prices == [PriceRecord(Decimal("7.99"), "GBP")]
    assert (record.not_for_sale, record.warnings) == ("", [])


def test_a_flat_2_1_product_gives_the_same_kind_of_record():
    record = one(
        message_21(
            product_21(
                title="<TitleText>The Garden</TitleText><TitlePrefix>The</TitlePrefix>"
                "<TitleWithoutPrefix>Garden</TitleWithoutPrefix>",
                body="""<Series><TitleOfSeries>Gardens</TitleOfSeries><NumberWithinSeries>2</NumberWithinSeries></Series>
<WorkIdentifier><WorkIDType>01</WorkIDType><IDValue>42</IDValue></WorkIdentifier>
<Contributor><ContributorRole>A01</ContributorRole><PersonNameInverted>Morton Kate</PersonNameInverted></Contributor>
<NumberOfPages>500</NumberOfPages><BICMainSubject>FV</BICMainSubject>
<OtherText><TextTypeCode>25</TextTypeCode><Text>For the trade.</Text></OtherText>
<OtherText><TextTypeCode>01</TextTypeCode><Text>&lt;p&gt;A &amp;amp; B&lt;/p&gt;</Text></OtherText>
<MediaFile><MediaFileTypeCode>04</MediaFileTypeCode><MediaFileLink>covers\\1.jpg</MediaFileLink></MediaFile>
<PublishingStatus>02</PublishingStatus><PublicationDate>20250701</PublicationDate>""",
                supply="""<SupplyToCountry>GB IE</SupplyToCountry><AvailabilityCode>NP</AvailabilityCode>
<OnSaleDate>20250702</OnSaleDate><Price><PriceTypeCode>02</PriceTypeCode><PriceAmount>9.99</PriceAmount>
<CurrencyCode>GBP</CurrencyCode></Price>""",
            )
        )
    )

    assert (record.title, record.sort_title) == ("The Garden", "Garden, The")
    assert (record.series, record.series_number) == ("Gardens", "2")
    assert [(c.name, c.sort_name) for c in record.contributors] == [("Kate Morton", "Morton, Kate")]
    assert (record.pages, record.tags) == (500, ["Historical fiction"])
    assert record.description == "<p>A &amp; B</p>"
    assert record.images == ["1.jpg"]
    assert record.work_ids == {"01:42"}
    assert record.publication_date.date == dt.date(2025, 7, 1)
    assert record.embargo_date == dt.date(2025, 7, 2)
    assert record.availability is SupplierAvailability.FORTHCOMING
    assert [price.amount for price in record.prices] == [Decimal("9.99")]
    assert record.not_for_sale == ""


def test_a_bare_product_without_a_message_is_read():
    assert one(product_30()).title == "Roseanna"


def test_products_with_a_namespace_prefix_are_read():
    content = (
        '<o:ONIXMessage xmlns:o="http://ns.editeur.org/onix/3.0/reference">'
        + product_30().replace("</", "</o:").replace("<", "<o:").replace("<o:/o:", "</o:")
        + "</o:ONIXMessage>"
    )

    assert one(content).title == "Roseanna"


# --- Identifiers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "isbn"),
    [
        ((("02", "080442957X"),), OTHER),
        ((("03", ISBN),), ISBN),
        ((("01", "9780000000000"), ("15", f" {ISBN}\u200b")), ISBN),
        ((("03", "5010106113110"),), "5010106113110"),
        ((("03", "9790007672386"),), "9790007672386"),
    ],
)
def test_the_best_identifier_of_the_product_itself_counts(ids, isbn):
    assert one(message_30(product_30(ids=ids))).isbn == isbn


@pytest.mark.parametrize("value", ["9780000000000", "978123456789", "9790007672386", "ABC"])
def test_a_bad_isbn_rejects_the_record_with_its_value(value):
    rejection = refused(message_30(product_30(ids=(("15", value),))))

    assert (rejection.position, rejection.reference) == (1, "r-1")
    assert value in rejection.reason


def test_an_isbn_of_a_related_product_does_not_name_this_one():
    related = (
        f"<RelatedProduct><ProductRelationCode>06</ProductRelationCode>{identifiers(('15', OTHER))}</RelatedProduct>"
    )

    assert "No ISBN and no GTIN-13" in refused(message_30(product_30(ids=(), related=related))).reason


def test_two_isbns_in_one_record_are_reported():
    record = one(message_30(product_30(ids=(("15", ISBN), ("15", OTHER)))))

    assert record.isbn == ISBN
    assert f"{ISBN} and {OTHER}" in record.warnings[0]


# --- Notifications --------------------------------------------------------------------------------------


def test_a_missing_notification_type_is_read_as_complete_and_reported():
    record = one(message_30(product_30(kind="")))

    assert record.notification is Notification.FULL
    assert "notification type is missing" in record.warnings[0]


def test_a_deletion_needs_no_title():
    record = one(message_30(f"<Product><RecordReference>r</RecordReference><NotificationType>05</NotificationType>"
                            f"{identifiers(('15', ISBN))}</Product>"))  # fmt: skip

    assert (record.notification, record.isbn, record.reference) == (Notification.DELETE, ISBN, "r")


def test_a_block_update_names_the_blocks_that_it_replaces():
    record = one(
        message_30(
            f"<Product><RecordReference>r</RecordReference><NotificationType>04</NotificationType>"
            f"{identifiers(('15', ISBN))}<ProductSupply><SupplyDetail><ProductAvailability>51</ProductAvailability>"
            f"{PRICE_30}</SupplyDetail></ProductSupply></Product>"
        )
    )

    assert (record.notification, record.blocks) == (Notification.BLOCKS, {Block.SUPPLY})
    assert record.availability is SupplierAvailability.OUT_OF_PRINT
    assert record.title == ""


def test_a_partial_update_of_2_1_is_refused():
    assert "complete record" in refused(message_21(product_21(kind="04"))).reason


@pytest.mark.parametrize("kind", ["08", "09", "88", "89"])
def test_notices_and_tests_are_skipped(kind):
    assert refused(message_30(product_30(kind=kind))).reason.startswith("skipped: ")


# --- Form and what may be sold --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("BB", Format.HARDBACK),
        ("BC", Format.PAPERBACK),
        ("BH", Format.BOARD_BOOK),
        ("BA", Format.PRINT),
        ("ED", Format.EBOOK),
        ("DG", Format.EBOOK),
        ("AJ", Format.AUDIOBOOK),
        ("AC", Format.AUDIO_CD),
        ("CB", Format.MAP),
        ("PI", Format.SHEET_MUSIC),
        ("PC", Format.GIFT),
        ("ZJ", Format.GIFT),
        ("SB", Format.SET),
        ("VI", Format.DISC),
    ],
)
def test_forms_are_grouped_as_shoppers_know_them(form, shown):
    assert one(message_30(product_30(form=form))).format is shown


@pytest.mark.parametrize("product", [product_30(form="XC"), product_30().replace(">00<", ">30<")])
def test_trade_material_never_enters(product):
    assert refused(message_30(product)).reason.startswith("trade-only")


def test_without_a_form_a_book_enters_but_is_not_sold():
    record = one(message_30(product_30(form="")))

    assert record.format is Format.PRINT
    assert record.not_for_sale == "No product form: may be trade material"


@pytest.mark.parametrize(
    ("publishing", "why"),
    [
        ("", ""),
        ("<SalesRights><SalesRightsType>01</SalesRightsType><Territory><RegionsIncluded>WORLD</RegionsIncluded></Territory></SalesRights>", ""),  # noqa: E501
        ("<SalesRights><SalesRightsType>01</SalesRightsType><Territory><CountriesIncluded>IE GB</CountriesIncluded></Territory></SalesRights>", ""),  # noqa: E501
        ("<SalesRights><SalesRightsType>03</SalesRightsType><Territory><CountriesIncluded>GB</CountriesIncluded></Territory></SalesRights>", "No sales rights for GB"),  # noqa: E501
        ("<SalesRights><SalesRightsType>01</SalesRightsType><Territory><RegionsIncluded>WORLD</RegionsIncluded><CountriesExcluded>GB</CountriesExcluded></Territory></SalesRights>", "Sales rights are stated for other countries, not for GB"),  # noqa: E501
        ("<SalesRights><SalesRightsType>01</SalesRightsType><Territory><CountriesIncluded>US</CountriesIncluded></Territory></SalesRights><ROWSalesRightsType>02</ROWSalesRightsType>", ""),  # noqa: E501
        ("<SalesRights><SalesRightsType>01</SalesRightsType><Territory><CountriesIncluded>US</CountriesIncluded></Territory></SalesRights><ROWSalesRightsType>03</ROWSalesRightsType>", "No sales rights for GB"),  # noqa: E501
    ],
)  # fmt: skip
def test_sales_rights_decide_whether_a_book_may_be_sold_here(publishing, why):
    assert one(message_30(product_30(publishing=publishing))).not_for_sale == why


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("10", SupplierAvailability.FORTHCOMING),
        ("21", SupplierAvailability.AVAILABLE),
        ("22", SupplierAvailability.SPECIAL_ORDER),
        ("23", SupplierAvailability.PRINT_ON_DEMAND),
        ("31", SupplierAvailability.TEMPORARILY_OUT),
        ("51", SupplierAvailability.OUT_OF_PRINT),
        ("40", SupplierAvailability.NOT_AVAILABLE),
        ("99", SupplierAvailability.STOCK_ONLY),
        ("", SupplierAvailability.STOCK_ONLY),
    ],
)
def test_the_supplier_says_whether_a_book_can_be_ordered(code, answer):
    assert one(message_30(product_30(availability=code))).availability is answer


def test_a_recall_outweighs_the_suppliers_stock():
    record = one(message_30(product_30(publishing="<PublishingStatus>15</PublishingStatus>")))

    assert record.availability is SupplierAvailability.NOT_AVAILABLE
    assert record.not_for_sale == "Recalled"
    assert "recalled" in record.warnings[0]


# --- Prices ---------------------------------------------------------------------------------------------


def price(amount="7.99", currency="GBP", kind="02", more="") -> str:
    code = f"<CurrencyCode>{currency}</CurrencyCode>" if currency else ""
    return f"<Price><PriceType>{kind}</PriceType>{more}<PriceAmount>{amount}</PriceAmount>{code}</Price>"


def prices_of(*prices: str, **options) -> list[PriceRecord]:
    return one(message_30(product_30(prices="".join(prices))), **options).prices


def territory(**named: str) -> str:
    return "<Territory>" + "".join(f"<{name}>{codes}</{name}>" for name, codes in named.items()) + "</Territory>"


@pytest.mark.parametrize("kind", ["05", "06", "07", "08", "09", "15", "17", "25", "27", "31", "32", "35", "36", "37"])
def test_a_price_for_the_trade_is_never_a_shelf_price(kind):
    record = one(message_30(product_30(prices=price(kind=kind))))

    assert record.prices == []
    assert record.not_for_sale == "No price that a consumer may be charged"


@pytest.mark.parametrize("qualifier", ["02", "03", "06", "10", "11", "14", "01", "08"])
def test_a_price_for_libraries_members_or_sets_is_left_out(qualifier):
    assert prices_of(price(more=f"<PriceQualifier>{qualifier}</PriceQualifier>")) == []


def test_a_price_for_a_quantity_is_left_out():
    assert prices_of(price(more="<MinimumOrderQuantity>24</MinimumOrderQuantity>")) == []


@pytest.mark.parametrize("kind", ["03", "04", "13", "14", "23", "24", "33", "34", "41", "42"])
def test_a_fixed_price_is_marked_so(kind):
    (found,) = prices_of(price(kind=kind))

    assert found.fixed is True
    assert found.tax_included is (kind in ("04", "14", "24", "34", "42"))


def test_our_own_countrys_price_is_preferred_and_other_currencies_stay():
    found = prices_of(
        price("8.99", "GBP", more=territory(RegionsIncluded="WORLD")),
        price("7.99", "GBP", more=territory(CountriesIncluded="GB")),
        price("6.99", "GBP", more=territory(RegionsIncluded="WORLD", CountriesExcluded="GB")),
        price("9.99", "EUR", kind="01", more=territory(CountriesIncluded="IE")),
    )

    assert [(p.amount, p.currency, p.tax_included) for p in found] == [
        (Decimal("7.99"), "GBP", True),
        (Decimal("9.99"), "EUR", False),
    ]


def test_a_price_of_our_currency_for_other_countries_is_not_ours():
    record = one(message_30(product_30(prices=price(more=territory(CountriesIncluded="IE")))))

    assert record.prices == []
    assert "other countries" in record.warnings[0]


def test_the_market_that_holds_our_country_decides_on_availability_and_price():
    def supply(country: str, availability: str, amount: str) -> str:
        return (
            f"<ProductSupply><Market>{territory(CountriesIncluded=country)}</Market><SupplyDetail>"
            f"<ProductAvailability>{availability}</ProductAvailability>{price(amount)}</SupplyDetail></ProductSupply>"
        )

    product = product_30().replace(
        "<ProductSupply>", supply("AU", "40", "19.99") + supply("GB", "20", "7.99") + "<Ignored>"
    )
    record = one(message_30(product.replace("</ProductSupply></Product>", "</Ignored></Product>").replace(
        "</SupplyDetail>\n</ProductSupply></Product>", "</SupplyDetail></Ignored></Product>")))  # fmt: skip

    assert record.availability is SupplierAvailability.AVAILABLE
    assert [p.amount for p in record.prices] == [Decimal("7.99")]


def test_dated_prices_stay_beside_the_ordinary_one_and_ended_ones_go():
    def dated(start: str, end: str) -> str:
        return (
            f"<PriceQualifier>08</PriceQualifier><PriceDate><PriceDateRole>14</PriceDateRole><Date>{start}</Date></PriceDate>"
            f"<PriceDate><PriceDateRole>15</PriceDateRole><Date>{end}</Date></PriceDate>"
        )

    found = prices_of(
        price("8.99"),
        price("4.99", more=dated("20250701", "20250715")),
        price("3.99", more=dated("20240101", "20240131")),
    )

    assert {(p.amount, p.starts_on, p.ends_on) for p in found} == {
        (Decimal("8.99"), None, None),
        (Decimal("4.99"), dt.date(2025, 7, 1), dt.date(2025, 7, 15)),
    }


def test_a_price_without_a_currency_takes_the_headers_then_the_callers_never_the_shops():
    nameless = message_30(product_30(prices=price(currency="")))
    header = HEADER_30.replace("</Header>", "<DefaultCurrencyCode>AUD</DefaultCurrencyCode></Header>")

    assert one(nameless).prices == []
    assert "names a currency" in one(nameless).warnings[0]
    assert one(nameless, currency="usd").prices[0].currency == "USD"
    assert (
        one(message_30(product_30(prices=price(currency="")), header=header), currency="USD").prices[0].currency
        == "AUD"
    )


def test_a_default_price_type_of_the_header_holds():
    header = "<Header><DefaultPriceTypeCode>02</DefaultPriceTypeCode></Header>"
    supply = "<Price><PriceAmount>5.00</PriceAmount><CurrencyCode>GBP</CurrencyCode></Price>"

    assert one(message_21(product_21(supply=supply), header=header)).prices[0].tax_included is True
    assert "what kind of price" in one(message_21(product_21(supply=supply))).warnings[0]


@pytest.mark.parametrize("amount", ["NaN", "1e400", "12,50", "-5", "٣", "Infinity", "1 000", "99999999"])
def test_what_is_no_amount_is_left_out_and_reported(amount):
    record = one(message_30(product_30(prices=price(amount))))

    assert record.prices == []
    assert amount in record.warnings[0]


@pytest.mark.parametrize("currency", ["USDD", "DEM", "XXX", "GB", "£"])
def test_a_currency_that_nobody_pays_in_is_reported(currency):
    record = one(message_30(product_30(prices=price(currency=currency))))

    assert record.prices == []
    assert f"“{currency}” is no currency in use" in record.warnings[0]


def test_prices_are_held_in_the_minor_units_of_their_currency():
    (found,) = prices_of(price("1200.00", "JPY"))

    assert str(found.amount) == "1200"


def test_zero_is_free_for_an_ebook_and_unknown_for_a_printed_book():
    assert prices_of(price("0.00")) == []
    assert one(message_30(product_30(form="ED", prices=price("0.00")))).prices == [PriceRecord(Decimal("0.00"), "GBP")]


@pytest.mark.parametrize(
    ("code", "why"), [("01", ""), ("02", "Price to be announced"), ("03", "Not sold separately")]
)  # fmt: skip
def test_an_unpriced_item_says_why(code, why):
    record = one(message_30(product_30(prices=f"<UnpricedItemType>{code}</UnpricedItemType>")))

    assert record.not_for_sale == why
    assert record.prices == ([PriceRecord(Decimal("0.00"), "GBP")] if code == "01" else [])


# --- People, titles, texts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "name", "sort_name"),
    [
        ("<PersonNameInverted>Sjöwall, Maj</PersonNameInverted>", "Maj Sjöwall", "Sjöwall, Maj"),
        ("<PersonNameInverted>Morton Kate</PersonNameInverted>", "Kate Morton", "Morton, Kate"),
        ("<PersonNameInverted>A&amp;U POS</PersonNameInverted>", "A&U POS", ""),
        ("<PersonNameInverted>Marsh, B; Goldie, J</PersonNameInverted>", "Marsh, B; Goldie, J", ""),
        ("<PersonNameInverted>Vega Lopez Ana</PersonNameInverted>", "Vega Lopez Ana", ""),
        ("<PersonNameInverted>Davis, Sammy, Jr.</PersonNameInverted>", "Sammy Davis, Jr.", "Davis, Sammy, Jr."),
        ("<CorporateName>Lonely &amp;amp; Co</CorporateName>", "Lonely & Co", ""),
        ("<UnnamedPersons>04</UnnamedPersons>", "Various", ""),
        ("<NamesBeforeKey>Ludwig</NamesBeforeKey><PrefixToKey>van</PrefixToKey><KeyNames>Beethoven</KeyNames>", "Ludwig van Beethoven", "Beethoven, Ludwig"),  # noqa: E501
    ],
)  # fmt: skip
def test_names_are_shown_in_the_best_order_that_the_fields_allow(fields, name, sort_name):
    people = f"<Contributor><ContributorRole>A01</ContributorRole>{fields}</Contributor>"
    (person,) = one(message_30(product_30(descriptive=people))).contributors

    assert (person.name, person.sort_name) == (name, sort_name)


@pytest.mark.parametrize("name", ["No Author Provided", "&lt;=", "Unknown", "N/A"])
def test_nobody_is_not_a_person(name):
    people = f"<Contributor><ContributorRole>A01</ContributorRole><PersonName>{name}</PersonName></Contributor>"

    assert one(message_30(product_30(descriptive=people))).contributors == []


def test_editing_and_translating_are_two_roles_of_one_person():
    people = "<Contributor><ContributorRole>B10</ContributorRole><PersonName>Ann Lee</PersonName></Contributor>"

    assert [(c.name, c.role) for c in one(message_30(product_30(descriptive=people))).contributors] == [
        ("Ann Lee", Role.EDITOR),
        ("Ann Lee", Role.TRANSLATOR),
    ]


def test_the_series_name_is_not_the_title():
    title = TITLE_30.replace(">01</TitleElementLevel>", ">02</TitleElementLevel>").replace("Roseanna", "Martin Beck")

    assert one(message_30(product_30(descriptive=f"<Collection>{title}</Collection>"))).title == "Roseanna"


def test_a_record_without_a_title_is_rejected():
    assert refused(message_30(product_30(title=""))).reason == "No title."


def test_a_title_of_a_hundred_thousand_characters_is_rejected_and_a_long_one_cut():
    assert (
        "100,000 characters"
        in refused(message_30(product_30(title=TITLE_30.replace("Roseanna", "a" * 100_000)))).reason
    )
    record = one(message_30(product_30(title=TITLE_30.replace("Roseanna", "word " * 100))))
    assert len(record.title) <= 255
    assert record.title.endswith("word…")
    assert "499 characters" in record.warnings[0]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Plain &amp; simple.\n\nSecond.", "<p>Plain &amp; simple.</p><p>Second.</p>"),
        ("&lt;p&gt;Once&lt;/p&gt;", "<p>Once</p>"),
        ("&amp;lt;p&amp;gt;Twice &amp;amp;eacute;&amp;lt;/p&amp;gt;", "<p>Twice é</p>"),
        ("<![CDATA[<p onclick='x()'>C<br/>D</p><script>x()</script>]]>", "<p>C<br>D</p>"),
        ("<p>E <a href='javascript:x'>link</a> <i>i</i></p>", "<p>E link <i>i</i></p>"),
        ("&lt;h2&gt;Head&lt;/h2&gt;text", "<p>Head</p>text"),
        ("1 &lt; 2 &amp; 3", "<p>1 &lt; 2 &amp; 3</p>"),
        ("Caf&eacute; &ndash; &#146;s", "<p>Café – ’s</p>"),
        ("<svg onload=\"x()\"/><p><img src='x' onerror='y'/>F</p>", "<p>F</p>"),
    ],
)
def test_texts_are_decided_by_their_content_and_sanitised(sent, shown):
    texts = f"<TextContent><TextType>03</TextType><Text>{sent}</Text></TextContent>"

    assert one(message_30(product_30(collateral=texts))).description == shown


def test_what_is_written_for_the_trade_does_not_leak():
    texts = (
        "<TextContent><TextType>03</TextType><ContentAudience>02</ContentAudience><Text>50% off</Text></TextContent>"
    )

    assert one(message_30(product_30(collateral=texts))).description == ""


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://a.example/c.jpg", ["https://a.example/c.jpg"]),
        ("../../etc/c.jpg", ["c.jpg"]),
        ("file:///etc/passwd", []),
        ("javascript:alert(1)//c.jpg", []),
        ("ftp://a.example/c.jpg", []),
    ],
)
def test_a_picture_is_a_web_address_or_the_bare_name_of_a_file(link, kept):
    picture = (
        "<SupportingResource><ResourceContentType>01</ResourceContentType><ResourceMode>03</ResourceMode>"
        f"<ResourceVersion><ResourceLink>{link}</ResourceLink></ResourceVersion></SupportingResource>"
    )

    assert one(message_30(product_30(collateral=picture))).images == kept


@pytest.mark.parametrize(
    ("sent", "date", "precision"),
    [
        ("20250301", dt.date(2025, 3, 1), DatePrecision.DAY),
        ("2025-03-01", dt.date(2025, 3, 1), DatePrecision.DAY),
        ("20110601T000000+0200", dt.date(2011, 6, 1), DatePrecision.DAY),
        ("202402", dt.date(2024, 2, 29), DatePrecision.MONTH),
        ("20240200", dt.date(2024, 2, 29), DatePrecision.MONTH),
        ("2024", dt.date(2024, 12, 31), DatePrecision.YEAR),
        ("20240000", dt.date(2024, 12, 31), DatePrecision.YEAR),
    ],
)
def test_only_as_much_of_a_date_as_is_known(sent, date, precision):
    found = partial_date(sent)

    assert (found.date, found.precision) == (date, precision)


@pytest.mark.parametrize("sent", ["20251131", "soon", "20251301", "99999999"])
def test_a_date_that_does_not_exist_leaves_the_book_and_warns(sent):
    publishing = f"<PublishingDate><PublishingDateRole>01</PublishingDateRole><Date>{sent}</Date></PublishingDate>"
    record = one(message_30(product_30(publishing=publishing)))

    assert record.publication_date is None
    assert sent in record.warnings[0]


def test_zeros_are_no_date():
    assert partial_date("00000000") is None


@pytest.mark.parametrize(
    ("value", "unit", "minutes"),
    [("630", "05", 630), ("01030", "15", 630), ("0103000", "16", 630), ("10.5", "04", 630)],
)
def test_durations_come_in_minutes(value, unit, minutes):
    extent = (
        f"<Extent><ExtentType>09</ExtentType><ExtentValue>{value}</ExtentValue><ExtentUnit>{unit}</ExtentUnit></Extent>"
    )

    assert one(message_30(product_30(form="AJ", descriptive=extent))).duration_minutes == minutes


# --- Broken and hostile files ---------------------------------------------------------------------------


def test_a_legitimate_doctype_is_accepted_and_never_fetched():
    doctype = b'<!DOCTYPE ONIXMessage SYSTEM "http://127.0.0.1:9/onix-international.dtd">'

    assert one(doctype + message_21(product_21())).title == "Roseanna"


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x "lol"><!ENTITY y "&x;&x;&x;">',
        '<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;',
        '<!-- ]> <ONIXMessage> --><!ENTITY x "y">',
    ],
)
def test_a_file_that_declares_entities_is_refused(subset):
    content = f"<!DOCTYPE ONIXMessage [{subset}]>".encode() + message_21(product_21(title="<TitleText>&x;</TitleText>"))
    begun = time.monotonic()

    with pytest.raises(UnreadableFile, match="declares entities"):
        read(content)
    assert time.monotonic() - begun < 1


def test_an_include_of_another_file_includes_nothing():
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
    title = f"<TitleText>{include}</TitleText>"

    assert refused(message_21(product_21(title=title))).reason == "No title."


def test_elements_nested_without_end_are_refused_and_the_next_product_is_read():
    deep = product_21(body="<a>" * 20_000 + "</a>" * 20_000)
    begun = time.monotonic()

    rejection, record = read(message_21(deep, product_21()))

    assert "not well-formed" in rejection.reason
    assert record.position == 2
    assert time.monotonic() - begun < 1


def test_one_broken_product_does_not_cost_the_others():
    items = read(message_30(product_30(), "\n<Product><a></b></Product>\n", product_30(ids=(("15", OTHER),))))

    assert [type(item) for item in items] == [Record, Rejection, Record]
    assert items[1].position == 2
    assert "line 7 is not well-formed XML" in items[1].reason
    assert items[2].isbn == OTHER


def test_half_a_file_gives_what_is_complete_and_says_where_it_breaks_off():
    content = message_30(product_30(), product_30(ids=(("15", OTHER),)), "\n<Product>\n<Record")[
        : -len("</ONIXMessage>")
    ]

    *records, end = read(content)

    assert [record.isbn for record in records] == [ISBN, OTHER]
    assert end.position == 3
    assert end.reason.startswith("The file breaks off at line 13, inside the product that begins in line 12.")


def test_a_file_that_ends_between_two_products_breaks_off_too():
    record, end = read(message_30(product_30())[: -len("</ONIXMessage>")])

    assert record.isbn == ISBN
    assert "before the end of the message" in end.reason


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<rss><item/></rss>", "root element is <rss>"),
        (b"<ONIXMessage><Header/></ONIXMessage>", "no product"),
        (b"<ONIXMessage><Product><Rec", "breaks off at line 1"),
        (b"<?xml version='1.0'?>", "before its first element"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused(content, why):
    with pytest.raises(UnreadableFile, match=why):
        read(content)


def test_a_product_inside_a_comment_or_a_text_is_not_one():
    text = "<TextContent><TextType>03</TextType><Text><![CDATA[</Product><Product>]]></Text></TextContent>"
    record = one(message_30("<!-- <Product> -->", product_30(collateral=text)))

    assert record.title == "Roseanna"


@pytest.mark.parametrize("opened", ["<!-- never closed", "<![CDATA[never closed"])
@pytest.mark.parametrize("behind", ["", "<!-- a comment --><![CDATA[ ]]>"])
def test_a_section_that_is_never_closed_costs_its_product_alone(opened, behind):
    broken = product_30(ids=(("15", ISBN),)).replace("<TitleText>", f"<TitleText>{opened}", 1)
    others = [product_30(ids=(("15", unassigned(number)),)) for number in range(3)]

    first, bad, second, last = read(message_30(others[0], broken, others[1] + behind, others[2]))

    assert [record.isbn for record in (first, second, last)] == [unassigned(number) for number in range(3)]
    assert "a comment or a CDATA section in it is never closed" in bad.reason
    alone, at_the_end = read(message_30(others[0], broken))
    assert (alone.isbn, "never closed" in at_the_end.reason) == (unassigned(0), True)


def test_a_comment_between_products_that_is_never_closed_hides_none():
    one, two = (product_30(ids=(("15", unassigned(number)),)) for number in range(2))
    assert [record.isbn for record in read(message_30(one, f"<!-- the spring list {two}"))] == [
        unassigned(0), unassigned(1),
    ]  # fmt: skip


def test_a_section_that_is_never_closed_costs_its_product_alone_in_a_long_file_too():
    products = [product_30(ids=(("15", unassigned(number)),)) for number in range(8_000)]
    broken = product_30().replace("<TitleText>", "<TitleText><!--", 1)

    results = read(message_30(broken, *products))

    assert [type(result) for result in results] == [Rejection, *[Record] * 8_000]


def test_what_is_wrong_with_the_header_is_said_at_the_first_product():
    unknown = message_30(product_30(), product_30()).replace(b'"1.0"?', b'"1.0" encoding="KLINGON-9"?', 1)
    first, second = read(unknown)
    assert ("KLINGON-9" in " ".join(first.warnings), second.warnings) == (True, [])

    first, second = read(message_30(product_30(), product_30(), header="<Header><Sender></Header>"))
    assert "The header cannot be read" in first.warnings[0]


def test_undeclared_windows_1252_is_read_and_reported_with_its_line():
    content = message_21(product_21()).replace(b"Roseanna", b"Caf\xe9 \x96 bar")
    record = one(content)

    assert record.title == "Café – bar"
    assert record.warnings[0].startswith("Line 2: 0xE9 is not UTF-8; read as Windows-1252: “é”.")


def test_a_repair_is_reported_at_the_product_where_it_was_made():
    content = message_21(product_21(), product_21(ids=(("15", OTHER),)).replace("Roseanna", "Caf\xe9"), product_21())
    first, second, third = read(content.replace("\xe9".encode(), b"\xe9"))

    assert [bool(record.warnings) for record in (first, second, third)] == [False, True, False]


def test_text_that_was_encoded_twice_is_read_as_it_was_meant():
    record = one(message_21(product_21(title="<TitleText>Itâ€™s SjÃ¶wall</TitleText>")))

    assert record.title == "It’s Sjöwall"
    assert "encoded twice" in record.warnings[0]


def test_control_characters_are_left_out_and_reported():
    record = one(message_21(product_21(title="<TitleText>Rose\x0banna</TitleText>")))

    assert record.title == "Roseanna"
    assert "control character 0x0B" in record.warnings[0]


@pytest.mark.parametrize(
    ("sent", "title"),
    [
        ("War &ndash; Pe&aacute;ce", "War – Peáce"),
        ("A & B", "A & B"),
        ("A &nosuchthing; B", "A &nosuchthing; B"),
        ("A &amp; B &lt;3", "A & B <3"),
        ("A&#11;B&#xFFFF;", "AB"),
    ],
)
def test_named_entities_and_bare_ampersands_are_understood(sent, title):
    assert one(message_21(product_21(title=f"<TitleText>{sent}</TitleText>"))).title == title


def test_memory_stays_flat_over_many_products():
    import tracemalloc

    class Feed(io.RawIOBase):
        """A message of 5,000 products that is never held as a whole."""

        def __init__(self):
            product = product_30().encode()
            self.parts = iter([b"<ONIXMessage>", *([product] * 5_000), b"</ONIXMessage>"])
            self.rest = b""

        def readable(self):
            return True

        def readinto(self, buffer):
            self.rest = self.rest or next(self.parts, b"")
            taken, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
            buffer[: len(taken)] = taken
            return len(taken)

    tracemalloc.start()
    count = sum(1 for _ in onix.read(io.BufferedReader(Feed()), today=TODAY))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 5_000
    assert peak < 20_000_000
