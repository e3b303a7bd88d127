"""Addresses of the catalogue that are not pages."""

from django.urls import path, re_path

from catalog import feeds, sitemaps, social, views

app_name = "catalog"
urlpatterns = [
    re_path(r"^contributors/(?P<slug>[-\w]+)/$", views.contributor, name="contributor"),
    re_path(r"^publishers/(?P<slug>[-\w]+)/$", views.publisher, name="publisher"),
    re_path(r"^series/(?P<slug>[-\w]+)/$", views.series, name="series"),
    path("search/", views.search_books, name="search"),
    path("search/suggest/", views.suggest, name="suggest"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    re_path(r"^sitemap-(?P<name>[a-z]+)-(?P<number>[1-9][0-9]{0,5})\.xml$", sitemaps.section, name="sitemap_section"),
    re_path(r"^feeds/books\.(?P<kind>rss|atom)$", feeds.new_books, name="feed"),
    re_path(r"^feeds/tags/(?P<slug>[-\w]+)\.(?P<kind>rss|atom)$", feeds.new_books_of_tag, name="tag_feed"),
    path("feeds/google-merchant.xml", feeds.merchant_feed, name="merchant_feed"),
    re_path(
        r"^social/(?:(?P<kind>contributor|publisher|series|tag)-)?(?P<pk>[1-9][0-9]{0,17})-(?P<digest>[0-9a-f]{20})\.png$",
        social.social_card,
        name="social_card",
    ),
]
