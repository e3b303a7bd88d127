"""Addresses of the catalogue that are not pages."""

from django.urls import path

app_name = "catalog"
urlpatterns: list = []
