"""Patterns, folders, the standard input, and files that have to be converted."""

from __future__ import annotations

import gzip
import io
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.document import gather as room
from rlm_tui.document.errors import DocumentError
from rlm_tui.document.gather import gather
from rlm_tui.document.loader import load

BINARY = bytes(range(256)) * 4


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.txt", "sub/c.txt", "sub/deep/d.md", ".hidden/e.txt", ".f.txt", "__pycache__/g.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text of {name}\n")
    return tmp_path


def names(*given: object) -> list[str]:
    return [document.name for document in load(given)]  # type: ignore[arg-type]


def refusal(*given: object) -> str:
    with pytest.raises(DocumentError) as caught:
        load(given)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_all_the_text_below_it(tree: Path) -> None:
    assert names(tree) == ["a.txt", "b.txt", "c.txt", "d.md"]


def test_what_is_no_text_in_a_folder_is_left_out_and_said(tree: Path) -> None:
    for n in range(5):
        (tree / f"x{n}.bin").write_bytes(BINARY)
    (tree / "empty.txt").touch()
    documents = load([tree])
    assert [d.name for d in documents] == ["a.txt", "b.txt", "c.txt", "d.md"]
    assert documents[0].notes == ("files beside it were left out, as not text: empty.txt, x0.bin, x1.bin and 3 more",)
    assert "is a binary file" in refusal(tree / "a.txt", tree / "x0.bin")


def test_a_folder_without_any_text(tmp_path: Path) -> None:
    assert "has no files in it" in refusal(tmp_path)
    (tmp_path / "x.bin").write_bytes(BINARY)
    assert "none of the 1 files that were found can be read as text" in refusal(tmp_path)
    assert "x.bin is a binary file" in refusal(tmp_path)


def test_a_folder_of_what_the_converter_could_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "markitdown", None)
    (tmp_path / "a.bin").write_bytes(BINARY)
    (tmp_path / "b.pdf").write_bytes(FILES["a.pdf"][0])
    assert "pip install 'rlm-tui[documents]'" in refusal(tmp_path)
    (tmp_path / "c.txt").write_text("text")
    (document,) = load([tmp_path])
    assert document.notes[0].endswith("a.bin, b.pdf; pip install 'rlm-tui[documents]' reads some of them")


def test_an_empty_name_is_not_the_working_folder(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    assert "the name of a document is empty" in refusal("")


def test_a_folder_with_too_much_in_it(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_FILES", 2)
    assert "has more than 2 files" in refusal(tree)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.txt", ["a.txt", "b.txt"]),
        ("**/*.txt", ["a.txt", "b.txt", "c.txt"]),
        ("[b-z].txt", ["b.txt"]),
        ("sub/?.*", ["c.txt"]),
    ],
)
def test_patterns(tree: Path, pattern: str, found: list[str]) -> None:
    assert names(tree / pattern) == found


def test_a_pattern_that_matches_nothing(tree: Path) -> None:
    assert "no file matches" in refusal(tree / "*.pdf")


def test_a_name_that_looks_like_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_text("brackets")
    assert load([tmp_path / "a[1].txt"])[0].text == "brackets"


def test_what_is_found_twice_is_loaded_once_and_what_is_named_twice_twice(tree: Path) -> None:
    assert names(tree / "a.txt", tree / "*.txt") == ["a.txt", "b.txt"]
    assert len(gather([tree / "a.txt", tree / "a.txt"])) == 2


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes, terminal: bool = False) -> None:
    stream = io.TextIOWrapper(io.BytesIO(data))
    monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=stream.buffer, isatty=lambda: terminal))


@pytest.mark.parametrize(
    "data", ["Grüße\n".encode(), "Grüße\n".encode("utf-16"), gzip.compress("Grüße\n".encode(), mtime=0)]
)
def test_the_standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    feed(monkeypatch, data)
    (document,) = load(["-"])
    assert (document.name, document.text, document.path) == ("standard input", "Grüße\n", None)


