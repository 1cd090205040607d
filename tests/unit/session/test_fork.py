"""Children of saved sessions: what may be changed, where they start, and the Python interface to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rlm_tui
from rlm_tui.engine.providers.scripted import Scripted
from rlm_tui.events import Limits, RunConfig
from rlm_tui.rlm import RLM, RLMError
from rlm_tui.session.again import AgainError, blocks_of
from rlm_tui.session.changes import change_config, read_changes
from rlm_tui.session.fork import find_unfinished, fork_setup, load_saved, resume_setup
from rlm_tui.session.interrupted import unfinished
from rlm_tui.store import Store, StoreError

SCRIPT = """
turns:
  - "```repl\\nn = len(context.split())\\nprint(n)\\n```"
  - "```repl\\nFINAL(n)\\n```"
"""


@pytest.mark.parametrize(
    ("pair", "field", "value"),
    [
        ("temperature=0.2", "temperature", 0.2),
        ("temperature=none", "temperature", None),
        ("max-depth=2", "max_depth", 2),
        ("sub_model=none", "sub_model", None),
        ("advice=a = b", "advice", "a = b"),
        ("reuse_identical_calls=true", "reuse_identical_calls", True),
        ('models_at={"1": "x"}', "models_at", {1: "x"}),
        ('model_options={"top_p": 0.5}', "model_options", {"top_p": 0.5}),
        ("unknown_price=assume:1,2.5", "unknown_price", "assume:1,2.5"),
        ("repl=python", "repl", "python"),
    ],
)
def test_settings_are_read_with_their_types(pair: str, field: str, value: Any) -> None:
    assert getattr(change_config(RunConfig(model="m"), read_changes([pair])), field) == value


def test_limits_go_with_or_without_their_family_name() -> None:
    config = RunConfig(model="m", limits=Limits(calls=7))
    limits = change_config(config, read_changes(["usd=1.5", "limits.turns=3"])).limits
    assert (limits.usd, limits.turns, limits.calls) == (1.5, 3, 7)
    assert change_config(config, {"limits.calls": None}).limits.calls is None


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ("temprature=1", "did you mean temperature"),
        ("limit.usd=1", "did you mean limits.usd"),
        ("zzzzzz=1", "known are model, sub_model"),
        ("temperature", "should be like"),
        ("=1", "should be like"),
        ("max_depth=deep", "max_depth should be a whole number, not 'deep'"),
        ("max_depth=17", "from 0 to 16"),
        ("usd=-1", "0 or more"),
        ("usd=inf", "finite"),
        ("calls=0", "greater than 0"),
        ("probe=none", "full or metadata"),
        ("unknown_price=free", "assume:0.5,1.5"),
        ("api_base=http://user:secret@host/", "an address"),
        ("model_options=[1]", "JSON in braces"),
        ("model=", "name a model"),
        ("tools={}", "only a Python program"),
    ],
)
def test_wrong_settings_are_one_sentence(pair: str, says: str) -> None:
    with pytest.raises(AgainError, match=says) as error:
        change_config(RunConfig(model="m"), read_changes([pair]))
    assert "\n" not in str(error.value) and "secret" not in str(error.value)


def test_nothing_is_set_twice() -> None:
    with pytest.raises(AgainError, match="usd is set twice"):
        read_changes(["usd=1", "limits.usd=2"])


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_read_or_refused(key: str, text: str) -> None:
    try:
        config = change_config(RunConfig(model="m"), read_changes([f"{key}={text}"]))
    except AgainError as error:
        assert str(error)
    else:
        assert isinstance(config, RunConfig)


@pytest.fixture
def text_session(tmp_path: Path) -> tuple[Path, str, Scripted]:
    """A store, the session in it, and who answered."""
    (tmp_path / "s.yaml").write_text(SCRIPT)
    provider = Scripted(tmp_path / "s.yaml")
    result = RLM(model="mine", provider=provider, store=tmp_path / "s.db").completion("How many?", "one two three")
    return tmp_path / "s.db", result.session_id, provider


def test_fork_from_python(text_session: tuple[Path, str, Scripted]) -> None:
    path, parent, provider = text_session
    child = rlm_tui.fork(parent[:6], turn=1, code="n = 40 + len(context.split())", provider=provider, store=path)
    assert (child.answer, child.usage.calls) == ("43", 1)
    again = rlm_tui.fork("last", turn=2, provider=provider, store=path, config={"turns": 9})
    assert (again.answer, again.usage.calls) == ("43", 1)
    with Store.open(path) as store:
        row = store.catalog.get(again.session_id)
        assert row is not None and (row.parent, row.origin) == (child.session_id, "fork")


async def test_fork_inside_a_running_loop(text_session: tuple[Path, str, Scripted]) -> None:
    path, parent, provider = text_session
    assert rlm_tui.fork(parent, provider=provider, store=path).answer == "3"
    assert (await rlm_tui.afork(parent, provider=provider, store=path)).answer == "3"


def test_what_can_not_be_forked_says_why(text_session: tuple[Path, str, Scripted], tmp_path: Path) -> None:
    path, parent, provider = text_session
    with pytest.raises(AgainError, match="turns 1 to 2"):
        rlm_tui.fork(parent, turn=5, provider=provider, store=path)
    with pytest.raises(AgainError, match="which turn the new code is for"):
        rlm_tui.fork(parent, code="x = 1", provider=provider, store=path)
    with pytest.raises(StoreError, match="no session begins"):
        rlm_tui.fork("zzz", provider=provider, store=path)
    (tmp_path / "bad.yaml").write_text("turns:\n  - fault: auth\n")
    with pytest.raises(RLMError):
        rlm_tui.fork(parent, provider=Scripted(tmp_path / "bad.yaml"), store=path)


def test_where_a_child_starts(text_session: tuple[Path, str, Scripted]) -> None:
    path, parent, _ = text_session
    with Store.open(path) as store:
        saved = load_saved(store, parent)

        def turn(**what: Any) -> int | None:
            fork = fork_setup(saved, **what).fork
            assert fork is not None
            return fork.turn

        assert turn() == 1
        assert turn(changes={"temperature": 1.0}) == 1
        assert turn(changes={"model": "other"}) is None
        assert turn(changes={"limits.turns": 5}) is None
        assert turn(turn=2, changes={"temperature": 1.0}) == 2
        assert blocks_of(saved, 2) == [("0:c2", "FINAL(n)")]
        assert unfinished(store) == []
        with pytest.raises(AgainError, match="was cut off"):
            find_unfinished(store, "last")
        with pytest.raises(AgainError, match="has ended"):
            resume_setup(saved)
