from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from rlm_tui.document.encoding import find_encoding
from rlm_tui.document.errors import DocumentError
from rlm_tui.document.loader import load, unique_names

TEXT = "Ünïcödé: naïve café, 42 €\nsecond line\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32-le"),
        (TEXT.encode("cp1252"), "cp1252"),
        (gzip.compress(TEXT.encode(), mtime=0), "utf-8"),
    ],
)
@pytest.mark.parametrize("map_above", [1 << 20, 8])
def test_encodings(tmp_path: Path, data: bytes, encoding: str, map_above: int) -> None:
    path = tmp_path / "doc.txt"
    path.write_bytes(data)
    (document,) = load([path], map_above=map_above)
    assert document.text == TEXT
    assert document.lines(0, 9) == TEXT.splitlines()
    assert document.encoding == ("utf-8" if map_above == 8 and encoding.startswith("utf-16") else document.encoding)
    if map_above > 8:
        assert document.encoding == encoding
    assert document.in_memory == (map_above > 8)
    document.close()


def test_latin_1_when_cp1252_has_no_such_byte() -> None:
    found = find_encoding(b"caf\xe9 \x81\n" * 3)
    assert found is not None and found.name == "latin-1"


JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 20
CHINESE = "北京是中华人民共和国的首都。这座城市有三千多年的历史，人口超过两千万。\n" * 20
RUSSIAN = "Москва — столица России. В городе живёт более двенадцати миллионов человек.\n" * 20


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(JAPANESE, "cp932"), (JAPANESE, "euc_jp"), (CHINESE, "gb18030"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r")],
)
@pytest.mark.parametrize("map_above", [1 << 20, 8])
def test_other_scripts_are_guessed_and_the_guess_is_told(
    tmp_path: Path, text: str, encoding: str, map_above: int
) -> None:
    path = tmp_path / "doc.txt"
    path.write_bytes(text.encode(encoding, "ignore"))
    (document,) = load([path], map_above=map_above)
    assert document.text == text.encode(encoding, "ignore").decode(encoding)
    assert "which is a guess" in document.notes[0]
    document.close()


def test_western_text_is_a_guess_too(tmp_path: Path) -> None:
    path = tmp_path / "doc.txt"
    path.write_bytes(TEXT.encode("cp1252"))
    assert load([path])[0].notes == ("not UTF-8; read as cp1252, which is a guess: convert it first if it looks wrong",)


def test_utf8_with_many_broken_bytes_is_not_taken_for_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes("größer ".encode() * 3 + b"\xff\xfe broken\n")
    (document,) = load([path])
    assert document.text.startswith("größer größer") and "not UTF-8" in document.notes[0]


def test_utf8_with_a_few_broken_bytes_stays_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes("größer als früher\n".encode() * 20 + b"broken \xff here\n")
    (document,) = load([path])
    assert document.encoding == "utf-8"
    assert document.text.endswith("broken \ufffd here\n")
    assert "not UTF-8" in document.notes[0]


def test_a_literal_replacement_character_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("literally \ufffd\n", encoding="utf-8")
    assert load([path])[0].notes == ()


def test_line_ends_are_kept_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\ntwo\r\n")
    (document,) = load([path])
    assert document.text == "one\r\ntwo\r\n"
    assert document.lines(0, 2) == ["one", "two"]


def refusal(path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        load([path])
    message = str(caught.value)
    assert "\n" not in message and "Traceback" not in message
    return message


def test_missing_file_names_close_ones(tmp_path: Path) -> None:
    (tmp_path / "Report.txt").write_text("x")
    message = refusal(tmp_path / "reprot.txt")
    assert "there is no file" in message and "did you mean Report.txt?" in message


def test_missing_folder(tmp_path: Path) -> None:
    assert "folder" in refusal(tmp_path / "no" / "a.txt")


def test_file_used_as_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    assert "there is no file" in refusal(tmp_path / "a.txt" / "b")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "an image"),
        (b"PK\x03\x04\x00\x00\x01\x02", "a ZIP archive"),
        (bytes(range(256)) * 4, "a binary file"),
        (b"hello\x00world", "a binary file"),
    ],
)
def test_binary(tmp_path: Path, data: bytes, kind: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(data)
    message = refusal(path)
    assert kind in message and "convert it to text" in message


def test_a_stray_zero_byte_in_a_long_log_is_text(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"2024-01-01 INFO started\n" * 200 + b"\x00\n")
    assert load([path])[0].chars == 24 * 200 + 2


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_empty(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert "empty" in refusal(path)


def test_damaged_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(os.urandom(5000), mtime=0)[:-700])
    assert "damaged gzip" in refusal(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    path.chmod(0)
    assert "permission" in refusal(path)


def test_unreadable_as_the_system_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr("builtins.open", refuse)
    assert "permission denied" in refusal(path)


def test_nothing_given() -> None:
    with pytest.raises(DocumentError, match="no document was given"):
        load([])


def test_names_are_unique(tmp_path: Path) -> None:
    paths = [Path("/x/a/log.txt"), Path("/x/b/log.txt"), Path("/x/c.txt"), Path("/x/c.txt")]
    names = unique_names(paths)
    assert names[:2] == ["a/log.txt", "b/log.txt"]
    assert names[2:] == ["c.txt", "c.txt (2)"]


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"from a pipe\n")
    os.close(writer)
    (document,) = load([f"/dev/fd/{reader}"])
    os.close(reader)
    assert document.text == "from a pipe\n"


def test_a_device_is_refused_before_it_is_read() -> None:
    assert "is a device" in refusal(Path("/dev/zero"))


def test_white_space_alone_is_no_document(tmp_path: Path) -> None:
    path = tmp_path / "blank.txt"
    path.write_text(" \n\t\n")
    with pytest.raises(DocumentError, match="only white space"):
        load([path])
