from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Nouns that every room shares."""

    name = "core"

    def ready(self) -> None:
        from core import signals

        signals.connect()
