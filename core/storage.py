"""Where files live: static ones once collected, and those that have no address."""

from typing import NoReturn

from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

_EVERY_SCRIPT, _IMPORTS = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names and compressed copies, also for what our own ES modules import from one another.

    Only `js/` is rewritten: Django's pattern takes comments in other packages' scripts for imports and then
    misses the file that they name.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = ("js/*.js", _IMPORTS)


class PrivateStorage(FileSystemStorage):
    """Files that only views hand out. Without an address: Django's own storage would name one under MEDIA_URL."""

    def url(self, name: str | None) -> NoReturn:
        """Refused."""
        raise ValueError("This file is not accessible via a URL")
