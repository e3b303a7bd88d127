from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Nouns that every room shares."""

    name = "core"

    def ready(self) -> None:
        from core import signals
        from core.mail.held_back import HELD_BACK
        from core.mail.kinds import register

        signals.connect()
        register(HELD_BACK)
