"""Results of recursive-llm: one record a run, with its trajectory of events.

Tokens and cost are known for the whole run only; they are put on the root's last call, so that the sums are right.
Without ``capture_trajectory_content`` texts are replaced by their lengths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rlm_tui import events as ev
from rlm_tui.events import Fault, RunConfig, Usage, clean
from rlm_tui.store.importers.scribe import UNKNOWN, Scribe, count, messages, number, text

_FENCED = re.compile(r"^```[a-z0-9]*\n(.*?)\n?```", re.DOTALL | re.MULTILINE)


@dataclass
class _Node:
    id: str
    turns: int = 0
    cell: str = ""
    cells: int = 0
    ordinal: int = 0


class _Teller:
    def __init__(self, record: dict[str, Any], scribe: Scribe) -> None:
        self.scribe = scribe
        self.config = record.get("config") if isinstance(record.get("config"), dict) else {}
        self.steps = [step for step in record["trajectory"] if isinstance(step, dict)]
        self.total = _usage(record.get("stats"), sum(step.get("kind") == "model_call_end" for step in self.steps))
        self.began = scribe.written - max([number(step.get("elapsed_seconds")) for step in self.steps], default=0.0)
        self.nodes: dict[str, _Node] = {}
        self.calls: dict[str, tuple[str, float]] = {}
        self.retried: dict[tuple[str, bool], str] = {}
        root = [s for s in self.steps if s.get("kind") == "model_call_end" and not _data(s).get("is_leaf")]
        self.last = text((root or [{}])[-1].get("node_id"))

    def at(self, step: dict[str, Any]) -> float:
        return self.began + number(step.get("elapsed_seconds"))

    def tell(self) -> None:
        for step in self.steps:
            kind = text(step.get("kind"))
            method = getattr(self, f"on_{kind}", None)
            if method is not None:
                method(step, _data(step), self.at(step))

    def node(self, name: Any) -> _Node:
        """The node called `name` in the log; one that was never announced stands for the root."""
        return self.nodes.get(text(name)) or next(iter(self.nodes.values()), _Node("0"))

    def on_rlm_start(self, step: dict[str, Any], data: dict[str, Any], at: float) -> None:
        name = text(step.get("node_id"))
        parent = self.nodes.get(text(step.get("parent_id")))
        model = clean(text((self.config or {}).get("recursive_model" if parent else "model")) or UNKNOWN)
        context = data.get("context")
        cell, ordinal = None, None
        if parent is None:
            path = "0"
        else:
            cell, ordinal = self.sub_call(parent)
            path = f"{parent.id}/{cell.rpartition(':')[2]}.{ordinal}"
        self.nodes[name] = _Node(path)
        started = ev.NodeStarted(
            node=path,
            depth=path.count("/"),
            model=model,
            query=clean(text(data.get("query"))),
            context_kind="str",
            context_chars=len(context) if isinstance(context, str) else count(data.get("context_chars")),
            parent=parent.id if parent else None,
            cell=cell,
            ordinal=ordinal,
            context=self.scribe.put(context) if isinstance(context, str) and parent else None,
        )
        self.scribe.add(at, started)

    def sub_call(self, node: _Node) -> tuple[str, int]:
        """Cell and number of a sub-call: it belongs to the cell that began with the node's last reply."""
        node.ordinal += 1
        return f"{node.id}:c{max(1, node.cells)}", node.ordinal

    def on_model_call_start(self, step: dict[str, Any], data: dict[str, Any], at: float) -> None:
        node, leaf = self.node(step.get("parent_id")), bool(data.get("is_leaf"))
        name, attempt = text(step.get("node_id")), max(1, count(data.get("attempt")))
        key = (node.id, leaf)
        if attempt > 1 and key in self.retried:
            call = self.retried.pop(key)
            self.calls[name] = (call, self.calls_began(call, at))
            self.scribe.add(at, ev.AttemptStarted(call=call, attempt=attempt))
            return
        cell, ordinal, turn = None, None, None
        if leaf:
            cell, ordinal = self.sub_call(node)
            call = f"{cell}.{ordinal}"
        else:
            node.turns += 1
            node.ordinal = 0
            turn = node.turns
            call = f"{node.id}:t{turn}"
        self.calls[name] = (call, at)
        reserved = ev.CallReserved(
            call=call,
            node=node.id,
            purpose="leaf" if leaf else "turn",
            model=clean(text(data.get("model")) or UNKNOWN),
            messages=messages(self.scribe, data.get("messages")),
            max_output_tokens=0,
            estimate=Usage(),
            turn=turn,
            cell=cell,
            ordinal=ordinal,
            depth=node.id.count("/") + leaf,
        )
        self.scribe.add(at, reserved, ev.AttemptStarted(call=call, attempt=attempt))

    def calls_began(self, call: str, otherwise: float) -> float:
        return next((began for name, began in self.calls.values() if name == call), otherwise)

    def on_model_call_error(self, step: dict[str, Any], data: dict[str, Any], at: float) -> None:
        if (known := self.calls.get(text(step.get("node_id")))) is None:
            return
        call, began = known
        fault = Fault("other", clean(f"{text(data.get('error_type'))}: {text(data.get('error'))}"[:500]))
        if data.get("retrying"):
            self.retried[(self.node(step.get("parent_id")).id, bool(data.get("is_leaf")))] = call
            self.scribe.add(
                at, ev.AttemptFailed(call=call, attempt=max(1, count(data.get("attempt"))), fault=fault, retry_in=0.0)
            )
        else:
            self.scribe.add(at, ev.CallFailed(call=call, fault=fault, seconds=at - began))

    def on_model_call_end(self, step: dict[str, Any], data: dict[str, Any], at: float) -> None:
        name = text(step.get("node_id"))
        if (known := self.calls.get(name)) is None:
            return
        call, began = known
        reply = self.scribe.put(self.body(data, "response"))
        usage = self.total if name == self.last else Usage(calls=1)
        self.scribe.add(at, ev.CallFinished(call=call, reply=reply, usage=usage, finish="unknown", seconds=at - began))
        if data.get("is_leaf"):
            return
        node = self.node(step.get("parent_id"))
        following = self.following(step)
        kind = text(following.get("kind"))
        action = {"repl_step": "cell", "final_answer": "final"}.get(kind, "nudge")
        self.scribe.add(at, ev.ReplyRead(node=node.id, turn=node.turns, call=call, action=action, kept=reply, rule=0))
        if action == "cell":
            node.cells += 1
            node.cell = f"{node.id}:c{node.cells}"
            code = self.body(_data(following), "code")
            # The step holds the whole reply: prose, fence and all.
            code = match[1] if (match := _FENCED.search(code)) else code
            self.scribe.begin_cell(node.cell, node.id, node.turns, code, at)

    def following(self, step: dict[str, Any]) -> dict[str, Any]:
        """What the node did with the reply that `step` brought: a step of code, an answer, another request."""
        node = step.get("parent_id")
        position = next(i for i, other in enumerate(self.steps) if other is step)
        for other in self.steps[position + 1 :]:
            kind = other.get("kind")
            if kind in ("repl_step", "final_answer", "final_answer_rejected") and other.get("node_id") == node:
                return other
            if kind == "model_call_start" and other.get("parent_id") == node and not _data(other).get("is_leaf"):
                break
        return {}

    def on_repl_step(self, step: dict[str, Any], data: dict[str, Any], at: float) -> None:
        node = self.node(step.get("node_id"))
        if node.cell:
            self.scribe.end_cell(node.cell, self.body(data, "output"), at, data.get("status") == "error")

    def on_final_answer(self, step: dict[str, Any], data: dict[str, Any], at: float) -> None:
        node = self.node(step.get("node_id"))
        source = {"directive": "prose", "answer_object": "answer"}.get(text(data.get("method")), "FINAL_VAR")
        answer = self.scribe.put(self.body(data, "answer"))
        cell = node.cell if source == "answer" else None
        self.scribe.add(at, ev.FinalProposed(node=node.id, source=source, answer=answer, cell=cell or None))

    def on_final_answer_rejected(self, step: dict[str, Any], data: dict[str, Any], at: float) -> None:
        refused = ev.FinalRefused(
            node=self.node(step.get("node_id")).id,
            reason=clean(self.body(data, "reason")),
            answer=self.scribe.put(self.body(data, "answer")),
        )
        self.scribe.add(at, refused)

    def on_rlm_end(self, step: dict[str, Any], data: dict[str, Any], at: float) -> None:
        answer = self.scribe.put(self.body(data, "answer"))
        self.scribe.add(at, ev.NodeEnded(node=self.node(step.get("node_id")).id, status="completed", answer=answer))

    def on_rlm_error(self, step: dict[str, Any], data: dict[str, Any], at: float) -> None:
        error = clean(f"{text(data.get('error_type'))}: {text(data.get('error'))}")
        self.scribe.add(at, ev.NodeEnded(node=self.node(step.get("node_id")).id, status="failed", error=error))

    def body(self, data: dict[str, Any], name: str) -> str:
        """A text of the log, or how long it was when only that was recorded."""
        if name in data or f"{name}_chars" not in data:
            return text(data.get(name))
        if "texts (only their lengths were recorded)" not in self.scribe.missing:
            self.scribe.missing.append("texts (only their lengths were recorded)")
        return f"({count(data[f'{name}_chars'])} characters, not recorded)"


