"""Names of ONIX elements: which ones are read, and their short tags."""

from __future__ import annotations

SHORT_TAGS = """
    a001 RecordReference  a002 NotificationType  b003 PublicationDate  b004 ISBN  b005 EAN13  b012 ProductForm
    b018 TitleOfSeries  b019 NumberWithinSeries  b028 DistinctiveTitle  b029 Subtitle  b030 TitlePrefix
    b031 TitleWithoutPrefix  b034 SequenceNumber  b035 ContributorRole  b036 PersonName  b037 PersonNameInverted
    b038 TitlesBeforeNames  b039 NamesBeforeKey  b040 KeyNames  b041 NamesAfterKey  b044 BiographicalNote
    b047 CorporateName  b056 EditionTypeCode  b057 EditionNumber  b058 EditionStatement  b061 NumberOfPages
    b064 BASICMainSubject  b065 BICMainSubject  b067 SubjectSchemeIdentifier  b069 SubjectCode
    b070 SubjectHeadingText  b079 ImprintName  b081 PublisherName  b089 SalesRightsType  b090 RightsCountry
    b191 MainSubjectSchemeIdentifier  b201 WorkIDType  b202 TitleType  b203 TitleText  b211 EpubType
    b218 ExtentType  b219 ExtentValue  b220 ExtentUnit  b221 ProductIDType  b244 IDValue  b247 PrefixToKey
    b248 SuffixToKey  b249 UnnamedPersons  b251 CountryCode  b252 LanguageCode  b253 LanguageRole
    b291 PublishingRole  b306 Date  b333 ProductFormDetail  b388 RightsTerritory  b390 PersonNameIDType
    b394 PublishingStatus  c093 MeasureTypeCode  c094 Measurement  c095 MeasureUnitCode  d102 TextTypeCode
    d104 Text  f114 MediaFileTypeCode  f117 MediaFileLink  h208 RelationCode  j137 SupplierName
    j138 SupplyToCountry  j140 SupplyToCountryExcluded  j141 AvailabilityCode  j143 OnSaleDate
    j148 PriceTypeCode  j151 PriceAmount  j152 CurrencyCode  j161 PriceEffectiveFrom  j162 PriceEffectiveUntil
    j192 UnpricedItemType  j239 PricePer  j260 DateFormat  j261 PriceQualifier  j263 MinimumOrderQuantity
    j303 Territory  j304 CountryExcluded  j308 TerritoryExcluded  j396 ProductAvailability
    j397 SupplyToTerritory  j408 MarketDateRole  m174 FromCompany  m182 SentDate
    m184 DefaultLanguageOfText  m185 DefaultPriceTypeCode  m186 DefaultCurrencyCode  x298 SenderName
    x307 SentDateTime  x310 DefaultPriceType  x314 ProductComposition  x315 MeasureType  x329 CollectionType
    x409 TitleElementLevel  x410 PartNumber  x415 NameIDType  x419 EditionType  x425 MainSubject
    x426 TextType  x427 ContentAudience  x435 ResourceLink  x436 ResourceContentType  x437 ResourceMode
    x448 PublishingDateRole  x449 CountriesIncluded  x450 RegionsIncluded  x451 CountriesExcluded
    x452 RegionsExcluded  x454 WorkRelationCode  x455 ProductRelationCode  x456 ROWSalesRightsType
    x461 SupplyDateRole  x462 PriceType  x476 PriceDateRole  x481 CollectionSequenceNumber
"""
"""Tag and reference name in turn, for the elements that hold a value; from EDItEUR's schemas for 2.1, 3.0 and 3.1."""
COMPOSITES = """
    Collection CollectionSequence CollateralDetail ContentDetail Contributor DescriptiveDetail Extent Imprint
    Language MainSubject Market MarketDate MarketPublishingDetail Measure MediaFile NameIdentifier NotForSale
    OtherText PersonNameIdentifier Price PriceDate ProductIdentifier ProductSupply Publisher PublishingDate
    PublishingDetail RelatedMaterial RelatedProduct RelatedWork ResourceVersion SalesRights Sender Series Subject
    SupplyDate SupplyDetail SupportingResource Territory TextContent Title TitleDetail TitleElement WorkIdentifier
"""
"""Elements that hold others; the short tag is the name in lower case."""


class _Names(dict[str, str]):
    """Tag as it stands in the file → reference name, or "" for what this reader does not read."""

    def __init__(self) -> None:
        words = SHORT_TAGS.split()
        known = dict(zip(words[::2], words[1::2], strict=True))
        composites = COMPOSITES.split()
        super().__init__(
            known
            | {name: name for name in known.values()}
            | {name.lower(): name for name in composites}
            | {name: name for name in composites}
        )

    def __missing__(self, tag: str) -> str:
        return self.get(tag.rpartition("}")[2], "")  # not stored: a hostile file could fill the memory


NAMES = _Names()
"""Reference names by tag, with or without a namespace; "" for what is not read."""
