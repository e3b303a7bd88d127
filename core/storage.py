"""Where static files live once collected."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names and compressed copies, also for what ES modules import from one another."""

    support_js_module_import_aggregation = True
