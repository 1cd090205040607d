"""Logs of ``rlms``, the library of the paper's authors: a line of metadata, then one line a turn of the root.

Every line repeats the whole prompt and, in ``locals``, the whole context. Children stand inside the line of the turn
that called them: ``code_blocks[].result.rlm_calls[].metadata``.
"""

from __future__ import annotations

import re
from typing import Any

from rlm_tui import events as ev
from rlm_tui.events import Fault, RunConfig, Usage, Variable, clean
from rlm_tui.store.importers.scribe import (
    UNKNOWN,
    Scribe,
    count,
    error_in,
    messages,
    moment,
    number,
    text,
    unknown_usage,
)

_QUERY = re.compile(r"\AAnswer the following: (.*?)\n\nYour context is ", re.DOTALL)
_CONTEXT = re.compile(r"context(_\d+)?\Z")


def tell(records: list[tuple[int, Any]], scribe: Scribe) -> None:
    """Tell `scribe` what the log says."""
    metadata: dict[str, Any] = {}
    turns: list[dict[str, Any]] = []
    for line, record in records:
        kind = record.get("type") if isinstance(record, dict) else None
        if kind == "metadata":
            metadata = record
        elif kind == "iteration":
            turns.append(record)
        else:
            scribe.problems.append(f"line {line} is no turn of a run and was left out")
    if not turns and not metadata:
        raise ValueError("it has no turns")
    model = text(metadata.get("root_model")) or UNKNOWN
    context = _context(turns)
    scribe.missing += ["tokens and cost of the root's own calls"]
    if context is None and scribe.document is None:
        scribe.missing.append("documents")
    limits = ev.Limits(turns=count(metadata.get("max_iterations")) or ev.Limits().turns)
    config = RunConfig(model=clean(model), max_depth=count(metadata.get("max_depth")), limits=limits)
    scribe.start(_query(turns), config, context)
    start = moment(metadata.get("timestamp")) or _began(turns[0], scribe.written)
    chars = len(context) if isinstance(context, str) else 0
    node = ev.NodeStarted(
        node="0", depth=0, model=clean(model), query=clean(_query(turns)), context_kind="str", context_chars=chars
    )
    scribe.add(start, node)
    answer, _ = _tell_turns("0", model, turns, start, scribe)
    if answer is not None:
        scribe.end("completed", answer)


def _tell_turns(
    node: str, model: str, turns: list[dict[str, Any]], start: float, scribe: Scribe, total: Usage | None = None
) -> tuple[str | None, float]:
    """All turns of one node. `total` is what its first turn counts for, where the log has it. Returns answer and end."""
    answer: str | None = None
    at, cells = start, 0
    for position, turn in enumerate(turns, 1):
        end = max(at, moment(turn.get("timestamp")) or at + number(turn.get("iteration_time")))
        begin = max(at, end - number(turn.get("iteration_time")))
        blocks = [block for block in turn.get("code_blocks") or [] if isinstance(block, dict)]
        results = [block["result"] if isinstance(block.get("result"), dict) else {} for block in blocks]
        replied = max(begin, end - sum(number(result.get("execution_time")) for result in results))
        finals = [_final(turn.get("final_answer")), *(_final(result.get("final_answer")) for result in results)]
        final = next((found for found in finals if found is not None), None)
        call, reply = f"{node}:t{position}", scribe.put(text(turn.get("response")))
        usage = unknown_usage() if total is None else total if position == 1 else Usage(calls=1)
        action = "cell" if blocks else "nudge" if final is None else "final"
        scribe.add(
            begin,
            ev.CallReserved(
                call=call,
                node=node,
                purpose="turn",
                model=clean(model),
                messages=messages(scribe, _before(turn.get("prompt"), position)),
                max_output_tokens=0,
                estimate=Usage(),
                turn=position,
                depth=node.count("/"),
            ),
        )
        scribe.add(
            replied,
            ev.CallFinished(call=call, reply=reply, usage=usage, finish="unknown", seconds=replied - begin),
            ev.ReplyRead(node=node, turn=position, call=call, action=action, kept=reply, rule=0),
        )
        clock = replied
        for block, result in zip(blocks, results, strict=True):
            cells += 1
            clock = _tell_cell(node, f"{node}:c{cells}", position, block, result, clock, scribe)
        if final is not None and answer is None:
            answer = final
            cell = f"{node}:c{cells}" if blocks else None
            source = "answer" if blocks else "prose"
            scribe.add(max(end, clock), ev.FinalProposed(node=node, source=source, answer=scribe.put(final), cell=cell))
        at = max(end, clock)
    if answer is not None:
        scribe.add(at, ev.NodeEnded(node=node, status="completed", answer=scribe.put(answer)))
    elif node != "0":
        scribe.add(at, ev.NodeEnded(node=node, status="failed", error="the log has no answer of this node"))
    return answer, at


def _tell_cell(
    node: str, cell: str, turn: int, block: dict[str, Any], result: dict[str, Any], at: float, scribe: Scribe
) -> float:
    """A cell with its sub-calls; returns when it ended."""
    scribe.begin_cell(cell, node, turn, text(block.get("code")), at)
    clock = at
    for ordinal, call in enumerate(result.get("rlm_calls") or [], 1):
        if isinstance(call, dict):
            clock = _tell_call(node, cell, ordinal, call, clock, scribe)
    stdout, stderr = text(result.get("stdout")), text(result.get("stderr"))
    output = stdout + ("" if not stderr or not stdout or stdout.endswith("\n") else "\n") + stderr.lstrip("\n")
    end = max(clock, at + number(result.get("execution_time")))
    scribe.end_cell(cell, output, end, bool(stderr.strip()), _variables(result.get("locals")))
    return end


