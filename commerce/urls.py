"""Addresses of the shop: basket, checkout, orders."""

app_name = "commerce"
urlpatterns: list = []
