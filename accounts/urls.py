"""Addresses of accounts: the account's own pages, and allauth's sign-in, all under /account/."""

from django.urls import include, path

from accounts import views

account = [
    path("", views.home, name="profile"),
    path("addresses/", views.addresses, name="addresses"),
    path("addresses/<int:pk>/delete/", views.delete_address, name="address_delete"),
]

urlpatterns = [
    path("", include((account, "accounts"))),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]
