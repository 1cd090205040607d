"""Methods, keys and the order of cells."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.direct import Cut, cut_middle, spans_of, text_for_prompt
from rlm_tui.bench.method import method_of
from rlm_tui.bench.suite import key_of, parameters_of, read_methods
from rlm_tui.document.document import Document
from rlm_tui.engine import tokens
from rlm_tui.events import RunConfig, Span
from rlm_tui.session.setup import Setup
from tests.support.bench import Sums, works_of


@pytest.mark.parametrize("name", ["", "rlm", "rlm:", "rlm:-1", "rlm:17", "rlm:x", "Direct", "cot"])
def test_an_unknown_method_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(BenchError, match=r"the methods are direct, direct-truncate, rlm:0"):
        method_of(name)


def test_methods_by_name() -> None:
    assert [(m.name, m.depth, m.direct, m.truncate) for m in read_methods(["rlm:2", "direct", "rlm:02", "direct"])] == [
        ("rlm:2", 2, False, False),
        ("direct", None, True, False),
    ]
    assert method_of("direct-truncate").truncate
    with pytest.raises(BenchError, match="at least one method"):
        read_methods([])


SAME: dict[str, Any] = {
    "suite": "s",
    "task": "t",
    "item": "i",
    "document": "d",
    "question": "q",
    "method": "direct",
    "model": "m",
    "parameters": "{}",
    "seed": 1,
}


@pytest.mark.parametrize("field", list(SAME))
def test_a_key_changes_with_everything_that_counts(field: str) -> None:
    other = 2 if field == "seed" else "other"
    assert key_of(**SAME) != key_of(**(SAME | {field: other}))


def test_a_key_is_the_same_for_ever() -> None:
    # Written down once: results of earlier versions must still be found.
    assert key_of(**SAME) == "7b677e3fbed5d227c34d7458"


def test_the_order_of_parameters_does_not_matter() -> None:
    assert parameters_of({"b": 1, "a": 2}) == parameters_of({"a": 2, "b": 1}) == '{"a":2,"b":1}'


def test_cells_come_window_by_window_and_every_combination_once() -> None:
    works = works_of(
        Sums(2, 3), models=("a", "b"), methods=("direct", "rlm:1"), seeds=(1, 2), grid=[{}, {"temperature": 0.5}]
    )
    assert len(works) == len({work.row.key for work in works}) == 2 * 3 * 2 * 2 * 2 * 2 * 2
    windows = [work.row.window for work in works]
    assert sum(a != b for a, b in itertools.pairwise(windows)) == 5, "each window is visited once"
    assert [work.row.length for work in works] == sorted(work.row.length for work in works)
    deep = next(work for work in works if work.row.method == "rlm:1" and work.row.parameters != "{}")
    assert (deep.config.max_depth, deep.config.temperature, deep.config.model) == (1, 0.5, deep.row.model)


def test_the_limit_is_for_each_length() -> None:
    assert len(works_of(Sums(5, 5), limit=3)) == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"max_depth": 2}, "use --methods rlm:DEPTH"),
        ({"model": "x"}, "use --models"),
        ({"temprature": 1}, "did you mean temperature"),
        ({"temperature": -1.0}, "should be 0 or more"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BenchError, match=said):
        works_of(grid=[changes])


def test_a_document_of_several_texts_names_them() -> None:
    assert text_for_prompt("plain") == "plain"
    assert text_for_prompt({"a.txt": "one", "b": {"x": 1}}) == 'Document a.txt:\none\n\nDocument b:\n{"x": 1}'
    assert text_for_prompt(["one", "two"]) == "Document 1:\none\n\nDocument 2:\ntwo"


@pytest.mark.parametrize("room", [-5, 0, 1, 20, 50, 200, 1000])
def test_a_cut_text_fits_and_keeps_both_ends(room: int) -> None:
    text = "".join(f"line {n} of the text\n" for n in range(500))
    cut = cut_middle(text, room, "gpt-5")
    assert tokens.count(cut.text, "gpt-5")[0] <= max(0, room)
    if cut.text:
        assert cut.text.startswith(text[: cut.head]) and cut.text.endswith(text[len(text) - cut.tail :])
    if room >= 50:
        assert cut.text.startswith("line 0") and cut.text.endswith("of the text\n")
        assert tokens.count(cut.text, "gpt-5")[0] >= 0.8 * room, "no more is cut than needed"
    assert cut_middle(text, 10_000, "gpt-5") == Cut(text, len(text))


def test_what_a_direct_prompt_holds_of_its_documents_is_known_without_looking() -> None:
    one = Setup("q", RunConfig(model="m"), (Document.from_text("a", "x" * 100),))
    assert spans_of(one, 100, Cut("x" * 100, 100)) == (Span(0, 0, 100),)
    assert spans_of(one, 100, Cut("…", 30, 20)) == (Span(0, 0, 30), Span(0, 80, 100))
    assert spans_of(one, 100, Cut("", 0)) == ()
    two = Setup("q", RunConfig(model="m"), (Document.from_text("a", "xy"), Document.from_text("b", "z")))
    assert spans_of(two, 40, Cut("…", 40)) == (Span(0, 0, 2), Span(1, 0, 1))
    assert spans_of(two, 40, Cut("…", 10, 10)) is None


def test_a_changed_document_makes_another_cell() -> None:
    work = works_of(limit=1)[0]
    other = works_of(limit=1, data_seed=1)[0]
    assert work.row.key != other.row.key and replace(work, most=1.0).row.key == work.row.key
