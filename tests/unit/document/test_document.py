from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.document import body as body_module
from rlm_tui.document.body import MappedBody
from rlm_tui.document.document import Document
from rlm_tui.document.errors import DocumentError
from rlm_tui.document.loader import load
from rlm_tui.events import BlobRef
from rlm_tui.patterns import PatternError

TEXTS = st.text(st.sampled_from("ab\n\r é漢😀"), min_size=1, max_size=120)


def plain_lines(text: str) -> list[str]:
    newline = "\r" if "\n" not in text and text.count("\r") > 1 else "\n"
    lines = text.split(newline)
    if lines[-1] == "":
        lines.pop()
    return lines


def mapped(text: str, path: Path) -> Document:
    path.write_bytes(text.encode())
    with open(path, "rb") as file:
        return Document("doc", MappedBody(file.fileno(), "doc"))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 8 units, so that short texts cross many borders."""
    monkeypatch.setattr(body_module, "BLOCK", 8)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("on_disk", [False, True])
def test_lines_offsets_and_slices_agree_with_the_plain_text(
    tmp_path_factory: pytest.TempPathFactory, on_disk: bool
) -> None:
    path = tmp_path_factory.mktemp("d") / "doc.txt"

    @settings(max_examples=300, deadline=None)
    @given(TEXTS, st.integers(-3, 130), st.integers(-3, 130))
    def check(text: str, a: int, b: int) -> None:
        document = mapped(text, path) if on_disk else Document.from_text("doc", text)
        expected = plain_lines(text)
        assert document.chars == len(text)
        assert document.text == text
        assert document.line_count == len(expected)
        assert document.slice(a, b) == text[max(0, a) : max(0, b)]
        stripped = [line.removesuffix("\r") for line in expected]
        assert [document.line(n) for n in range(len(expected))] == stripped
        assert document.lines(a, b) == stripped[max(0, a) : max(0, b)]
        start = 0
        for n, line in enumerate(expected):
            assert document.offset_of_line(n) == start
            for char in range(start, min(len(text), start + len(line) + 1)):
                assert document.line_of(char) == n
            start += len(line) + 1
        assert document.ref() == BlobRef.of(text)
        document.close()

    check()


def test_sha_is_the_blobs_name() -> None:
    assert Document.from_text("a", "é\n").sha == hashlib.sha256("é\n".encode()).hexdigest()


def test_reference_names_everything(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,age,city\nAda,36,London\n")
    ref = load([path])[0].reference()
    assert (ref.name, ref.lines, ref.format, ref.path) == ("people.csv", 2, "csv", str(path))


def test_outside_the_document() -> None:
    document = Document.from_text("a", "one\ntwo\n")
    assert document.line(5) == "" and document.line(-1) == ""
    assert document.lines(1, 99) == ["two"]
    assert document.line_of(10_000) == 1
    assert document.offset_of_line(99) == 8


def test_empty_text() -> None:
    document = Document.from_text("a", "")
    assert (document.chars, document.line_count, document.lines(0, 5), document.line_of(3)) == (0, 0, [], 0)
    assert list(document.search("x")) == []


def test_a_very_long_line_is_cut() -> None:
    document = Document.from_text("a", "x" * 5_000_000 + "\nshort")
    assert len(document.line(0)) == 20_000
    assert document.lines(0, 2, limit=3) == ["xxx", "sho"]


def test_background_index_reports_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlm_tui.document.document.EAGER_SECONDS", 0.0)
    document = mapped("line é\n" * 40_000, tmp_path / "a.txt")
    assert not document.complete and document.chars < 280_000
    seen: list[tuple[int, int]] = []
    document.index_in_background(lambda done, total: seen.append((done, total))).join(20)
    assert document.complete and document.line_count == 40_000 and document.chars == 280_000
    assert seen[-1][0] == seen[-1][1] > 0
    document.close()


def test_a_file_that_shrinks_is_an_error_not_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    document = mapped("line\n" * 200_000, path)
    with open(path, "r+b") as file:
        file.truncate(100)
    with pytest.raises(DocumentError, match="became shorter"):
        document.slice(900_000, 900_010)
    document.close()


def test_damaged_utf8_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"good \xff bad\n")
    with open(path, "rb") as file:
        document = Document("doc", MappedBody(file.fileno(), "doc"))
    assert document.text == "good \ufffd bad\n" and document.chars == 11
    assert "not UTF-8" in document.notes[0]
    document.close()


# -------------------------------------------------------------------- search


@pytest.mark.parametrize("on_disk", [False, True])
def test_plain_search_finds_all_across_windows(tmp_path: Path, on_disk: bool) -> None:
    text = ("é" * 999 + "needle") * 900
    document = mapped(text, tmp_path / "a.txt") if on_disk else Document.from_text("a", text)
    hits = list(document.search("needle"))
    assert len(hits) == 900
    assert all(text[a:b] == "needle" for a, b in hits)
    assert next(iter(document.search("needle", hits[5][0] + 1))) == hits[6]
    document.close()


def test_search_ignores_case_without_moving_offsets() -> None:
    text = "İstanbul İSTANBUL straße NEEDLE needle"
    document = Document.from_text("a", text)
    assert [text[a:b] for a, b in document.search("needle", ignore_case=True)] == ["NEEDLE", "needle"]


def test_plain_search_over_a_line_end() -> None:
    assert list(Document.from_text("a", "one\ntwo").search("e\nt")) == [(2, 5)]


@settings(max_examples=200, deadline=None)
@given(st.text("ab\n", max_size=80), st.text("ab\n", min_size=1, max_size=3), st.integers(0, 20))
def test_plain_search_agrees_with_find(text: str, needle: str, start: int) -> None:
    expected, at = [], text.find(needle, start)
    while at >= 0:
        expected.append((at, at + len(needle)))
        at = text.find(needle, at + len(needle))
    assert list(Document.from_text("a", text).search(needle, start)) == expected


def test_regex_search_matches_within_lines() -> None:
    text = "id=12 x\r\nid=345\nnone\n" * 3
    hits = list(Document.from_text("a", text).search(r"id=(\d+)$", regex=True))
    assert [text[a:b] for a, b in hits] == ["id=345"] * 3


def test_regex_that_could_run_away_is_refused() -> None:
    with pytest.raises(PatternError, match="repeat inside a repeat"):
        Document.from_text("a", "a" * 50).search("(a+)+b", regex=True)


def test_search_goes_on_in_steps() -> None:
    search = Document.from_text("a", "needle " * 400_000).search("needle")
    first = search.step(0.0)
    assert first and not search.done and 0 < search.progress < 1
    total = len(first)
    while not search.done:
        total += len(search.step(0.01))
    assert total == 400_000 and search.progress == 1.0


def test_search_waits_for_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlm_tui.document.document.EAGER_SECONDS", 0.0)
    document = mapped("filler line\n" * 40_000 + "needle\n", tmp_path / "a.txt")
    search = document.search("needle")
    assert search.step(5.0) == [] and not search.done
    document.index()
    assert search.step(5.0) == [(480_000, 480_006)] and search.done
    document.close()


def test_search_across_small_windows_agrees_with_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlm_tui.document.search._WINDOW", 7)

    @settings(max_examples=400, deadline=None)
    @given(st.text("abA\n", max_size=60), st.text("ab", min_size=1, max_size=3), st.booleans())
    def check(text: str, needle: str, ignore_case: bool) -> None:
        document = Document.from_text("a", text)
        flags = re.IGNORECASE if ignore_case else 0
        expected = [m.span() for m in re.finditer(re.escape(needle), text, flags)]
        assert list(document.search(needle, ignore_case=ignore_case)) == expected
        if all(len(line) < 7 for line in text.split("\n")):
            hits = list(document.search(f"{needle}+|^b", regex=True, ignore_case=ignore_case))
            assert hits == [m.span() for m in re.finditer(f"{needle}+|^b", text, flags | re.MULTILINE)]

    check()
