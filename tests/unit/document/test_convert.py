"""Documents in other formats, through the real converter; only where the extra `documents` is installed."""

import gzip
import importlib.util
import io
import sys
import types
from pathlib import Path

import pytest

from rlm_tui.document.errors import DocumentError
from rlm_tui.document.loader import load
from tests.support import office

pytestmark = pytest.mark.skipif(importlib.util.find_spec("markitdown") is None, reason="the extra is not installed")

PAGE = """<!doctype html><html><head><title>The lease</title><style>b {}</style><script>alert(1)</script></head>
<body><h1>The lease</h1><p>Signed by <b>Anna</b> Weber &amp; Sons</p></body></html>"""


def read(path: Path) -> str:
    (document,) = load([path])
    assert document.notes[-1].endswith("converted to Markdown")
    assert document.format == "markdown" or path.suffix == ".pdf"
    return document.text


def refusal(path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        load([path])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_pdf_file(tmp_path: Path) -> None:
    office.pdf(tmp_path / "a.pdf", ["The lease was signed by Anna Weber", "on 3 May 2001"])
    text = read(tmp_path / "a.pdf")
    assert text.index("signed by Anna Weber") < text.index("on 3 May 2001")
    (tmp_path / "a.pdf").rename(tmp_path / "no-suffix")
    assert "signed by Anna Weber" in read(tmp_path / "no-suffix")


def test_a_word_file(tmp_path: Path) -> None:
    office.docx(tmp_path / "a.docx", "The lease", "Signed by Anna Müller, 東京")
    assert read(tmp_path / "a.docx") == "# The lease\n\nSigned by Anna Müller, 東京"


def test_an_excel_file(tmp_path: Path) -> None:
    office.xlsx(tmp_path / "a.xlsx", [["Name", "Rent"], ["Anna", 900]])
    text = read(tmp_path / "a.xlsx")
    assert "Rents" in text and "| Name | Rent |" in text and "| Anna | 900 |" in text


def test_a_powerpoint_file(tmp_path: Path) -> None:
    office.pptx(tmp_path / "a.pptx", "The lease of Anna Weber")
    assert "The lease of Anna Weber" in read(tmp_path / "a.pptx")


def test_a_web_page(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(PAGE)
    text = read(tmp_path / "a.html")
    assert text == "# The lease\n\nSigned by **Anna** Weber & Sons"


def test_files_under_other_names(tmp_path: Path) -> None:
    office.docx(tmp_path / "a.docx", "The lease", "Signed by Anna")
    for name in ("download", "a.docm", "a.txt"):
        (tmp_path / name).write_bytes((tmp_path / "a.docx").read_bytes())
        assert "Signed by Anna" in read(tmp_path / name)
    office.xlsx(tmp_path / "b.docx", [["Name", "Rent"], ["Anna", 900]])
    assert load([tmp_path / "b.docx"])[0].notes == ("an Excel file, converted to Markdown",)


def test_packed_files(tmp_path: Path) -> None:
    office.pdf(tmp_path / "a.pdf", ["signed by Anna"])
    office.docx(tmp_path / "a.docx", "The lease", "signed by Anna")
    (tmp_path / "a.html").write_text("<html><body><p>signed by Anna")
    for name in ("a.pdf", "a.docx", "a.html"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        assert "signed by Anna" in read(tmp_path / f"{name}.gz")


def test_the_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office.pdf(tmp_path / "a.pdf", ["signed by Anna"])
    pages = (tmp_path / "a.pdf").read_bytes(), b"<!DOCTYPE html><body><p>signed by <b>Anna</b>"
    for data in pages:
        stream = types.SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: False)
        monkeypatch.setattr(sys, "stdin", stream)
        (document,) = load(["-"])
        assert "signed by" in document.text and "<b>" not in document.text and "obj" not in document.text


def test_pages_without_text(tmp_path: Path) -> None:
    office.pdf(tmp_path / "scan.pdf", [""])
    assert "has no text in it (scanned pages?)" in refusal(tmp_path / "scan.pdf")


def test_a_locked_file(tmp_path: Path) -> None:
    office.pdf(tmp_path / "locked.pdf", ["secret"], locked=True)
    assert refusal(tmp_path / "locked.pdf").endswith("is a PDF file that is locked with a password; unlock it first")


def test_damaged_files(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7\nrubbish")
    assert "is a PDF file, but a damaged one" in refusal(tmp_path / "bad.pdf")
    for name in ("bad.docx", "bad.xlsx", "bad.pptx"):
        (tmp_path / name).write_bytes(b"PK\x03\x04" + bytes(range(256)))
        assert name in refusal(tmp_path / name)
