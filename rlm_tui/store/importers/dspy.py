"""Trajectories of dspy.RLM: a list of ``{reasoning, code, output}``, alone or in a prediction with its answer.

There are no times in it; the steps are told a thousandth of a second apart.
"""

from __future__ import annotations

from typing import Any

from rlm_tui import events as ev
from rlm_tui.events import RunConfig, Usage, clean
from rlm_tui.store.importers.scribe import UNKNOWN, Scribe, fenced, text, unknown_usage

STEP = 0.001
_QUESTIONS = ("query", "question")
_NO_ANSWER = {"trajectory", "final_reasoning", "reasoning", "context", "model", *_QUESTIONS}


def tell(records: list[tuple[int, Any]], scribe: Scribe) -> None:
    """Tell `scribe` what the log says."""
    record = records[0][1]
    if isinstance(record, list):
        record = {"trajectory": record}
    if len(records) > 1:
        scribe.problems.append(f"{len(records) - 1} more predictions in the same file were left out")
    steps = [step for step in record["trajectory"] if isinstance(step, dict)]
    model = clean(text(record.get("model")) or UNKNOWN)
    query = next((text(record[name]) for name in _QUESTIONS if record.get(name)), "")
    scribe.missing += ["times", "tokens and cost", "prompts", "sub-calls"]
    if model == UNKNOWN:
        scribe.missing.append("models")
    if record.get("context") is None and scribe.document is None:
        scribe.missing.append("documents")
    scribe.start(query, RunConfig(model=model), record.get("context"))
    at = scribe.written - STEP * 3 * len(steps)
    node = ev.NodeStarted(node="0", depth=0, model=model, query=clean(query), context_kind="str", context_chars=0)
    scribe.add(at, node)
    for turn, step in enumerate(steps, 1):
        _tell_step(turn, step, model, at, scribe)
        at += 3 * STEP
    answer = _answer(record, steps)
    if answer is not None:
        cell = f"0:c{len(steps)}" if steps else None
        ref = scribe.put(answer)
        scribe.add(at, ev.FinalProposed(node="0", source="SUBMIT", answer=ref, cell=cell))
        scribe.add(at, ev.NodeEnded(node="0", status="completed", answer=ref))
        scribe.end("completed", answer)


def _tell_step(turn: int, step: dict[str, Any], model: str, at: float, scribe: Scribe) -> None:
    code, output, call = text(step.get("code")), text(step.get("output")), f"0:t{turn}"
    reply = scribe.put(fenced(text(step.get("reasoning")), code))
    scribe.add(
        at,
        ev.CallReserved(
            call=call,
            node="0",
            purpose="turn",
            model=model,
            messages=(),
            max_output_tokens=0,
            estimate=Usage(),
            turn=turn,
        ),
    )
    scribe.add(
        at + STEP,
        ev.CallFinished(call=call, reply=reply, usage=unknown_usage(), finish="unknown"),
        ev.ReplyRead(node="0", turn=turn, call=call, action="cell" if code else "nudge", kept=reply, rule=0),
    )
    if code:
        failed = output.lstrip().startswith(("[Error]", "Error:", "Traceback"))
        scribe.begin_cell(f"0:c{turn}", "0", turn, code, at + STEP)
        scribe.end_cell(f"0:c{turn}", output, at + 2 * STEP, failed)


def _answer(record: dict[str, Any], steps: list[dict[str, Any]]) -> str | None:
    """The prediction's outputs: one as it is, several as JSON; without them, what the last step submitted."""
    outputs = {name: value for name, value in record.items() if name not in _NO_ANSWER and not name.startswith("_")}
    if outputs:
        return text(next(iter(outputs.values()))) if len(outputs) == 1 else text(outputs)
    last = text(steps[-1].get("output")) if steps else ""
    return last.removeprefix("FINAL: ") if last.startswith("FINAL: ") else None