def _tell_call(node: str, cell: str, ordinal: int, call: dict[str, Any], at: float, scribe: Scribe) -> float:
    """A sub-call; returns when it ended. One with ``metadata`` is a node of its own."""
    model = clean(text(call.get("root_model")) or UNKNOWN)
    usage = _usage(call.get("usage_summary"))
    end = at + number(call.get("execution_time"))
    inner = call.get("metadata")
    if isinstance(inner, dict) and isinstance(inner.get("iterations"), list):
        turns = [turn for turn in inner["iterations"] if isinstance(turn, dict)]
        context = _context(turns)
        child = f"{node}/{cell.rpartition(':')[2]}.{ordinal}"
        query = clean(_query(turns) or text(call.get("prompt"))[:300])
        scribe.add(
            at,
            ev.NodeStarted(
                node=child,
                depth=child.count("/"),
                model=model,
                query=query,
                context_kind="str",
                context_chars=len(context) if isinstance(context, str) else 0,
                parent=node,
                cell=cell,
                ordinal=ordinal,
                context=scribe.put(context) if isinstance(context, str) else None,
            ),
        )
        return max(end, _tell_turns(child, model, turns, at, scribe, _own(usage, turns))[1])
    name = f"{cell}.{ordinal}"
    reserved = ev.CallReserved(
        call=name,
        node=node,
        purpose="leaf",
        model=model,
        messages=messages(scribe, call.get("prompt")),
        max_output_tokens=0,
        estimate=Usage(),
        cell=cell,
        ordinal=ordinal,
        depth=node.count("/") + 1,
    )
    scribe.add(at, reserved)
    if call.get("error"):
        error = error_in(text(call.get("error")))
        scribe.add(end, ev.CallFailed(call=name, fault=Fault("other", error.message), usage=usage, seconds=end - at))
    else:
        reply = scribe.put(text(call.get("response")))
        scribe.add(end, ev.CallFinished(call=name, reply=reply, usage=usage, finish="unknown", seconds=end - at))
    return end


def _before(prompt: Any, turn: int) -> Any:
    """The prompt of a turn. In the lines of children it already holds what came after."""
    if not isinstance(prompt, list):
        return prompt
    replies = [i for i, m in enumerate(prompt) if isinstance(m, dict) and m.get("role") == "assistant"]
    return prompt[: replies[turn - 1]] if len(replies) >= turn else prompt


def _own(total: Usage, turns: list[dict[str, Any]]) -> Usage:
    """What a child's own turns used, all on the first: its whole usage without that of its sub-calls."""
    inner = Usage()
    for turn in turns:
        for block in turn.get("code_blocks") or []:
            for call in (block.get("result") or {}).get("rlm_calls") or []:
                inner += _usage(call.get("usage_summary"))
    return Usage(
        calls=1,
        input=max(0, total.input - inner.input),
        output=max(0, total.output - inner.output),
        cost=max(0.0, total.cost - inner.cost),
        unpriced=max(0, total.unpriced - inner.unpriced),
    )


def _usage(summary: Any) -> Usage:
    models = summary.get("model_usage_summaries") if isinstance(summary, dict) else None
    if not isinstance(models, dict):
        return unknown_usage()
    total = Usage()
    for use in models.values():
        if isinstance(use, dict):
            cost = use.get("total_cost")
            calls = max(1, count(use.get("total_calls")))
            total += Usage(
                calls=calls,
                input=count(use.get("total_input_tokens")),
                output=count(use.get("total_output_tokens")),
                cost=number(cost),
                unpriced=0 if isinstance(cost, int | float) else calls,
            )
    return total


def _final(value: Any) -> str | None:
    """A final answer: a text, or in older logs a pair of its type and the answer."""
    if isinstance(value, list) and len(value) == 2:
        value = value[1]
    return None if value is None else text(value)


def _query(turns: list[dict[str, Any]]) -> str:
    prompt = turns[0].get("prompt") if turns else None
    for message in prompt if isinstance(prompt, list) else []:
        if isinstance(message, dict) and (match := _QUERY.match(text(message.get("content")))):
            return match[1]
    return ""


def _context(turns: list[dict[str, Any]]) -> Any:
    """The context as the REPL held it after the first cell."""
    for turn in turns:
        for block in turn.get("code_blocks") or []:
            found = ((block.get("result") or {}).get("locals") or {}).get("context")
            if found is not None:
                return found
    return None


def _variables(found: Any) -> tuple[Variable, ...]:
    if not isinstance(found, dict):
        return ()
    return tuple(
        Variable(
            name=clean(name),
            type=type(value).__name__,
            size=len(value) if isinstance(value, str | list | dict) else None,
            preview=clean(" ".join(text(value)[:300].split())[:200]),
        )
        for name, value in found.items()
        if not _CONTEXT.match(name)
    )


def _began(turn: dict[str, Any], otherwise: float) -> float:
    end = moment(turn.get("timestamp"))
    return otherwise if end is None else end - number(turn.get("iteration_time"))
