"""``rlm-tui sessions show``: one session at a glance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option
from rlm_tui.cli.sessions.listing import as_dict, state_of, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rlm_tui.events import Usage
    from rlm_tui.projection.state import SessionState
    from rlm_tui.store import SessionRow


@click.command("show")
@click.argument("session", metavar="ID|last|FILE", shell_complete=complete.sessions)
@store_option
@json_option
def show_command(session: str, store: str | None, as_json: bool) -> None:
    """One session at a glance: question, answer, how it ended, what it cost, what was read, your marks."""
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.projection.fold import fold
    from rlm_tui.store import open_recording

    recording = open_recording(session, load_settings({"store": store}).store)
    try:
        row, state = recording.row, fold(recording.entries())
        answer = None
        if state.answer is not None:
            try:
                answer = recording.text(state.answer)
            except KeyError:
                answer = row.answer
    finally:
        recording.close()
    if as_json:
        click.echo(json.dumps(_report(row, state, answer), ensure_ascii=False, indent=2))
    else:
        for name, value in _lines(row, state):
            click.echo(f"{name:<9} {value}")
        if answer is not None:
            from rlm_tui.document.visible import visible

            click.echo("")
            click.echo(visible(answer))


def _lines(row: SessionRow, state: SessionState) -> Iterator[tuple[str, str]]:
    from rlm_tui.cli.plain import plain
    from rlm_tui.tui.figures import duration, percent, plural, price

    yield "session", row.id
    parent = f"{row.origin} of {row.parent}" if row.parent else row.origin
    yield "origin", plain(parent)
    yield "when", f"{when(row.created)}, took {duration((row.ended or row.updated) - row.created)}"
    yield "state", state_of(row) + (f": {plain(row.error)}" if row.error else "")
    yield "question", plain(row.query)
    for number, (name, chars) in enumerate(row.documents):
        seen, touched = (percent(state.coverage.read_chars(s, number), chars) for s in ("seen", "touched"))
        yield "document", f"{plain(name)}, {chars:,} characters; {seen} seen by a model, {touched} touched by code"
    yield "model", plain(row.model) + (f", sub-calls {plain(row.sub_model)}" if row.sub_model else "")
    yield (
        "work",
        f"{plural(row.calls, 'call')}, {plural(row.turns, 'turn')}, {plural(row.cells, 'cell')}, "
        f"{plural(row.nodes, 'node')}, depth {row.depth}, {plural(row.errors, 'error')}, {plural(row.last_seq, 'event')}",
    )
    yield "cost", f"{price(row.usage)}, {_tokens(row.usage)}"
    if len(state.by_model) > 1:
        for model, usage in state.by_model.items():
            yield "", f"{plain(model)}: {plural(usage.calls, 'call')}, {price(usage)}, {_tokens(usage)}"
    if row.tags:
        yield "tags", " ".join(row.tags)
    if row.score is not None:
        yield "score", f"{row.score} of 5"
    if row.note:
        yield "note", plain(row.note)


def _tokens(usage: Usage) -> str:
    sign = "~" if usage.estimated else ""
    return f"{sign}{usage.input:,} tokens in, {sign}{usage.output:,} out"


def _report(row: SessionRow, state: SessionState, answer: str | None) -> dict[str, Any]:
    from rlm_tui.session.plain import plain_values

    report = as_dict(row) | {"answer": answer}
    report["by_model"] = {model: plain_values(usage) for model, usage in state.by_model.items()}
    report["by_purpose"] = {purpose: plain_values(usage) for purpose, usage in state.by_purpose.items()}
    for number, document in enumerate(report["documents"]):
        document["seen_percent"] = round(100 * state.coverage.share("seen", number), 2)
        document["touched_percent"] = round(100 * state.coverage.share("touched", number), 2)
    report["config"] = plain_values(state.config)
    return report
