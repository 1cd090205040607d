"""Saved sessions over a grid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.live import set_up
from rlm_tui.bench.runner import Runner
from rlm_tui.bench.sweep import grid, read_prompt, sweep_works
from rlm_tui.document.document import Document
from rlm_tui.events import RunConfig
from rlm_tui.session.again import AgainError
from rlm_tui.session.fork import load_saved
from rlm_tui.session.setup import Setup, run_session
from rlm_tui.store import Store
from tests.support.bench import Mocked, store_at

TEXT = "number 3\nnumber 4\n"


@pytest.fixture
async def store(tmp_path: Path) -> Iterator[Store]:  # type: ignore[misc]
    mock = Mocked()
    path = store_at(tmp_path)
    setup = Setup(
        query="What is the sum?",
        config=RunConfig(model="mock", max_depth=0),
        documents=(Document.from_text("numbers.txt", TEXT),),
        store=path,
        durability="normal",
        custom={"mock": mock},
    )
    await run_session(setup)
    with Store.open(path, durability="normal") as opened:
        yield opened


async def test_a_saved_session_runs_anew_for_every_combination(store: Store, tmp_path: Path) -> None:
    (tmp_path / "brief.txt").write_text("Be brief.")
    saved = load_saved(store, "last")
    works = sweep_works(
        "s",
        [saved],
        models=["mock", "other"],
        prompts=[read_prompt(tmp_path / "brief.txt")],
        changes=grid({"max_depth": [0, 1], "temperature": [0.0, 1.0]}),
        expected="7",
    )
    assert len(works) == 8
    assert {(work.row.method, work.row.model) for work in works} == {
        (method, model) for method in ("rlm:0", "rlm:1") for model in ("mock", "other")
    }
    mock = Mocked()
    table = set_up(store, works)
    summary = await Runner(store, table.open, custom={"mock": mock, "other": mock}).run()
    assert summary.done == 8 and mock.asked.total() == 16, "nothing comes from the record"
    rows = store.results.cells("s")
    assert {row.official for row in rows} == {1.0}
    for row in rows:
        again = load_saved(store, str(row.session)).started
        assert (again.parent, again.origin) == (saved.started.session, "rerun")
        assert again.documents == saved.started.documents and again.config.advice == "Be brief."
        assert "prompt" in row.parameters and "Be brief" not in row.parameters
    assert set_up(store, works).open == []


async def test_without_an_expected_answer_there_is_no_score(store: Store) -> None:
    works = sweep_works("s", [load_saved(store, "last")])
    await Runner(store, set_up(store, works).open, custom={"mock": Mocked()}).run()
    (row,) = store.results.cells("s")
    assert (row.status, row.official, row.answer) == ("ok", None, "7")


async def test_a_changed_prompt_is_another_cell(store: Store, tmp_path: Path) -> None:
    saved, file = load_saved(store, "last"), tmp_path / "p.txt"
    keys = []
    for text in ("one", "two"):
        file.write_text(text)
        keys.append(sweep_works("s", [saved], prompts=[read_prompt(file)])[0].row.key)
    assert keys[0] != keys[1]


async def test_settings_that_make_no_sense_are_refused_before_anything_runs(store: Store) -> None:
    with pytest.raises(AgainError, match="max_depth should be from 0 to 16"):
        sweep_works("s", [load_saved(store, "last")], changes=[{"max_depth": 99}])


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "can't be read"), (b"", "is empty"), (b"\xff\xfe", "not UTF-8"), (b"x" * 20_001, "20,000")],
)
def test_a_prompt_that_can_t_be_used_is_a_sentence(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "p.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BenchError, match=said):
        read_prompt(file)
