"""Sessions as rollouts of the library ``verifiers``: JSON lines as its `results.jsonl`, for evaluation and training.

The fields are those of its `RolloutOutput`: ``prompt`` and ``completion`` are the root's conversation, ``answer`` is the
right one where it is known, ``reward`` the official score, null where there is none. What sub-calls said stands in the
outputs that the root read; ``info`` names the session that has all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from rlm_tui.events import Message, Usage
from rlm_tui.session.adapters.told import Told, packed


def write_rollouts(sessions: Iterable[Told], out: IO[bytes]) -> None:
    """One line for each session. ``example_id`` numbers the items in order; repetitions share theirs."""
    numbers: dict[str, int] = {}
    for told in sessions:
        item = told.cell.item if told.cell is not None else told.recording.session
        out.write(packed(rollout(told, numbers.setdefault(item, len(numbers)))))


def rollout(told: Told, number: int) -> dict[str, Any]:
    """One session as a rollout."""
    state, cell = told.state, told.cell
    before, after = told.conversation()
    own = sum((call.usage for call in told.root_calls()), Usage())
    metrics: dict[str, float] = {
        "turns": float(sum(call.purpose == "turn" for call in told.root_calls())),
        "calls": float(state.spent.calls),
        "depth": float(state.depth),
    }
    if state.spent.dollars is not None:
        metrics["cost"] = state.spent.dollars
    for name in ("official", "tolerant", "judge"):
        value = getattr(cell, name, None)
        if value is not None:
            metrics[name] = value
    ended = state.ended if state.ended is not None else state.at
    record: dict[str, Any] = {
        "example_id": number,
        "prompt": _messages(told, before),
        "completion": _messages(told, after),
        "reward": cell.official if cell is not None else None,
        "error": None,
        "timing": {
            "start_time": state.started,
            "generation_ms": state.seconds * 1000,
            "scoring_ms": 0.0,
            "total_ms": (ended - state.started) * 1000,
        },
        "is_completed": state.status in ("completed", "partial"),
        "is_truncated": state.limit is not None,
        "stop_condition": state.limit or state.status,
        "metrics": metrics,
        "tool_defs": None,
        "token_usage": {"input_tokens": float(own.input), "output_tokens": float(own.output)},
        "info": _info(told),
    }
    if told.gold:
        record["answer"] = told.gold[0] if len(told.gold) == 1 else "\n".join(told.gold)
    if state.error and state.status in ("failed", "cancelled"):
        record["error"] = {"error": state.status, "error_chain_repr": state.error, "error_chain_str": state.error}
    return {**record, **{name: value for name, value in metrics.items() if name not in record}}


def _messages(told: Told, messages: Iterable[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": told.text(message.body)} for message in messages]


def _info(told: Told) -> dict[str, Any]:
    state, cell = told.state, told.cell
    info: dict[str, Any] = {
        "session": told.recording.session,
        "model": state.config.model,
        "max_depth": state.config.max_depth,
        "query": state.query,
        "final_answer": told.answer(),
        "documents": [{"name": ref.name, "sha256": ref.body.sha, "chars": ref.body.chars} for ref in state.documents],
        "origin": state.origin,
    }
    if cell is not None:
        info |= {
            "suite": cell.suite, "task": cell.task, "item": cell.item, "window": cell.window, "length": cell.length,
            "answer_type": cell.answer_type, "method": cell.method, "parameters": cell.parameters, "seed": cell.seed,
            "status": cell.status,
        }  # fmt: skip
    return info
