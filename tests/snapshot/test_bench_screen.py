"""What the laboratory's table looks like, over cells made by hand.

After a wanted change: ``pytest tests/snapshot --snapshot-update``, and look at the pictures before committing them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from rlm_tui.store.results import CellRow
from rlm_tui.tui.bench_app import BenchApp
from rlm_tui.tui.bench_rows import Rows

Compare = Callable[..., bool]

STATES = ["ok", "ok", "timeout", "ok", "refused", "ok", "over_window", "ok", "running", "pending"]


class MadeUp(Rows):
    """Cells in every state, without a store."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"), ["labels"])

    def read(self) -> None:
        rows = []
        for number in range(20):
            status, method = STATES[number % 10], ("direct", "rlm:1")[number % 2]
            row = CellRow(
                key=str(number), suite="labels", task="labels", item=f"labels/8192/0/{number // 2}/0",
                window=f"labels/8192/0/{number // 4}", length=8192, answer_type="NUMERIC", method=method, model="gpt-5-mini",
                question="How many instances are of the kind 'plant'? End with 'Answer: number'.", status=status,
                session=f"7f3a{number:08x}" if status != "pending" else None,
            )  # fmt: skip
            if row.done:
                good = status == "ok"
                row = msgspec.structs.replace(
                    row, official=(0.75 ** (number % 3)) if good else 0.0, tolerant=1.0 if good else 0.0, parsed="57",
                    answer="Answer: 57" if good else None, error=None if good else "the mock says so", cost=0.004 * (number + 1),
                    seconds=1.5 + number, calls=3, turns=2, input=9000, output=300, attempts=1, ended=1.0,
                )  # fmt: skip
            rows.append(row)
        self._rows = {row.key: row for row in rows}
        self._lines = None


async def settle(pilot: Pilot[Any]) -> None:
    """Let everything be laid out and drawn."""
    await pilot.pause()
    pilot.app.screen.refresh(layout=True)
    await pilot.pause()


async def down_twice(pilot: Pilot[Any]) -> None:
    """The third cell."""
    await settle(pilot)
    await pilot.press("down", "down")
    await settle(pilot)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
def test_bench(snap_compare: Compare, size: tuple[int, int]) -> None:
    """One row a cell with a sign for its state: a tick for full points, a half sign for some, a cross where it counted 0, a
    half circle while it runs; score, cost and time on the right. Below, the chosen cell in words, and beside it the score of
    each method with a bar, its interval, how many windows, and what counted 0."""
    assert snap_compare(BenchApp(MadeUp()), terminal_size=size, run_before=down_twice)


def test_bench_in_ascii(snap_compare: Compare) -> None:
    """The same with plain signs."""
    assert snap_compare(BenchApp(MadeUp(), glyphs="ascii"), terminal_size=(100, 30), run_before=settle)
