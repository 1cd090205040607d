from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.document.visible import visible, visible_offset
from rlm_tui.tui.text import width_of


def test_escapes_are_shown_not_obeyed() -> None:
    assert visible("\x1b[31mred\x1b]0;title\x07") == "␛[31mred␛]0;title␇"
    assert visible("a\x00b\x7f\x9b5m") == "a␀b␡␦5m"
    assert visible("a\rb\n") == "a␍b\n"


def test_hidden_and_turning_characters_are_shown() -> None:
    assert visible("evil\u202etxt.exe") == "evil⇄txt.exe"
    assert visible("zero\u200bwidth\ufeff\U000e0041") == "zero·width··"
    assert visible("lone \udc80") == "lone �"
    assert visible("a\u2028b") == "a␤b"


def test_signs_in_emoji_form_are_as_wide_as_terminals_agree() -> None:
    shown = visible("a ❤\ufe0f b ⚠\ufe0f 1\ufe0f\u20e3")
    assert "\ufe0f" not in shown
    assert width_of(shown) == width_of("a ❤ b ⚠ 1")
    assert len(shown) == len("a ❤\ufe0f b ⚠\ufe0f 1\ufe0f\u20e3")


def test_ascii_stand_ins() -> None:
    assert visible("\x1b\u202e\u200b\udc80é", ascii=True) == "????é"


def test_tabs() -> None:
    assert visible("a\tb\n\tc") == "a   b\n    c"
    assert visible("a\tb", tabs=0) == "a␉b"
    assert visible("a\r\tb") == "a␍  b"
    assert visible_offset("a\tb", 2) == 4
    assert visible_offset("abc", 2) == 2


def test_other_scripts_stay() -> None:
    text = "漢字 हिन्दी e\u0301 😀 [bold]not markup[/bold]"
    assert visible(text) == text


@given(st.text(st.characters()))
def test_nothing_unsafe_is_left_and_lengths_stay(text: str) -> None:
    shown = visible(text, tabs=0)
    assert len(shown) == len(text)
    for char in shown:
        assert char == "\n" or unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(char) not in ("LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI", "FSI", "PDI")


@given(st.text("a\tb\r\x1b漢\n"), st.integers(1, 8))
def test_offsets_follow_tabs(text: str, tabs: int) -> None:
    line = text.split("\n")[0]
    shown = visible(line, tabs)
    assert len(shown) == visible_offset(line, len(line), tabs)
    for n, char in enumerate(line):
        if char in "ab漢":
            assert shown[visible_offset(line, n, tabs)] == char
