"""What a person should see of the debugger's verbs beyond stepping."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui import events as ev
from tests.functional.test_workbench_debugger import with_a_look, with_two_nodes
from tests.snapshot.test_screens import BOTH, WIDE, Compare, after
from tests.support.screen import app_at, app_on


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlm_tui.tui.marks.data_dir", lambda: tmp_path)


@BOTH
def test_looking_into_the_repl(snap_compare: Compare, size: tuple[int, int]) -> None:
    """A dialog says that nothing is changed, shows one look with its value and that it ran in a copy, and has a field."""
    script, documents = with_a_look()
    app = app_on(script, documents)  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=size, run_before=after("e"))


def test_watches_stand_below_the_variables(snap_compare: Compare) -> None:
    """Below the variables a rule says watch; one value is 17, the other an error in red."""
    script, documents = with_a_look()
    app = app_on(script, documents)  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=WIDE, run_before=after())


def test_watches_dialog(snap_compare: Compare) -> None:
    """Two watches in a list, a field, and what a watch may do."""
    script, documents = with_a_look()
    app = app_on(script, documents)  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=WIDE, run_before=after("w"))


def test_marks(snap_compare: Compare) -> None:
    """A list with one named mark, a field for the next; behind it, a diamond on the first lane of the timeline."""
    script, documents = with_a_look()
    script.add(ev.MarkSet(number=3, at=30, name="the map begins"))
    app = app_on(script, documents)  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=WIDE, run_before=after("M"))


@BOTH
def test_jumping(snap_compare: Compare, size: tuple[int, int]) -> None:
    """A letter stands in the middle of every pane; on the narrow screen the hidden panes have theirs on the tabs."""
    assert snap_compare(app_at("held"), terminal_size=size, run_before=after("ctrl+o"))


def test_a_node_that_began_again(snap_compare: Compare) -> None:
    """The tree has node 1 as superseded, node 2 running, and node 1 try 2."""
    script, documents = with_two_nodes()
    script.add(ev.NodeRestarted(node="0/c3.1", again="0/c3.1~2"), ev.Resumed(verb="restart", node="0/c3.1~2"))
    script.add(ev.NodeEnded(node="0/c3.1", status="superseded", error="the operator had it begin again as 0/c3.1~2"))
    script.add(
        ev.NodeStarted(
            node="0/c3.1~2", depth=1, model="m", query="q", context_kind="str", context_chars=9, parent="0", cell="0:c3",
            ordinal=1,
        )
    )  # fmt: skip
    app = app_on(script, documents)  # type: ignore[arg-type]
    assert snap_compare(app, terminal_size=(160, 36), run_before=after())


def test_how_far_to_run(snap_compare: Compare) -> None:
    """The last line asks for a turn or a condition."""
    assert snap_compare(app_at("held"), terminal_size=WIDE, run_before=after("t"))
