"""Sessions as an evaluation log of ``inspect_ai`` (its JSON format, version 2): one sample a session.

Spans are nodes, model events are calls, tool events are cells. A text of some length stands once, among its sample's
attachments, however many prompts repeat it; documents are named by their hashes and stand there only where a prompt holds
them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import IO, Any

from rlm_tui.events import BlobRef, Message, Usage
from rlm_tui.projection.state import Call, Cell, Node
from rlm_tui.session.adapters.told import Told, moment, packed
from rlm_tui.version import VERSION

ATTACHED = 200
"""Characters from which on a text is kept among the attachments."""

_STOPS = {"stop": "stop", "length": "max_tokens", "content_filter": "content_filter", "tool_calls": "tool_calls"}
_SCORES = ("official", "tolerant", "judge")


def write_inspect(sessions: Iterable[Told], out: IO[bytes], task: str = "") -> None:
    """Write one log with all `sessions`. Raises `ValueError` when there are none."""
    told = list(sessions)
    if not told:
        raise ValueError("there is no session to be written")
    out.write(packed(log_of(told, task)))


def log_of(sessions: Sequence[Told], task: str = "") -> dict[str, Any]:
    """The log as JSON values."""
    first = sessions[0]
    name = task or (first.cell.suite if first.cell is not None else "rlm-tui")
    run = hashlib.sha256("".join(told.recording.session for told in sessions).encode()).hexdigest()[:22]
    samples, epochs = [], Counter[str]()
    for told in sessions:
        sample = _Sample(told)
        epochs[sample.id] += 1
        samples.append(sample.told_as(epochs[sample.id]))
    models = Counter(told.state.config.model for told in sessions)
    ended = [told.state.ended for told in sessions if told.state.ended is not None]
    over = len(ended) == len(sessions)
    usage: dict[str, Usage] = {}
    for told in sessions:
        for model, spent in told.state.by_model.items():
            usage[model] = usage.get(model, Usage()) + spent
    return {
        "version": 2,
        "status": "success" if over else "cancelled",
        "eval": {
            "eval_id": run,
            "run_id": run,
            "created": moment(min(told.state.started for told in sessions)),
            "task": name,
            "task_id": run,
            "task_version": 0,
            "task_attribs": {},
            "task_args": {},
            "dataset": {
                "name": first.cell.task if first.cell is not None else name,
                "samples": len(set(epochs)),
                "sample_ids": list(epochs),
            },
            "model": models.most_common(1)[0][0],
            "model_args": {},
            "config": {"epochs": max(epochs.values())},
            "packages": {"rlm-tui": VERSION},
            "metadata": {"models": sorted(models)},
        },
        "plan": {"name": "plan", "steps": [{"solver": "rlm_tui", "params": {}}], "config": {}},
        "results": {
            "total_samples": len(sessions),
            "completed_samples": sum(told.state.status == "completed" for told in sessions),
            "scores": _results(sessions),
        },
        "stats": {
            "started_at": moment(min(told.state.started for told in sessions)),
            "completed_at": moment(max(ended)) if ended else "",
            "model_usage": {model: _usage(spent) for model, spent in usage.items()},
        },
        "samples": samples,
    }


def _results(sessions: Sequence[Told]) -> list[dict[str, Any]]:
    """The mean of each score: the same figures that our own tables show."""
    found = []
    for name in _SCORES:
        values = [getattr(told.cell, name) for told in sessions if told.cell is not None]
        values = [value for value in values if value is not None]
        if values:
            mean = {"name": "mean", "value": sum(values) / len(values), "params": {}}
            found.append({"name": name, "scorer": name, "params": {}, "metrics": {"mean": mean},
                          "scored_samples": len(values), "unscored_samples": len(sessions) - len(values)})  # fmt: skip
    return found


class _Sample:
    def __init__(self, told: Told) -> None:
        self.told, self.state = told, told.state
        self.id = told.cell.item if told.cell is not None else told.recording.session
        self.attachments: dict[str, str] = {}

    def told_as(self, epoch: int) -> dict[str, Any]:
        state, cell = self.state, self.told.cell
        before, after = self.told.conversation()
        last = next((call for call in reversed(self.told.root_calls()) if call.reply is not None), None)
        sample: dict[str, Any] = {
            "id": self.id,
            "epoch": epoch,
            "input": state.query,
            "target": list(self.told.gold) if len(self.told.gold) != 1 else self.told.gold[0],
            "messages": [self.message(message, n) for n, message in enumerate([*before, *after])],
            "output": self.output(last, self.told.answer()),
            "scores": self.scores(),
            "metadata": {
                "session": self.told.recording.session,
                "documents": [
                    {"name": ref.name, "sha256": ref.body.sha, "chars": ref.body.chars} for ref in state.documents
                ],
                "status": state.status,
            },
            "store": {},
            "events": self.events(),
            "model_usage": {model: _usage(spent) for model, spent in state.by_model.items()},
            "started_at": moment(state.started),
            "total_time": state.at - state.started,
            "working_time": state.seconds,
            "uuid": self.told.recording.session,
        }
        if state.ended is not None:
            sample["completed_at"] = moment(state.ended)
        if cell is not None:
            sample["metadata"] |= {
                "suite": cell.suite, "task": cell.task, "window": cell.window, "length": cell.length,
                "answer_type": cell.answer_type, "method": cell.method, "parameters": cell.parameters, "seed": cell.seed,
                "outcome": cell.status,
            }  # fmt: skip
        if state.error and state.status in ("failed", "cancelled"):
            sample["error"] = {"message": state.error, "traceback": "", "traceback_ansi": ""}
        sample["attachments"] = self.attachments
        return sample

    def scores(self) -> dict[str, Any]:
        cell = self.told.cell
        if cell is None:
            return {}
        return {
            name: {"value": getattr(cell, name), "answer": cell.parsed or cell.answer, "explanation": cell.error}
            for name in _SCORES
            if getattr(cell, name) is not None
        }

    def kept(self, text: str) -> str:
        """A text, or what stands for it."""
        if len(text) < ATTACHED:
            return text
        name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self.attachments[name] = text
        return f"attachment://{name}"

    def body(self, ref: BlobRef | None) -> str:
        return self.kept(self.told.text(ref))

    def message(self, message: Message, number: int) -> dict[str, Any]:
        return {"id": f"m{number}", "role": message.role, "content": self.body(message.body)}

    def output(self, call: Call | None, text: str) -> dict[str, Any]:
        model = call.model if call is not None else self.state.config.model
        stop = _STOPS.get(call.finish, "unknown") if call is not None else "unknown"
        message = {"role": "assistant", "content": self.kept(text), "model": model, "source": "generate"}
        found: dict[str, Any] = {
            "model": model,
            "choices": [{"message": message, "stop_reason": stop}],
        }
        if call is not None:
            found |= {"usage": _usage(call.usage), "time": call.seconds}
        return found

    def events(self) -> list[dict[str, Any]]:
        timed: list[tuple[float, int, dict[str, Any]]] = []
        for node in self.state.nodes.values():
            timed.append((node.started, 0, self.begin(node)))
            end = node.ended if node.ended is not None else self.state.at
            timed.append(
                (end, 3, {**self.at(end), "event": "span_end", "id": _span(node.id), "span_id": _span(node.id)})
            )
        timed += [(call.started, 1, self.model(call)) for call in self.state.calls.values()]
        timed += [(cell.started, 2, self.tool(cell)) for cell in self.state.cells.values()]
        return [event for _, _, event in sorted(timed, key=lambda one: one[:2])]

    def at(self, at: float) -> dict[str, Any]:
        return {"timestamp": moment(at), "working_start": max(0.0, at - self.state.started), "pending": False}

    def begin(self, node: Node) -> dict[str, Any]:
        parent = _span(node.parent) if node.parent is not None else None
        return {**self.at(node.started), "event": "span_begin", "id": _span(node.id), "span_id": _span(node.id),
                "parent_id": parent, "type": "agent", "name": f"rlm {node.id}"}  # fmt: skip

    def model(self, call: Call) -> dict[str, Any]:
        event: dict[str, Any] = {
            **self.at(call.started),
            "event": "model",
            "span_id": _span(call.node),
            "uuid": call.id,
            "model": call.model,
            "role": call.purpose,
            "input": [self.message(message, n) for n, message in enumerate(call.messages)],
            "tools": [],
            "tool_choice": "none",
            "config": {"max_tokens": call.max_output_tokens},
            "output": self.output(call, self.told.text(call.reply)),
            "retries": max(0, call.attempts - 1),
            "working_time": call.seconds,
        }
        if call.ended is not None:
            event["completed"] = moment(call.ended)
        if call.fault is not None:
            event["error"] = call.fault.message
        return event

    def tool(self, cell: Cell) -> dict[str, Any]:
        event: dict[str, Any] = {
            **self.at(cell.started),
            "event": "tool",
            "type": "function",
            "span_id": _span(cell.node),
            "id": cell.id,
            "function": self.state.config.repl,
            "arguments": {"code": self.body(cell.code)},
            # Inspect looks for attachments in messages and arguments, not here.
            "result": self.told.text(cell.output),
            "failed": cell.error is not None or None,
            "working_time": cell.seconds,
            "metadata": {"origin": cell.origin, "turn": cell.turn},
        }
        if cell.ended is not None:
            event["completed"] = moment(cell.ended)
        if cell.error is not None:
            kind = {"Timeout": "timeout", "Refused": "permission"}.get(cell.error.type, "unknown")
            event["error"] = {"type": kind, "message": f"{cell.error.type}: {cell.error.message}"}
        return event


def _span(node: str) -> str:
    return f"node-{node}"


def _usage(usage: Usage) -> dict[str, Any]:
    found: dict[str, Any] = {
        # Inspect counts cached tokens apart from the others.
        "input_tokens": usage.input - usage.cached - usage.cache_write,
        "output_tokens": usage.output,
        "total_tokens": usage.total,
        "input_tokens_cache_read": usage.cached,
        "input_tokens_cache_write": usage.cache_write,
        "reasoning_tokens": usage.reasoning,
    }
    if usage.dollars is not None:
        found["total_cost"] = usage.dollars
    return found
