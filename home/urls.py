"""Addresses of the site around the shop that are not pages."""

from django.urls import path

from home.consent import views as consent
from home.modals import counting
from home.modals import views as modals

app_name = "home"
urlpatterns = [
    path("cookies/", consent.cookies, name="cookies"),
    path("consent/", consent.consent, name="consent"),
    path("offers/count/", counting.count, name="count"),
    path("offers/<slug:slug>/", modals.offer, name="offer"),
]
