"""The picture of a run at the foot of a terminal."""

from rlm_tui import events as ev
from rlm_tui.cli.live_tree import ROWS, picture
from rlm_tui.events import Entry, Event, Limits, RunConfig, Usage
from rlm_tui.projection.fold import fold
from rlm_tui.projection.state import SessionState

CONFIG = RunConfig(model="big", limits=Limits(calls=50, usd=0.5))


def state(*events: Event) -> SessionState:
    first = ev.SessionStarted(session="s", query="q", documents=(), config=CONFIG)
    return fold(Entry(n, 100.0 + n, event) for n, event in enumerate([first, *events], 1))


def node(name: str, depth: int) -> ev.NodeStarted:
    return ev.NodeStarted(
        node=name, depth=depth, model="big" if not depth else "small", query="q", context_kind="str", context_chars=9
    )


def call(name: str, owner: str, purpose: str = "turn") -> ev.CallReserved:
    turn = 2 if purpose == "turn" else None
    cell = None if turn else f"{owner}:c1"
    return ev.CallReserved(
        call=name,
        node=owner,
        purpose=purpose,
        model="big",
        messages=(),
        max_output_tokens=9,
        estimate=Usage(),
        turn=turn,
        cell=cell,
    )


def test_nothing_has_begun() -> None:
    assert picture(SessionState(), 0.0, 80) == []


def test_who_does_what() -> None:
    spent = ev.CallFinished(
        call="0:t2", reply=ev.BlobRef.of("x"), usage=Usage(calls=1, input=1200, output=30, cost=0.25)
    )
    cell = ev.CellProposed(cell="0:c1", node="0", turn=2, code=ev.BlobRef.of("x"))
    lines = picture(
        state(
            node("0", 0),
            call("0:t2", "0"),
            spent,
            cell,
            ev.CellStarted(cell="0:c1"),
            call("0:c1.1", "0", "leaf"),
            call("0:c1.2", "0", "leaf"),
            node("0/c1.10", 1),
            node("0/c1.9", 1),
            call("0/c1.9:t2", "0/c1.9"),
        ),
        142.0,
        200,
    )
    assert lines == [
        "▸ root: turn 2/30 · waits for 2 sub-calls · big · $0.25",
        "  ▸ c1.9: turn 2/30 · thinks · small · $0.00",
        "  ▸ c1.10: turn 0/30 · small · $0.00",
        "0:41 · 1 call · 1.2k tokens · $0.25 · 0% read · cost █████░░░░░ of $0.50 · calls ░░░░░░░░░░ of 50",
    ]


def test_no_more_rows_than_fit_and_the_root_is_always_there() -> None:
    children = [node(f"0/c1.{n}", 1) for n in range(1, 30)]
    done = [ev.NodeEnded(node=f"0/c1.{n}", status="completed") for n in range(1, 6)]
    lines = picture(state(node("0", 0), *children, *done), 200.0, 60)
    assert len(lines) == ROWS + 3
    assert lines[0].startswith("▸ root") and lines[1].startswith("  ▸ c1.23")
    assert lines[-3:-1] == ["… 17 more nodes running", "… 5 nodes done"]
    assert all(len(line) <= 60 for line in lines)
