"""What ONIX code values mean to the shop: one table for each list, in our own words.

Meanings follow the ONIX code lists, issue 68 (January 2025), © EDItEUR; the older lists of ONIX 2.1 are
translated to the newer ones. What a table does not have is left out or reported, never guessed.
"""

from __future__ import annotations

from babel.numbers import get_currency_precision

from catalog.choices import Format, Role, SupplierAvailability

# --- Notification (list 1) ---------------------------------------------------------------------------

COMPLETE = frozenset({"01", "02", "03"})
BLOCK_UPDATE = "04"
DELETION = "05"
SKIPPED = {
    "08": "notice of sale",
    "09": "notice of acquisition",
    "12": "update for supply chain partners only",
    "13": "update for supply chain partners only",
    "14": "update for supply chain partners only",
    "88": "test update",
    "89": "test record",
}

# --- Form (lists 150 and 7, composition list 2) ------------------------------------------------------

TRADE_COMPOSITIONS = frozenset({"20", "30", "31"})
"""Dumpbins and packs for booksellers: their price is the whole pack's, no shopper may see them."""
SET_COMPOSITIONS = frozenset({"10", "11"})

_FORMS = {
    Format.HARDBACK: "BB BG",
    Format.PAPERBACK: "BC",
    Format.BOARD_BOOK: "BH BI BJ BK BP",
    Format.PRINT: "BA BD BE BF BL BM BN BO BZ",
    Format.EBOOK: "EA EB EC ED DG",
    Format.AUDIOBOOK: "AJ AN AO",
    Format.AUDIO_CD: "AA AB AC AD AE AF AG AH AI AK AL AM AZ",
    Format.MAP: "CA CB CC CD CE CZ",
    Format.SHEET_MUSIC: "PI",
    Format.SET: "SA SB SC SD SE SF SG WW WX",
    Format.DISC: "DA DB DC DE DF DI DJ DK DL DM DN DO DZ DH",
}
_BY_FORM = {code: form for form, listed in _FORMS.items() for code in listed.split()}
_BY_FIRST_LETTER = {"P": Format.GIFT, "Z": Format.GIFT, "V": Format.DISC}


def is_trade_form(form: str) -> bool:
    """Whether the product is point-of-sale material (list 150, X*)."""
    return form.startswith("X")


def format_of(form: str, details: list[str]) -> Format | None:
    """The format that shoppers know, or None where the code is empty, 00 or unknown."""
    if form.startswith("B") and "B206" in details:  # pop-up
        return Format.BOARD_BOOK
    return _BY_FORM.get(form) or _BY_FIRST_LETTER.get(form[:1])


# --- Contributors (lists 17 and 19) ------------------------------------------------------------------

_ROLES = {
    Role.AUTHOR: "A01 A02 A03 A04 A05 A06 A09 A38",
    Role.EDITOR: "B01 B10 B11 B12 B13 B14 B15 B16 B18 B19 B20 B21 B23 B24 B26 B28 B30 B31",
    Role.TRANSLATOR: "B06 B08",
    Role.ILLUSTRATOR: "A07 A12 A35 A40",
    Role.PHOTOGRAPHER: "A08 A13",
    Role.NARRATOR: "E03 E07",
    Role.INTRODUCTION: "A24 A29",
    Role.FOREWORD: "A23",
    Role.PREFACE: "A15",
    Role.AFTERWORD: "A19 A22",
    Role.REVISED_BY: "B02",
}
_BY_ROLE = {code: (role,) for role, listed in _ROLES.items() for code in listed.split()}
_BY_ROLE["B10"] = (Role.EDITOR, Role.TRANSLATOR)


def roles_of(code: str) -> tuple[Role, ...]:
    """What the person did; the many roles that shoppers are not shown by name are `OTHER`."""
    return _BY_ROLE.get(code, (Role.OTHER,))


UNNAMED = {
    "02": "Anonymous",
    "04": "Various",
    "05": "Synthesised voice",
    "06": "Synthesised voice",
    "07": "Synthesised voice",
    "08": "Synthesised voice",
    "09": "Artificial intelligence",
}
"""List 19. 01 (unknown) and 03 (et al.) name nobody."""

# --- Availability (lists 65, 64 and 54) --------------------------------------------------------------

_A = SupplierAvailability
BY_AVAILABILITY = {
    **dict.fromkeys(("10", "11", "12"), _A.FORTHCOMING),
    **dict.fromkeys(("20", "21"), _A.AVAILABLE),
    "22": _A.SPECIAL_ORDER,
    "23": _A.PRINT_ON_DEMAND,
    **dict.fromkeys(("30", "31", "32", "33", "34"), _A.TEMPORARILY_OUT),
    **dict.fromkeys(("47", "97", "98", "99"), _A.STOCK_ONLY),
    "51": _A.OUT_OF_PRINT,
    **dict.fromkeys(["01", "09", "40", "41", "42", "43", "44", "45", "46", "48", "49", "50", "52"], _A.NOT_AVAILABLE),
}
"""List 65, what the supplier of our market says: it decides whether a copy can be ordered."""

