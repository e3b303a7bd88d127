import gzip
import io
import zipfile

import pytest

from catalog.importers import sources
from catalog.importers.decoding import TextReader, undo_double_encoding
from catalog.importers.reading import read_file
from catalog.importers.records import Record, Rejection, UnreadableFile
from catalog.importers.sources import Kind, open_sources

LIST = "isbn,title,price,currency\n9780007232833,Roseanna,7.99,GBP\n"


@pytest.fixture
def file(tmp_path):
    def make(content: bytes, name: str = "feed.dat"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return make


def kinds(path):
    return [source.kind for source in open_sources(path)]


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_content_tells_onix_from_csv_whatever_the_name_and_encoding(file, encoding):
    assert kinds(file("<ONIXMessage><Product/></ONIXMessage>".encode(encoding), "books.csv")) == [Kind.ONIX]
    assert kinds(file(LIST.encode(encoding), "books.xml")) == [Kind.CSV]


def test_gzip_and_zip_are_known_by_their_first_bytes(file):
    assert kinds(file(gzip.compress(LIST.encode()), "books.csv")) == [Kind.CSV]
    assert kinds(file(zipped({"a/b.txt": LIST.encode(), "c.onix": b"<ONIXMessage/>"}))) == [Kind.CSV, Kind.ONIX]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \r\n\t ", "is empty"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel"),
        (b"<!DOCTYPE html><html><body>404", "web page"),
        (bytes(range(32)) * 40, "not text"),
    ],
)
def test_what_is_no_catalogue_is_refused_in_a_sentence(file, content, why):
    with pytest.raises(UnreadableFile, match=why):
        list(open_sources(file(content)))


def test_a_missing_file_is_a_sentence_not_a_traceback(tmp_path):
    with pytest.raises(UnreadableFile, match=r"nowhere\.xml cannot be opened: No such file"):
        list(open_sources(tmp_path / "nowhere.xml"))


def test_a_spreadsheet_is_asked_for_as_csv(file):
    with pytest.raises(UnreadableFile, match="CSV UTF-8"):
        list(open_sources(file(zipped({"[Content_Types].xml": b"<Types/>"}), "books.xlsx")))


def test_a_gzip_bomb_is_refused_by_what_comes_out_of_it(file):
    path = file(gzip.compress(b"<ONIXMessage>" + b" " * 60_000_000))

    with pytest.raises(UnreadableFile, match="looks like a bomb"):
        list(read_file(path))


def test_a_zip_bomb_is_refused_before_anything_is_unpacked(file):
    path = file(zipped({"big.csv": b"0" * 60_000_000}))

    with pytest.raises(UnreadableFile, match="zip bomb"):
        list(open_sources(path))


def test_an_archive_larger_than_allowed_is_refused(file):
    with pytest.raises(UnreadableFile, match="unpacks to"):
        list(open_sources(file(zipped({"a.csv": LIST.encode() * 100_000})), max_unpacked=1 << 20))


def test_an_archive_of_thousands_of_files_is_refused(file, monkeypatch):
    monkeypatch.setattr(sources, "MAX_ENTRIES", 3)

    with pytest.raises(UnreadableFile, match="holds 4 files; at most 3"):
        list(open_sources(file(zipped({f"{n}.csv": LIST.encode() for n in range(4)}))))


def test_names_inside_an_archive_lead_nowhere(file, tmp_path):
    items = list(read_file(file(zipped({"../../evil.csv": LIST.encode()}))))

    assert [item.isbn for item in items] == ["9780007232833"]
    assert [path.name for path in tmp_path.iterdir()] == ["feed.dat"]
    assert not (tmp_path.parent.parent / "evil.csv").exists()


def test_what_is_no_catalogue_inside_an_archive_is_skipped_and_named(file):
    path = file(zipped({"books.csv": LIST.encode(), "cover.png": b"\x89PNG\r\n", "__MACOSX/._books.csv": b"\0\1"}))

    record, skipped = read_file(path)

    assert isinstance(record, Record)
    assert skipped == Rejection(0, "cover.png", "skipped: cover.png is a picture, not a catalogue.")


def test_an_archive_without_a_catalogue_is_refused(file):
    with pytest.raises(UnreadableFile, match="holds no catalogue"):
        list(read_file(file(zipped({"cover.png": b"\x89PNG\r\n"}))))


def test_a_broken_zip_and_a_locked_one_are_refused(file):
    with pytest.raises(UnreadableFile, match="damaged zip"):
        list(open_sources(file(zipped({"a.csv": LIST.encode()})[:-30])))


def test_a_truncated_gzip_gives_what_is_complete_and_says_that_it_breaks_off(file):
    product = "<Product><RecordReference>{0}</RecordReference><NotificationType>05</NotificationType></Product>\n"
    noise = "".join(product.format(hash(str(n)) % 10**12) for n in range(5_000))
    packed = gzip.compress(f"<ONIXMessage>\n{noise}</ONIXMessage>".encode())

    *records, end = read_file(file(packed[: len(packed) // 2]))

    assert len(records) > 1_000
    assert all(isinstance(record, Record) for record in records)
    assert "breaks off at line" in end.reason
    assert "not complete" in end.reason


# --- Text ---------------------------------------------------------------------------------------------


def decoded(content: bytes, **options):
    reader = TextReader(io.BytesIO(content), **options)
    return "".join(reader), [note.message for note in reader.notes]


def test_a_byte_order_mark_outweighs_the_declaration():
    assert decoded('\ufeff<?xml version="1.0" encoding="iso-8859-1"?>é'.encode())[0].endswith("é")


def test_a_declared_encoding_is_believed():
    assert decoded('<?xml version="1.0" encoding="iso-8859-2"?>Škvorecký'.encode("iso-8859-2")) == (
        '<?xml version="1.0" encoding="iso-8859-2"?>Škvorecký',
        [],
    )


def test_bytes_that_are_no_utf_8_are_read_as_windows_1252_with_their_line():
    text, notes = decoded(b"one\ntwo \x93caf\xe9\x94\n" + "three é".encode())

    assert text == "one\ntwo “café”\nthree é"
    assert len(notes) == 2
    assert notes[0].startswith("Line 2: 0x93 is not UTF-8; read as Windows-1252: ““”.")


def test_windows_1252_that_calls_itself_latin_1_is_read_as_what_it_is():
    text, notes = decoded(b'<?xml version="1.0" encoding="iso-8859-1"?>\n\x93a\x94')

    assert text.endswith("“a”")
    assert "Windows-1252" in notes[0]


def test_a_letter_is_never_cut_where_two_chunks_meet(monkeypatch):
    monkeypatch.setattr("catalog.importers.decoding.CHUNK", 7)
    content = "é—日本語🙂" * 500

    assert decoded(content.encode()) == (content, [])
    assert decoded(content.encode("utf-16")) == (content, [])


def test_an_impossible_declaration_is_reported_and_utf_8_read():
    text, notes = decoded('<?xml version="1.0" encoding="utf-16"?>é'.encode())

    assert text.endswith("é")
    assert "declares the encoding “utf-16”" in notes[0]


def test_what_was_encoded_twice_is_read_as_it_was_meant():
    assert undo_double_encoding("Sjöwall wasnâ€™t, sagtâ€œ") == ("Sjöwall wasn’t, sagtâ€œ".replace("â€œ", "“"), "â€™")
    assert undo_double_encoding("GrandprÃ© Âge") == ("Grandpré Âge", "Ã©")
    assert undo_double_encoding("ÂNGELA Årsta Ã") == ("ÂNGELA Årsta Ã", "")
