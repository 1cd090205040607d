"""Logs of fast-rlm: one line a step, one ``run_id`` an agent.

A line is written when its step is over. Children name their parent agent, but not the step; they belong to the step
during which they began, and the beginning stands in their ``run_id``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from rlm_tui import events as ev
from rlm_tui.events import RunConfig, Usage
from rlm_tui.store.importers.scribe import UNKNOWN, Scribe, count, fenced, moment, number, text

_LENGTH = re.compile(r"^Context length: (\d+)", re.MULTILINE)
_HEAD = re.compile(
    r"^(?:Context:|First 500 characters of str\(context\):) +(.*?)(?:\n---\n|\Z)", re.MULTILINE | re.DOTALL
)
_FULL = re.compile(r"\A\[(?:FULL OUTPUT SHOWN|TRUNCATED: [^\]]*)\]\.* ?")


@dataclass
class _Agent:
    id: str
    parent: str | None
    depth: int
    start: float
    steps: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    result: tuple[float, str] | None = None
    model: str = UNKNOWN
    end: float = 0.0


def tell(records: list[tuple[int, Any]], scribe: Scribe) -> None:
    """Tell `scribe` what the log says."""
    agents = _agents(records, scribe)
    roots = [agent for agent in agents.values() if agent.parent is None]
    if not roots:
        raise ValueError("it has no root agent")
    root = roots[0]
    for extra in roots[1:]:
        scribe.problems.append(f"a second run in the same file ({extra.id}) was left out")
    if root.model == UNKNOWN:
        scribe.missing.append("models")
    scribe.missing += ["prompts", "settings"] + (["documents"] if scribe.document is None else [])
    if not any("timestamps" in step for agent in agents.values() for _, step in agent.steps):
        scribe.missing.append("when a reply ended and its code began")
    query, _ = _context(root)
    scribe.start(query, RunConfig(model=root.model, max_depth=max(a.depth for a in agents.values())))
    _tell_agent(root, "0", None, None, agents, scribe)
    if root.result is not None:
        scribe.end("completed", root.result[1])


def _agents(records: list[tuple[int, Any]], scribe: Scribe) -> dict[str, _Agent]:
    agents: dict[str, _Agent] = {}
    for line, record in records:
        at = moment(record.get("time")) if isinstance(record, dict) else None
        if at is None or not isinstance(record.get("run_id"), str):
            scribe.problems.append(f"line {line} is no step of a run and was left out")
            continue
        name = record["run_id"]
        if name not in agents:
            parent = record.get("parent_run_id")
            start = moment(int(name.partition("-")[0])) if name.partition("-")[0].isdigit() else None
            start = at if start is None or start > at else start
            depth = count(record.get("depth"))
            agents[name] = _Agent(name, parent if isinstance(parent, str) else None, depth, start)
        agent = agents[name]
        agent.end = max(agent.end, at)
        kind = record.get("event_type")
        if isinstance(record.get("model"), str):
            agent.model = record["model"]
        if kind == "final_result":
            agent.result = (at, text(record.get("result")))
        elif kind in ("execution_result", "code_generated"):
            agent.steps.append((at, record))
    for agent in agents.values():
        # A child whose parent wrote nothing hangs from the first agent.
        if agent.parent is not None and agent.parent not in agents:
            agent.parent = next((a.id for a in agents.values() if a.parent is None and a is not agent), None)
    return agents


def _context(agent: _Agent) -> tuple[str, int]:
    """The beginning of the agent's context, which holds its question, and the context's length."""
    for _, step in agent.steps[:1]:
        output = text(step.get("output"))
        head, length = _HEAD.search(output), _LENGTH.search(output)
        return " ".join(head[1].split())[:300] if head else "", int(length[1]) if length else 0
    return "", 0


def _tell_agent(
    agent: _Agent, node: str, cell: str | None, ordinal: int | None, agents: dict[str, _Agent], scribe: Scribe
) -> None:
    query, chars = _context(agent)
    parent = node.rpartition("/")[0] or None
    scribe.add(
        agent.start,
        ev.NodeStarted(
            node=node,
            depth=node.count("/"),
            model=agent.model,
            query=query,
            context_kind="str",
            context_chars=chars,
            parent=parent,
            cell=cell,
            ordinal=ordinal,
        ),
    )
    children = sorted((a for a in agents.values() if a.parent == agent.id and a is not agent), key=lambda a: a.start)
    before, number_of_step = agent.start, 0
    for position, (at, step) in enumerate(agent.steps):
        number_of_step = count(step.get("step", position))
        mine = [child for child in children if child.start <= at]
        children = [child for child in children if child.start > at]
        last = position == len(agent.steps) - 1
        _tell_step(agent, node, number_of_step, before, at, step, mine, last, agents, scribe)
        before = at
    for n, child in enumerate(children, 1):
        # The step that called them was never finished, so the log doesn't have it.
        _tell_agent(child, f"{node}/c{number_of_step + 1}.{n}", None, n, agents, scribe)
    if agent.result is not None:
        at, answer = agent.result
        scribe.add(at, ev.NodeEnded(node=node, status="completed", answer=scribe.put(answer)))
    elif node != "0":
        scribe.add(agent.end, ev.NodeEnded(node=node, status="failed", error="the log has no result of this agent"))


def _tell_step(
    agent: _Agent,
    node: str,
    turn: int,
    before: float,
    at: float,
    step: dict[str, Any],
    children: list[_Agent],
    last: bool,
    agents: dict[str, _Agent],
    scribe: Scribe,
) -> None:
    code, output = text(step.get("code")), _FULL.sub("", text(step.get("output")))
    cell, failed = f"{node}:c{turn}", bool(step.get("hasError"))
    if turn == 0:
        scribe.begin_cell(cell, node, 0, code, at)
        scribe.end_cell(cell, output, at, failed)
        return
    times = step.get("timestamps") if isinstance(step.get("timestamps"), dict) else {}
    assert isinstance(times, dict)
    asked = moment(times.get("llm_call_start")) or before
    replied = moment(times.get("llm_call_end")) or min([child.start for child in children], default=at)
    began = moment(times.get("execution_start")) or replied
    reply = scribe.put(fenced(text(step.get("reasoning")), code))
    call = f"{node}:t{turn}"
    scribe.add(
        asked,
        ev.CallReserved(
            call=call,
            node=node,
            purpose="turn",
            model=agent.model,
            messages=(),
            max_output_tokens=0,
            estimate=Usage(),
            turn=turn,
            depth=node.count("/"),
        ),
    )
    usage = _usage(step.get("usage"))
    scribe.add(
        replied,
        ev.CallFinished(call=call, reply=reply, usage=usage, finish="unknown", seconds=max(0.0, replied - asked)),
        ev.ReplyRead(node=node, turn=turn, call=call, action="cell" if code else "nudge", kept=reply, rule=0),
    )
    if not code:
        return
    scribe.begin_cell(cell, node, turn, code, began)
    for n, child in enumerate(children, 1):
        _tell_agent(child, f"{node}/c{turn}.{n}", cell, n, agents, scribe)
    scribe.end_cell(cell, output, max(began, at), failed)
    if last and agent.result is not None:
        scribe.add(
            agent.result[0],
            ev.FinalProposed(node=node, source="FINAL", answer=scribe.put(agent.result[1]), cell=cell),
        )


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage(calls=1, unpriced=1)
    priced = isinstance(usage.get("cost"), int | float)
    return Usage(
        calls=1,
        input=count(usage.get("prompt_tokens")),
        cached=count(usage.get("cached_tokens")),
        output=count(usage.get("completion_tokens")),
        reasoning=count(usage.get("reasoning_tokens")),
        cost=max(0.0, number(usage.get("cost"))),
        unpriced=0 if priced else 1,
    )
