from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """What we publish and what we have."""

    name = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        from catalog import signals

        signals.connect()
