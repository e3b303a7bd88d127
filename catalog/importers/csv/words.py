"""Words of other people's lists for our formats and roles."""

from __future__ import annotations

import re

from catalog.choices import Format, Role

_FORMATS = {
    Format.HARDBACK: "hardback hardcover hardbound cased library_binding leather_fine_binding",
    Format.PAPERBACK: "paperback softback softcover mass_market_paperback trade_paperback",
    Format.BOARD_BOOK: "board_book boardbook novelty_book bath_book rag_book pop_up_book",
    Format.PRINT: "print book spiral_bound pamphlet loose_leaf other_book_format",
    Format.EBOOK: "ebook e_book epub pdf kindle kindle_edition digital",
    Format.AUDIOBOOK: "audiobook audio_book audio_download digital_audio audible_audio",
    Format.AUDIO_CD: "audio_cd cd_audio audio_cassette mp3_cd",
    Format.MAP: "map sheet_map atlas_map",
    Format.SHEET_MUSIC: "sheet_music printed_music",
    Format.SET: "set box_set boxed_set mixed_media_product multiple_copy_pack",
    Format.DISC: "disc dvd dvd_video cd_rom blu_ray",
    Format.GIFT: "gift calendar cards diary notebook_blank_book game toy jigsaw stationery poster postcards",
}
FORMAT_OF = {word: form for form, words in _FORMATS.items() for word in words.split()} | {
    form.value.replace("-", "_"): form for form in Format
}

_ROLE_WORDS = {
    Role.AUTHOR: "author by",
    Role.EDITOR: "editor ed eds editors edited_by series_editor",
    Role.TRANSLATOR: "translator trans translated_by",
    Role.ILLUSTRATOR: "illustrator illus illustrated_by artist",
    Role.PHOTOGRAPHER: "photographer photographs",
    Role.NARRATOR: "narrator reader read_by narrated_by",
    Role.INTRODUCTION: "introduction intro",
    Role.FOREWORD: "foreword",
    Role.PREFACE: "preface",
    Role.AFTERWORD: "afterword",
    Role.REVISED_BY: "revised_by reviser",
    Role.OTHER: "contributor other",
}
ROLE_OF = {word: role for role, words in _ROLE_WORDS.items() for word in words.split()} | {
    role.value.replace("-", "_"): role for role in Role
}


def normal(name: str) -> str:
    """`  Num-Pages ` → `num_pages`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
