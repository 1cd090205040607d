from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.document.probe import about_tokens, probe


def count(text: str) -> int:
    return len(text.split())


def test_layout_of_a_text() -> None:
    text = "name,age,city\n" + "".join(f"n{n},{n},somewhere\n" for n in range(200))
    lines = probe(text, tokens=count).split("\n")
    assert lines[:5] == [
        "type: str",
        f"characters: {len(text):,} (~201 tokens)",
        "lines: 201",
        "format: csv",
        "--- first 500 characters ---",
    ]
    whole = probe(text, tokens=count)
    head, tail = whole.split("--- first 500 characters ---\n")[1].split("\n--- last 500 characters ---\n")
    assert head == text[:500] and tail == text[-500:]


def test_a_short_text_is_shown_once() -> None:
    assert probe("hello there") == (
        "type: str\ncharacters: 11 (~3 tokens)\nlines: 1\nformat: prose\n--- first 500 characters ---\nhello there"
    )


def test_empty_text() -> None:
    assert probe("") == "type: str\ncharacters: 0 (~0 tokens)\nlines: 0\nformat: prose"


def test_layout_of_a_dict() -> None:
    context = {"a.txt": "x" * 1000, "b\nc": {"k": 1}}
    context |= {f"n{n}": "y" * 10 for n in range(25)}
    text = probe(context)
    lines = text.split("\n")
    assert lines[:4] == [
        "type: dict",
        "items: 27",
        "  a.txt: str, 1,000 characters, prose",
        "  b\\nc: dict, 8 characters",
    ]
    assert lines[22] == "  … and 7 more"
    assert lines[23] == "total characters: 1,258 (~324 tokens)"
    assert "--- first 200 characters of a.txt ---\n" + "x" * 200 + "\n--- last 200 characters of a.txt ---" in text
    assert text.count("--- first") == 3


def test_layout_of_a_list() -> None:
    assert probe(["one", "two two"]) == (
        "type: list\nitems: 2\n  0: str, 3 characters, prose\n  1: str, 7 characters, prose\ntotal characters: 10 (~3 tokens)\n"
        "--- first 200 characters of 0 ---\none\n--- first 200 characters of 1 ---\ntwo two"
    )
    assert probe([]) == "type: list\nitems: 0\ntotal characters: 0 (~0 tokens)"


def test_every_text_of_several_has_a_format() -> None:
    told = probe({"t.csv": "a,b\n1,2\n", "m": '{"a": 1}\n{"a": 2}\n', "n.md": "# Notes\n\ntext\n", "none": ""})
    assert "\n  t.csv: str, 8 characters, csv\n  m: str, 18 characters, jsonl\n" in told
    assert "\n  n.md: str, 14 characters, markdown\n  none: str, 0 characters\n" in told


def test_metadata_tells_type_and_size_only() -> None:
    assert probe("secret", "metadata") == "type: str\ncharacters: 6 (~2 tokens)"
    assert probe({"a": "secret"}, "metadata") == "type: dict\nitems: 1\ntotal characters: 6 (~2 tokens)"


def test_long_texts_are_sampled() -> None:
    asked: list[int] = []

    def tokens(text: str) -> int:
        asked.append(len(text))
        return len(text) // 5

    assert about_tokens("x" * 10_000_000, tokens) == 2_000_000
    assert sum(asked) == 60_000


@given(st.one_of(st.text(), st.lists(st.text()), st.dictionaries(st.text(), st.text())))
def test_any_context_gives_the_facts(context: object) -> None:
    text = probe(context)
    assert text.startswith(f"type: {type(context).__name__}\n")
    assert re.search(r"characters: [\d,]+ \(~[\d,]+ tokens\)", text)
