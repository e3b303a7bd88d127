"""The words of the trade that rows and feeds have in common: format, availability, role."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Format(models.TextChoices):
    """What a reader holds, grouped as shoppers think of it (ONIX list 150)."""

    HARDBACK = "hardback", _("Hardback")
    PAPERBACK = "paperback", _("Paperback")
    BOARD_BOOK = "board-book", _("Board book")
    PRINT = "print", pgettext_lazy("format of a book", "Book")
    EBOOK = "ebook", _("eBook")
    AUDIOBOOK = "audiobook", _("Audiobook")
    AUDIO_CD = "audio-cd", _("Audio CD")
    MAP = "map", _("Map")
    SHEET_MUSIC = "sheet-music", _("Sheet music")
    SET = "set", _("Box set")
    DISC = "disc", _("DVD or CD-ROM")
    GIFT = "gift", _("Stationery and gifts")


class Condition(models.TextChoices):
    """Whether a copy was a reader's before. The law on book prices speaks of new ones."""

    NEW = "new", pgettext_lazy("condition of a book", "New")
    USED = "used", _("Second-hand")


DIGITAL_FORMATS = frozenset({Format.EBOOK, Format.AUDIOBOOK})
"""Formats that are downloaded: they need no stock, no weight and no delivery address."""


class SupplierAvailability(models.TextChoices):
    """What the supplier says of an edition; our own stock comes first (ONIX lists 64 and 65)."""

    STOCK_ONLY = "stock-only", _("Sold from our stock only")
    AVAILABLE = "available", _("Available from the supplier")
    SPECIAL_ORDER = "special-order", _("Special order")
    PRINT_ON_DEMAND = "print-on-demand", _("Printed on demand")
    FORTHCOMING = "forthcoming", _("Not yet published")
    TEMPORARILY_OUT = "temporarily-out", _("Temporarily out of stock")
    OUT_OF_PRINT = "out-of-print", _("Out of print")
    NOT_AVAILABLE = "not-available", _("Not available")


ORDERABLE_WITHOUT_STOCK = frozenset(
    {
        SupplierAvailability.AVAILABLE,
        SupplierAvailability.SPECIAL_ORDER,
        SupplierAvailability.PRINT_ON_DEMAND,
        SupplierAvailability.FORTHCOMING,
    }
)
"""With one of these the shop takes an order even when no copy is on hand."""


class Role(models.TextChoices):
    """What a contributor did (ONIX list 17, as far as shoppers are shown it)."""

    AUTHOR = "author", _("Author")
    EDITOR = "editor", _("Editor")
    TRANSLATOR = "translator", _("Translator")
    ILLUSTRATOR = "illustrator", _("Illustrator")
    PHOTOGRAPHER = "photographer", _("Photographer")
    NARRATOR = "narrator", _("Narrator")
    INTRODUCTION = "introduction", _("Introduction")
    FOREWORD = "foreword", _("Foreword")
    PREFACE = "preface", _("Preface")
    AFTERWORD = "afterword", _("Afterword")
    REVISED_BY = "revised-by", _("Revised by")
    OTHER = "other", _("Contributor")


class DatePrecision(models.TextChoices):
    """How much of a date is known. A month or a year is shown as such; the day is never invented."""

    DAY = "day", _("Day")
    MONTH = "month", _("Month")
    YEAR = "year", _("Year")
