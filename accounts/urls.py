"""Addresses of accounts: the account's own pages, and allauth's sign-in, all under /account/."""

from allauth.socialaccount.providers.openid_connect import views as openid_connect
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
    # allauth's own pattern lets any text through, and a NUL stops at PostgreSQL with an error.
    path("oidc/<slug:provider_id>/login/", openid_connect.login, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", openid_connect.callback, name="openid_connect_callback"),
    path("connections/", include("allauth.socialaccount.urls")),
]
