"""Cells as models write them run here, and print and echo what plain Python prints and echoes.

The cells are in ``model_cells.txt``: ``#%%`` starts one, ``#%`` its next step in the same REPL. A line ``#! differs`` marks
a cell whose output cannot be compared (time, helpers of the REPL), ``#! refused: words`` one that must be refused with
these words.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.engine.sandbox.base import HostCall, Slot
from tests.unit.sandbox.conftest import Bench

CONTEXT = (
    "\n".join(
        f"Line {i}: User {i % 7} said on 2024-01-{i % 28 + 1:02d}: hello world, price ${i * 3}.50 id={i:04d} [error] code {i % 5}"
        for i in range(400)
    )
    + "\n# Chapter 1\nThe answer is 42.\n"
)
QUERY = "what is it?"


@dataclass(frozen=True)
class Cell:
    steps: tuple[str, ...]
    differs: bool
    refused: str | None


def _cells() -> list[Cell]:
    found = []
    for block in Path(__file__).with_name("model_cells.txt").read_text("utf-8").split("\n#%%\n"):
        lines = block.split("\n")
        marks = [line[3:] for line in lines if line.startswith("#! ")]
        steps = "\n".join(line for line in lines if not line.startswith("#! ")).split("\n#%\n")
        refused = next((m.removeprefix("refused: ") for m in marks if m.startswith("refused: ")), None)
        found.append(Cell(tuple(steps), "differs" in marks, refused))
    return found


CELLS = _cells()


def answer(prompt: str) -> str:
    return json.dumps({"label": "x", "answer": "re:" + prompt[:10], "score": 3})


class _Text(str):
    def __await__(self) -> Generator[Any, Any, str]:
        return str(self)
        yield


class _List(list[str]):
    def __await__(self) -> Generator[Any, Any, list[str]]:
        return list(self)
        yield


def plain(steps: Sequence[str]) -> list[tuple[str, str | None]]:
    """What plain Python prints and echoes; runs in a thread of its own, for the cells have their own event loops."""
    one = lambda prompt, context=None, model=None, schema=None: _Text(answer(prompt))  # noqa: E731
    nothing = lambda *values, **named: None  # noqa: E731
    names: dict[str, Any] = {
        "__name__": "__main__", "context": CONTEXT, "query": QUERY, "llm_query": one, "rlm_query": one,
        "llm_query_batched": lambda prompts, *rest: _List(answer(p) for p in prompts),
        "answer": {"content": None, "ready": False}, "FINAL": nothing, "FINAL_VAR": nothing,
    }  # fmt: skip

    def run(tree: Any, mode: str) -> Any:
        code = compile(tree, "<cell>", mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        value = eval(code, names)
        return asyncio.run(value) if code.co_flags & inspect.CO_COROUTINE else value

    found = []
    for step in steps:
        tree = ast.parse(step)
        last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            run(tree, "exec")
            value = run(last, "eval") if last is not None else None
        found.append((printed.getvalue(), None if value is None else repr(value)))
    return found


class _Models:
    """Answers as `answer` does."""

    async def call(self, request: HostCall) -> Sequence[Slot]:
        if request.name == "budget":
            return [Slot(value={"calls": 7})]
        return [Slot(error="no luck") if "FAIL" in p else Slot(value=answer(p)) for p in request.prompts]

    def output(self, text: str) -> None: ...


@pytest.mark.parametrize("cell", CELLS, ids=[f"{n}-{c.steps[0][:30]!r}" for n, c in enumerate(CELLS)])
async def test_runs_as_plain_python_does(bench: Bench, cell: Cell) -> None:
    repl = await bench.open(CONTEXT, QUERY)
    results = [await repl.run(step, _Models()) for step in cell.steps]
    if cell.refused is not None:
        error = results[-1].error
        assert error is not None and cell.refused in error.text
        return
    for result in results:
        assert result.status == "ok", (result.error and result.error.text, result.output[-500:])
    if not cell.differs:
        expected = await asyncio.to_thread(plain, cell.steps)
        assert [(r.output, r.echo) for r in results] == expected


def test_there_are_many_cells() -> None:
    assert len(CELLS) >= 300