def tell(records: list[tuple[int, Any]], scribe: Scribe) -> None:
    """Tell `scribe` what the log says."""
    runs = [record for _, record in records if isinstance(record, dict) and isinstance(record.get("trajectory"), list)]
    if not runs:
        raise ValueError("it has no run")
    if len(runs) > 1:
        scribe.problems.append(f"{len(runs) - 1} more runs in the same file were left out")
    record = runs[0]
    teller = _Teller(record, scribe)
    config = teller.config or {}
    start = next((_data(step) for step in teller.steps if step.get("kind") in ("run_start", "rlm_start")), {})
    scribe.missing += ["when it was (its times count from the end of the file)", "tokens and cost of single calls"]
    if not isinstance(start.get("context"), str) and scribe.document is None:
        scribe.missing.append("documents")
    limits = ev.Limits(
        turns=count(config.get("max_iterations")) or ev.Limits().turns, usd=_limit(config, "max_total_cost_usd")
    )
    scribe.start(
        text(start.get("query")),
        RunConfig(
            model=clean(text(config.get("model")) or UNKNOWN),
            sub_model=clean(text(config.get("recursive_model"))) or None,
            max_depth=count(config.get("max_depth")),
            limits=limits,
        ),
        start.get("context"),
    )
    teller.tell()
    if record.get("termination_reason") == "completed":
        scribe.end("completed", text(record.get("answer")))
    elif record.get("error") or record.get("termination_reason") == "failed":
        error = record.get("error")
        words = [text(error.get(key)) for key in ("type", "message")] if isinstance(error, dict) else [text(error)]
        scribe.end("failed", error=": ".join(word for word in words if word) or "the run failed")


def _data(step: dict[str, Any]) -> dict[str, Any]:
    data = step.get("data")
    return data if isinstance(data, dict) else {}


def _limit(config: dict[str, Any], name: str) -> float | None:
    value = config.get(name)
    return float(value) if isinstance(value, int | float) else None


def _usage(stats: Any, calls: int) -> Usage:
    """The whole run's usage, as that of its last call."""
    stats = stats if isinstance(stats, dict) else {}
    priced = count(stats.get("priced_calls"))
    return Usage(
        calls=1,
        input=count(stats.get("prompt_tokens")),
        cached=count(stats.get("cached_tokens")),
        output=count(stats.get("completion_tokens")),
        cost=max(0.0, number(stats.get("estimated_cost_usd"))),
        unpriced=max(0, calls - priced),
    )
