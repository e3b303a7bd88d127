"""What the test suite changes: speed, no files left behind, tasks run at once."""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)

from .base import *  # noqa: E402, F403
from .base import CACHES, DATABASES, LOGGING, MIDDLEWARE, REDIS_URL, STORAGES  # noqa: E402

_files = Path(tempfile.mkdtemp(prefix="booktime-test-"))

if DATABASES["default"]["ENGINE"].endswith("sqlite3") and "DATABASE_URL" not in os.environ:
    # A file, not :memory:, so that threads of a race test meet in one database.
    DATABASES["default"]["NAME"] = _files / "shop.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": _files / "test.sqlite3"}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"  # nothing to lose in a crash

if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"

STAFF_SECOND_FACTOR = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = _files / "media"
STATIC_ROOT = _files / "static"
STATIC_ROOT.mkdir()
STORAGES = {
    **STORAGES,
    "private": {"BACKEND": "core.storage.PrivateStorage", "OPTIONS": {"location": _files / "private"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PAPERS_AHEAD = False  # seconds for each order; tests of papers ask for them
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend", "QUEUES": ["default", "slow"]}}
LOGGING["root"]["level"] = "WARNING"
if REDIS_URL:
    # Each process of the suite has one of Redis's sixteen databases, for each empties its caches before a test.
    _worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    _redis = urlsplit(REDIS_URL)
    _number = (int(_redis.path.strip("/") or 0) - _worker) % 16
    for _cache in CACHES.values():
        _cache["LOCATION"] = _redis._replace(path=f"/{_number}").geturl()
else:
    CACHES["pages"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pages"}
# Every page is rendered, so that what it costs can be measured; the tests of the page cache put it back.
MIDDLEWARE.remove("core.page_cache.PageCacheMiddleware")
