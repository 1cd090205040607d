"""Aligned columns."""

from __future__ import annotations

from rich.cells import cell_len

from rlm_tui.cli.table import table


def test_columns_are_aligned_and_numbers_stand_right() -> None:
    lines = table(("name", "n", "what"), [["a", "7", "x"], ["longer", "123", "y"]], right=(1,))
    assert lines == ["name      n  what", "a         7  x", "longer  123  y"]


def test_without_a_width_nothing_is_cut() -> None:
    assert "w" * 300 in table(("a", "b", "c"), [["1", "2", "w" * 300]])[1]


def test_with_a_width_the_last_columns_give_way() -> None:
    rows = [["1", "d" * 80, "q" * 300], ["2", "d", "short"]]
    lines = table(("id", "document", "question"), rows, width=60)
    assert all(cell_len(line) <= 60 for line in lines)
    assert "…" in lines[1] and lines[2].endswith("short")


def test_wide_letters_count_twice() -> None:
    lines = table(("a", "b"), [["日本", "x"], ["abcd", "y"]])
    assert cell_len(lines[1].partition("x")[0]) == cell_len(lines[2].partition("y")[0])


def test_control_characters_are_made_visible() -> None:
    assert table(("a", "b"), [["\x1b[31m", "one\ntwo"]])[1] == "␛[31m  one two"
