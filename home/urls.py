"""Addresses of the site around the shop that are not pages."""

from django.urls import path

from home.consent import views as consent

app_name = "home"
urlpatterns = [
    path("cookies/", consent.cookies, name="cookies"),
    path("consent/", consent.consent, name="consent"),
]
