"""A session in the log format of ``rlms``, for the viewer that comes with that library.

The format has less room than ours: retries, edits, injected messages, pauses and budgets have no place in it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import IO, Any

import msgspec

from rlm_tui.events import BlobRef, Usage
from rlm_tui.projection.fold import fold
from rlm_tui.projection.state import Call, Cell, Node, SessionState
from rlm_tui.store.recording import Recording


def write_rlms(recording: Recording, out: IO[bytes]) -> None:
    """Write `recording` as JSON lines of ``rlms``. A text that the recording doesn't have is empty there."""
    teller = _Teller(recording, fold(recording.entries()))
    for record in teller.lines():
        out.write(msgspec.json.encode(record) + b"\n")


class _Teller:
    def __init__(self, recording: Recording, state: SessionState) -> None:
        self.recording = recording
        self.state = state

    def lines(self) -> list[dict[str, Any]]:
        config = self.state.config
        metadata = {
            "type": "metadata",
            "timestamp": _time(self.state.started),
            "root_model": config.model,
            "max_depth": config.max_depth,
            "max_iterations": config.limits.turns,
            "backend": "rlm-tui",
            "backend_kwargs": {"model_name": config.model},
            "environment_type": "local",
            "environment_kwargs": {},
            "other_backends": None,
        }
        return [metadata, *self.turns("0")]

    def turns(self, node: str) -> list[dict[str, Any]]:
        """The turns of a node, and its forced answer as one more."""
        calls = [c for c in self.state.calls.values() if c.node == node and c.purpose in ("turn", "extract")]
        turns = [self.turn(number, call) for number, call in enumerate(calls, 1)]
        answer = self.state.nodes[node].answer if node in self.state.nodes else None
        if turns and answer is not None:
            text = self.text(answer)
            turns[-1]["final_answer"] = text
            for block in turns[-1]["code_blocks"][-1:]:
                block["result"]["final_answer"] = text
        return turns

    def turn(self, number: int, call: Call) -> dict[str, Any]:
        cells = [self.state.cells[name] for name in self.state.cells_of.get(call.id, ())]
        ends = [end for end in (call.ended, *(cell.ended for cell in cells)) if end is not None]
        end = max(ends, default=call.started)
        return {
            "type": "iteration",
            "iteration": number,
            "timestamp": _time(end),
            "prompt": [{"role": m.role, "content": self.text(m.body)} for m in call.messages],
            "response": self.text(call.reply),
            "code_blocks": [self.block(cell, first=number == 1) for cell in cells],
            "final_answer": None,
            "iteration_time": end - call.started,
        }

    def block(self, cell: Cell, first: bool) -> dict[str, Any]:
        found: dict[str, Any] = {variable.name: variable.preview for variable in cell.variables}
        if first and cell.node == "0" and len(self.state.documents) == 1:
            found["context"] = self.text(self.state.documents[0].body)
        error = cell.error
        stderr = f"\n{error.type}: {error.message}" if error is not None else ""
        return {
            "code": self.text(cell.code),
            "result": {
                "stdout": self.text(cell.output),
                "stderr": stderr,
                "locals": found,
                "execution_time": cell.seconds + cell.waited,
                "rlm_calls": self.sub_calls(cell),
                "final_answer": None,
            },
        }

    def sub_calls(self, cell: Cell) -> list[dict[str, Any]]:
        made: list[Call | Node] = [c for c in self.state.calls.values() if c.cell == cell.id]
        made += [n for n in self.state.nodes.values() if n.cell == cell.id]
        return [self.sub_call(item) for item in sorted(made, key=lambda item: item.ordinal or 0)]

    def sub_call(self, made: Call | Node) -> dict[str, Any]:
        node = isinstance(made, Node)
        record: dict[str, Any] = {
            "root_model": made.model,
            "prompt": made.query if isinstance(made, Node) else "\n\n".join(self.text(m.body) for m in made.messages),
            "response": self.text(made.answer if isinstance(made, Node) else made.reply),
            "usage_summary": self.usage(made.model, self.state.totals.get(made.id, Usage())),
            "execution_time": (made.ended or made.started) - made.started,
        }
        if isinstance(made, Call) and made.fault is not None:
            record["error"] = made.fault.message
        if node:
            record["metadata"] = {"run_metadata": {"root_model": made.model}, "iterations": self.turns(made.id)}
        return record

    def usage(self, model: str, usage: Usage) -> dict[str, Any]:
        use: dict[str, Any] = {
            "total_calls": usage.calls,
            "total_input_tokens": usage.input,
            "total_output_tokens": usage.output,
        }
        if usage.dollars is not None:
            use["total_cost"] = usage.dollars
        return {"model_usage_summaries": {model: use}}

    def text(self, ref: BlobRef | None) -> str:
        if ref is None:
            return ""
        try:
            text = self.recording.text(ref)
        except KeyError:
            return ""
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _time(at: float) -> str:
    """A point in time as ``rlms`` writes it; in UTC, and it doesn't say so."""
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat()