BY_STATUS = {
    "02": _A.FORTHCOMING,
    "06": _A.NOT_AVAILABLE,
    "07": _A.OUT_OF_PRINT,
    **dict.fromkeys(["01", "03", "05", "08", "11", "12", "13", "15", "16", "17"], _A.NOT_AVAILABLE),
}
"""List 64, what the publisher says: asked where no supplier says anything. Active (04) promises nothing."""

FORBIDDING_STATUS = {
    "01": "cancelled before publication",
    "11": "withdrawn from sale",
    "12": "recalled",
    "15": "recalled",
    "16": "temporarily withdrawn from sale",
    "17": "permanently withdrawn from sale",
}
"""Statuses of list 64 that no supplier's stock can outweigh."""

FROM_LIST_54 = {
    "AB": "01",
    "AD": "44",
    "CS": "99",
    "EX": "52",
    "IP": "21",
    "MD": "23",
    "NP": "10",
    "OF": "42",
    "OI": "51",
    "OP": "51",
    "OR": "41",
    "PP": "09",
    "RF": "43",
    "RM": "47",
    "RP": "32",
    "RU": "32",
    "TO": "22",
    "TP": "31",
    "TU": "31",
    "UR": "33",
    "WS": "46",
}
"""AvailabilityCode of ONIX 2.1 as a code of list 65."""

# --- Texts (list 153; 2.1: list 33) ------------------------------------------------------------------

PUBLIC_AUDIENCES = frozenset({"00", "03"})
DESCRIPTION_TYPES = ("03", "05", "27", "02")
SHORT_DESCRIPTION_TYPE = "02"
FROM_LIST_33 = {"01": "03", "02": "02", "03": "03", "17": "05", "18": "05"}
"""Texts of ONIX 2.1 that shoppers may read as a description. 25, 26, 28, 31, 32 are for the trade and others."""

# --- Pictures (list 158; 2.1: list 38) ---------------------------------------------------------------

FRONT_COVER, BACK_COVER, THUMBNAIL, HOLDING_IMAGE = "01", "02", "27", "45"
FROM_LIST_38 = {"04": FRONT_COVER, "06": FRONT_COVER, "07": THUMBNAIL}

# --- Prices (lists 58, 59, 57) -----------------------------------------------------------------------

PRICE_TYPES = {
    code: rank
    for rank, group in enumerate(("02 01 04 03 42 41 34 33", "22 21 24 23", "12 11 14 13"))
    for code in group.split()
}
"""Types that a consumer may be charged, with their rank: ordinary, before publication, special sale."""
TAX_INCLUDED = frozenset(["02", "04", "12", "14", "22", "24", "34", "42"])
FIXED_PRICE = frozenset(["03", "04", "13", "14", "23", "24", "33", "34", "41", "42"])
"""Fixed by law or agreement, agency prices of ebooks included: no voucher may lower them."""
CONSUMER_QUALIFIERS = frozenset({"", "00", "05"})
PROMOTION_QUALIFIER = "08"
UNPRICED = {
    "02": "Price to be announced",
    "03": "Not sold separately",
    "04": "Price on request from the supplier",
    "05": "Not sold as a set",
    "06": "No price: revenue share",
    "07": "No price of its own: it is the sum of the contents",
    "08": "The supplier does not supply it",
}
"""List 57 without 01, which is free of charge: a price of 0."""


