"""Addresses of accounts: the account's own pages, and allauth's sign-in, all under /account/."""

from django.urls import include, path

from accounts import privacy_views, providers, views

account = [
    path("", views.home, name="profile"),
    path("addresses/", views.addresses, name="addresses"),
    path("addresses/add/", views.add_address, name="address_add"),
    path("addresses/<int:pk>/", views.edit_address, name="address"),
    path("addresses/<int:pk>/delete/", views.delete_address, name="address_delete"),
    path("privacy/", privacy_views.home, name="privacy"),
    path("privacy/data/", privacy_views.data, name="privacy_data"),
    path("privacy/data.json", privacy_views.data_file, name="privacy_file"),
    path("privacy/erase/", privacy_views.erase, name="privacy_erase"),
]

urlpatterns = [
    path("", include((account, "accounts"))),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    path("oidc/<slug:provider_id>/login/", providers.leave, name="leave_for_provider"),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("connections/", include("allauth.socialaccount.urls")),
]