def test_a_standard_input_that_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b"")
    assert "nothing came from the standard input" in refusal("-")
    feed(monkeypatch, b"", terminal=True)
    assert "nothing is sent there" in refusal("-")
    feed(monkeypatch, BINARY)
    assert "standard input is a binary file" in refusal("-")


def test_what_has_to_be_converted_is_no_text_wherever_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "markitdown", None)
    plain = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
    feed(monkeypatch, plain)
    assert "standard input is a PDF file, which needs a converter" in refusal("-")
    feed(monkeypatch, gzip.compress(plain))
    assert "standard input is a PDF file, which needs a converter" in refusal("-")
    (tmp_path / "late.pdf").write_bytes(b"\r\n" + plain)
    assert "late.pdf is a PDF file, which needs a converter" in refusal(tmp_path / "late.pdf")


FILES = {
    "a.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF file"),
    "a.docx": (b"PK\x03\x04rest", "a Word file"),
    "a.xlsx": (b"PK\x03\x04rest", "an Excel file"),
    "a.xls": (b"\xd0\xcf\x11\xe0rest", "an Excel file"),
}


@pytest.mark.parametrize("name", FILES)
def test_without_the_converter_its_name_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    data, kind = FILES[name]
    (tmp_path / name).write_bytes(data)
    monkeypatch.setitem(sys.modules, "markitdown", None)
    message = refusal(tmp_path / name)
    assert f"is {kind}, which needs a converter: pip install 'rlm-tui[documents]'" in message


def test_a_web_page_is_text_without_the_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.html").write_text("<!DOCTYPE html><p>Hello")
    monkeypatch.setattr("rlm_tui.document.loader.can_convert", lambda: False)
    (document,) = load([tmp_path / "a.html"])
    assert document.text == "<!DOCTYPE html><p>Hello" and "read as it is written" in document.notes[0]


def converter(monkeypatch: pytest.MonkeyPatch, outcome: Any) -> None:
    def convert_stream(stream: Any, *, stream_info: Any) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return types.SimpleNamespace(text_content=outcome)

    module = types.SimpleNamespace(
        MarkItDown=lambda **_: types.SimpleNamespace(convert_stream=convert_stream), StreamInfo=types.SimpleNamespace
    )
    monkeypatch.setitem(sys.modules, "markitdown", module)
    monkeypatch.setattr("rlm_tui.document.loader.can_convert", lambda: True)


@pytest.mark.parametrize("name", [*FILES, "a.html"])
def test_with_the_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).write_bytes(FILES.get(name, (b"<html><p>x</html>", ""))[0])
    converter(monkeypatch, "# Title\n\nSome text.\n")
    (document,) = load([tmp_path / name])
    assert (document.text, document.format) == ("# Title\n\nSome text.\n", "markdown")
    assert document.notes[0].endswith("converted to Markdown")


def test_what_the_converter_says_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pdf").write_bytes(FILES["a.pdf"][0])
    converter(monkeypatch, RuntimeError("Traceback\nwhatever"))
    assert "can't be read as a PDF file (RuntimeError)" in refusal(tmp_path / "a.pdf")
    converter(monkeypatch, RuntimeError("PdfConverter threw PDFPasswordIncorrect"))
    assert "locked with a password; unlock it first" in refusal(tmp_path / "a.pdf")
    converter(monkeypatch, type("MissingDependencyException", (Exception,), {})("x"))
    assert "needs a part of the converter" in refusal(tmp_path / "a.pdf")
    converter(monkeypatch, type("FileConversionException", (Exception,), {})("x"))
    assert "but a damaged one" in refusal(tmp_path / "a.pdf")
    converter(monkeypatch, "%PDF-1.7 rubbish")
    assert "but a damaged one" in refusal(tmp_path / "a.pdf")
    converter(monkeypatch, "  \n")
    assert "has no text in it" in refusal(tmp_path / "a.pdf")
