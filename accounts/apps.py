from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Who signs in: users, addresses, roles."""

    name = "accounts"

    def ready(self) -> None:
        from accounts import mails, own_privacy, roles, signals  # noqa: F401  # receivers need the models
        from core.mail import kinds

        last = [config for config in apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(roles.after_migrate, sender=last, dispatch_uid="accounts.roles")
        own_privacy.register()
        kinds.register(mails.WELCOME, mails.ACCOUNT, mails.ERASED)
