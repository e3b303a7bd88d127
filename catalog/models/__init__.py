from catalog.models.addresses import GoneAddress
from catalog.models.editions import Edition, FeedRecord
from catalog.models.feeds import FeedFile
from catalog.models.importing import Unindexed, WorkKey
from catalog.models.listing import BookListing, ListingVersion, SearchWord
from catalog.models.pages import (
    BookTag,
    CatalogPage,
    Contribution,
    ProductImage,
    ProductPage,
    SectionPage,
)
from catalog.models.people import Contributor, Publisher, Series, Tag
from catalog.models.prices import Price, PriceChange
from catalog.models.stock import StockMovement, StockRecord
from catalog.models.tag_pages import TagIndexPage, TagPage

__all__ = [
    "BookListing",
    "BookTag",
    "CatalogPage",
    "Contribution",
    "Contributor",
    "Edition",
    "FeedFile",
    "FeedRecord",
    "GoneAddress",
    "ListingVersion",
    "Price",
    "PriceChange",
    "ProductImage",
    "ProductPage",
    "Publisher",
    "SearchWord",
    "SectionPage",
    "Series",
    "StockMovement",
    "StockRecord",
    "Tag",
    "TagIndexPage",
    "TagPage",
    "Unindexed",
    "WorkKey",
]
