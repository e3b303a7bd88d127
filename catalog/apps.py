from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """What we publish and what we have."""

    name = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        from catalog import checks, indexing, signals
        from core.page_cache import CATALOGUE, horizons

        signals.connect()
        checks.connect()
        horizons[CATALOGUE].append(indexing.next_change)