def minor_units(currency: str) -> int:
    """Decimal places of a currency: 2 for GBP, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))


SALES_RIGHTS_YES = frozenset({"01", "02", "07", "08"})
SALES_RIGHTS_NO = frozenset({"03", "04", "05", "06"})

# --- Editions (list 21) ------------------------------------------------------------------------------

EDITION_TYPES = {
    "ABR": "Abridged",
    "ANN": "Annotated",
    "BLL": "Bilingual",
    "BRL": "Braille",
    "CRI": "Critical edition",
    "ENL": "Enlarged",
    "FAC": "Facsimile",
    "FST": "Festschrift",
    "ILL": "Illustrated",
    "LTE": "Large print",
    "NED": "New edition",
    "REV": "Revised",
    "SPE": "Special edition",
    "STU": "Student edition",
    "UBR": "Unabridged",
    "ULP": "Ultra-large print",
}

# --- Measures (lists 48, 50) -------------------------------------------------------------------------

MILLIMETRES = {"mm": 1.0, "cm": 10.0, "in": 25.4}
GRAMS = {"gr": 1.0, "kg": 1000.0, "oz": 28.349523125, "lb": 453.59237}

# --- Subjects (list 27) ------------------------------------------------------------------------------

KEYWORDS = "20"
NOT_FOR_DISPLAY = frozenset({"B2", "01", "02", "03", "04", "06", "07", "08", "09"})
"""Keywords that may not be shown, and the call numbers and headings of libraries."""
THEMA, BIC, BISAC = "93", "12", "10"

_THEMA_GROUPS = {
    "A": "Arts",
    "AM": "Architecture",
    "AV": "Music",
    "AT": "Film, theatre and dance",
    "AJ": "Photography",
    "C": "Language",
    "D": "Literature",
    "DC": "Poetry",
    "DD": "Plays",
    "DN": "Biography",
    "F": "Fiction",
    "FD": "Science fiction",
    "FF": "Crime and mystery",
    "FH": "Thrillers",
    "FK": "Horror",
    "FL": "Science fiction",
    "FM": "Fantasy",
    "FR": "Romance",
    "FV": "Historical fiction",
    "G": "Reference",
    "J": "Society and politics",
    "JM": "Psychology",
    "K": "Business and economics",
    "L": "Law",
    "M": "Medicine",
    "N": "History",
    "P": "Science and mathematics",
    "Q": "Philosophy and religion",
    "R": "Environment and geography",
    "S": "Sport",
    "T": "Technology",
    "U": "Computing",
    "V": "Health and personal development",
    "W": "Lifestyle",
    "WB": "Food and drink",
    "WM": "Gardening",
    "WT": "Travel",
    "WH": "Humour",
    "X": "Graphic novels",
    "Y": "Children’s books",
    "YF": "Children’s fiction",
    "YP": "Education",
}
_BIC_GROUPS = {
    **{code: name for code, name in _THEMA_GROUPS.items() if code[0] in "CGJKLMPRTUVWY" and code != "YP"},
    "A": "Arts",
    "AM": "Architecture",
    "AV": "Music",
    "AP": "Film, theatre and dance",
    "AN": "Film, theatre and dance",
    "AJ": "Photography",
    "B": "Biography",
    "D": "Literature",
    "DC": "Poetry",
    "DD": "Plays",
    "E": "English language teaching",
    "F": "Fiction",
    "FF": "Crime and mystery",
    "FH": "Thrillers",
    "FK": "Horror",
    "FL": "Science fiction",
    "FM": "Fantasy",
    "FR": "Romance",
    "FV": "Historical fiction",
    "FX": "Graphic novels",
    "H": "Humanities",
    "HB": "History",
    "HP": "Philosophy and religion",
    "HR": "Philosophy and religion",
    "WS": "Sport",
    "YQ": "Education",
}
_BISAC_GROUPS = {
    "ANT": "Antiques and collectables",
    "ARC": "Architecture",
    "ART": "Arts",
    "BIO": "Biography",
    "BUS": "Business and economics",
    "CGN": "Graphic novels",
    "CKB": "Food and drink",
    "COM": "Computing",
    "DRA": "Plays",
    "EDU": "Education",
    "FIC": "Fiction",
    "GAR": "Gardening",
    "HIS": "History",
    "HUM": "Humour",
    "JNF": "Children’s books",
    "JUV": "Children’s fiction",
    "LAN": "Language",
    "LAW": "Law",
    "LIT": "Literature",
    "MAT": "Science and mathematics",
    "MED": "Medicine",
    "MUS": "Music",
    "NAT": "Environment and geography",
    "PER": "Film, theatre and dance",
    "PHI": "Philosophy and religion",
    "PHO": "Photography",
    "POE": "Poetry",
    "POL": "Society and politics",
    "PSY": "Psychology",
    "REF": "Reference",
    "REL": "Philosophy and religion",
    "SCI": "Science and mathematics",
    "SEL": "Health and personal development",
    "SOC": "Society and politics",
    "SPO": "Sport",
    "TEC": "Technology",
    "TRV": "Travel",
    "YAF": "Teenage fiction",
    "YAN": "Teenage non-fiction",
}


def subject_group(scheme: str, code: str) -> str:
    """The broad heading, in our words, for a subject that comes as a bare code; "" where we have none."""
    if scheme == BISAC:
        return _BISAC_GROUPS.get(code[:3].upper(), "")
    groups = {THEMA: _THEMA_GROUPS, BIC: _BIC_GROUPS}.get(scheme)
    if groups is None:
        return ""
    return groups.get(code[:2].upper()) or groups.get(code[:1].upper(), "")
