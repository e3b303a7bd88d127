"""Addresses of the catalogue that are not pages."""

from django.urls import path, re_path

from catalog import views

app_name = "catalog"
urlpatterns = [
    re_path(r"^contributors/(?P<slug>[-\w]+)/$", views.contributor, name="contributor"),
    re_path(r"^publishers/(?P<slug>[-\w]+)/$", views.publisher, name="publisher"),
    re_path(r"^series/(?P<slug>[-\w]+)/$", views.series, name="series"),
    path("search/", views.search_books, name="search"),
    path("search/suggest/", views.suggest, name="suggest"),
]
