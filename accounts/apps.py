from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who signs in: users, addresses, roles."""

    name = "accounts"
