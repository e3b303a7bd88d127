"""Where static files live once collected."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

_EVERY_SCRIPT, _IMPORTS = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names and compressed copies, also for what our own ES modules import from one another.

    Only `js/` is rewritten: Django's pattern takes comments in other packages' scripts for imports and then
    misses the file that they name.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = ("js/*.js", _IMPORTS)
