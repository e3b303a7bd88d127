"""Pictures that records name, from a folder beside the feed. Addresses on the web are not fetched.

A file is known by its content: the same picture is kept once, whatever its names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from catalog.importers.records import Record
from core.models import ShopImage

FORMATS = {"AVIF": "avif", "GIF": "gif", "JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
"""Kinds of picture that are taken, by Pillow's name, with the suffix that their file gets."""


class Pictures:
    """The pictures of a folder. What is wrong with a file becomes a warning of the record that names it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def find(self, records: Sequence[Record], *, keep: bool) -> dict[int, list[int]]:
        """Rows of the pictures of each record, by the `id()` of the record; of those without pictures nothing.

        With `keep` false nothing is stored, and a picture that the shop does not have yet counts as row 0.
        """
        found: dict[int, list[int]] = {}
        for record in records:
            rows = [row for name in record.images if (row := self._row(record, name, keep)) is not None]
            if rows:
                found[id(record)] = list(dict.fromkeys(rows)) if keep else rows
        return found

    def _row(self, record: Record, name: str, keep: bool) -> int | None:
        if "://" in name:
            record.warnings.append(_("picture %s is on the web and was not fetched: only files are taken") % name)
            return None
        path = self._folder / PureWindowsPath(PurePosixPath(name).name).name
        problem = self._problem(path)
        if problem:
            record.warnings.append(
                _("picture “%(name)s” was left out: %(problem)s") % {"name": name, "problem": problem}
            )
            return None
        digest = _digest(path)
        known = ShopImage.objects.filter(file_hash=digest).order_by("pk").values_list("pk", flat=True).first()
        if known or not keep:
            return known or 0
        return _keep(path, digest, record.title)

    def _problem(self, path: Path) -> str:
        """What is wrong with a file, or nothing. Decided by its content, never by its name."""
        if not path.is_file() or path.resolve().parent != self._folder:
            return _("there is no such file in the folder")
        size = path.stat().st_size
        if size > settings.WAGTAILIMAGES_MAX_UPLOAD_SIZE:
            return _("it is larger than %d MB") % (settings.WAGTAILIMAGES_MAX_UPLOAD_SIZE // 1024**2)
        try:
            with PillowImage.open(path, formats=list(FORMATS)) as picture:
                if picture.width * picture.height > settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS:
                    return _("it has more than %d million pixels") % (settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS // 10**6)
                picture.load()
        except (UnidentifiedImageError, PillowImage.DecompressionBombError):
            return _("it is no picture of a known kind (%s)") % ", ".join(FORMATS)
        except (OSError, SyntaxError, ValueError):
            return _("it is damaged")
        return ""


def _digest(path: Path) -> str:
    """As Wagtail reckons it for its images."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def _keep(path: Path, digest: str, title: str) -> int:
    with path.open("rb") as file, PillowImage.open(path, formats=list(FORMATS)) as picture:
        suffix = FORMATS[str(picture.format)]
        image = ShopImage(title=title[:255] or path.name, file=File(file, name=f"{path.stem}.{suffix}"))
        image.file_size = path.stat().st_size
        image.file_hash = digest
        image.save()
    return int(image.pk)
