"""``rlm-tui rerun``: a saved session anew, with something changed."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option, tool_option
from rlm_tui.cli.program import CANCELLED, FAILED, PARTIAL, complain

if TYPE_CHECKING:
    from rlm_tui.cli.again import AgainJob
    from rlm_tui.config.settings import Settings
    from rlm_tui.events import Usage
    from rlm_tui.projection.state import SessionState
    from rlm_tui.session.again import Saved
    from rlm_tui.session.group import Member

COUNT = click.IntRange(min=1)

ANSWER = 120
"""Characters of an answer in the table."""


@click.command()
@click.argument("session", metavar="ID|last", shell_complete=complete.sessions)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="Another model of the root; several make a group.",
    shell_complete=complete.models,
)
@click.option("--sub-model", metavar="MODEL", help="Another model of the sub-calls.", shell_complete=complete.models)
@click.option(
    "--from", "turn", type=COUNT, metavar="TURN", help="Take the root's turns before this one from the record."
)
@click.option("--node", default="0", metavar="NODE", help="The node whose turn --from or --edit means, as 0/c2.1.")
@click.option("--edit", type=COUNT, metavar="TURN", help="Change the code of a turn in $EDITOR and go on from there.")
@click.option(
    "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Another setting: temperature=0, limits.usd=1 …"
)
@click.option("--parallel", is_flag=True, help="Run the sessions of a group at once.")
@click.option("--yes", is_flag=True, help="Don't ask before spending money.")
@tool_option
@store_option
@json_option
def command(
    session: str,
    models: tuple[str, ...],
    sub_model: str | None,
    turn: int | None,
    node: str,
    edit: int | None,
    pairs: tuple[str, ...],
    parallel: bool,
    yes: bool,
    tools: tuple[str, ...],
    store: str | None,
    as_json: bool,
) -> int:
    """Run a saved session anew as a child of it: the same question and documents, with what you change.

    With --from, turns before that one come from the record at no cost; with a child as --node, all that was recorded before
    that turn. Without it, what was recorded is used for as long
    as the same is asked of the same models; with nothing changed, or another temperature, everything is asked anew.

    Progress goes to stderr, a table with the parent to stdout. Exit code: 0 all answered, 1 one failed, 2 bad input, 3 one
    is partial, 130 cancelled.
    """
    from rlm_tui.cli.again import again_job, existing_store
    from rlm_tui.cli.prepare import find_tools, load_settings
    from rlm_tui.session.changes import read_changes
    from rlm_tui.session.fork import fork_setup, load_saved

    if edit is not None and turn is not None and edit != turn:
        raise click.UsageError("--edit says where to start; leave --from out")
    if node != "0" and edit is None and turn is None:
        raise click.UsageError(f"say from which turn of node {node} to go on: --from TURN")
    changes = read_changes(pairs)
    for option, key, given in (("--model", "model", models), ("--sub-model", "sub_model", sub_model)):
        if given and key in changes:
            raise click.UsageError(f"{option} and --set {key}=… exclude each other")
    functions = find_tools(tools)
    settings = load_settings({"store": store})
    with existing_store(settings) as opened:
        saved = load_saved(opened, session)
        code = _edited(saved, edit, node) if edit is not None else None
        how = {
            "store": opened.path,
            "durability": settings.durability,
            "prices": settings.price_overrides(),
            "tools": functions,
        }
        setups = [
            fork_setup(saved, turn=edit or turn, code=code, node=node, changes=changed, **how)
            for changed in _variants(saved, models, sub_model, changes)
        ]
    jobs = [again_job(setup, settings) for setup in setups]
    for job in jobs:
        _check_limits(saved, job)
    _confirm(saved, jobs, settings, yes)
    return _run(saved, jobs, parallel=parallel, as_json=as_json)


def _variants(
    saved: Saved, models: Sequence[str], sub_model: str | None, changes: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The changes of each child. A model that is named goes before one that was set for its depth."""
    variants = []
    wanted: list[str | None] = [*dict.fromkeys(models)] or [None]
    for model in wanted:
        changed = dict(changes)
        at = dict(changed.get("models_at", saved.started.config.models_at))
        if model is not None:
            changed["model"] = model
            at.pop(0, None)
        if sub_model is not None:
            changed["sub_model"] = sub_model
            at = {depth: name for depth, name in at.items() if depth == 0}
        if at != saved.started.config.models_at:
            changed["models_at"] = at
        variants.append(changed)
    return variants


def _check_limits(saved: Saved, job: AgainJob) -> None:
    """Limits that leave nothing to look with are refused where nothing of the record can be used. Raises `click.UsageError`."""
    from rlm_tui.session.configure import contradiction

    fork = job.setup().fork
    other = job.config.model_at(0) != saved.started.config.model_at(0)
    anew = fork is not None and fork.origin == "rerun" and (fork.turn == 1 or other)
    if anew and (said := contradiction(job.config, job.model.price)):
        raise click.UsageError(said)


def _edited(saved: Saved, turn: int, node: str) -> list[str]:
    """The code of a turn, block by block, as the user changed it. Raises `click.UsageError`."""
    from rlm_tui.session.again import blocks_of

    blocks = [code for _, code in blocks_of(saved, turn, node)]
    comment, extension = ("//", ".js") if saved.started.config.repl == "javascript" else ("#", ".py")
    before = _joined(blocks, comment)
    try:
        after = click.edit(before, extension=extension)
    except click.ClickException as error:
        raise click.UsageError(f"the editor can't be used ({error.format_message()}); set $EDITOR") from None
    if after is None or after.rstrip("\n") == before.rstrip("\n"):
        raise click.UsageError(f"the code of turn {turn} was not changed, so there is nothing to run")
    if not after.strip():
        raise click.UsageError(f"there is no code left in turn {turn}, so there is nothing to run")
    codes = _split(after, len(blocks), comment)
    if codes is None:
        raise click.UsageError(
            f"turn {turn} has {len(blocks)} blocks; leave the lines that begin them as they are "
            f"({_mark(1, len(blocks), comment)}), and empty a block to leave it out"
        )
    return codes


def _mark(number: int, of: int, comment: str) -> str:
    """The line that begins a block in the editor, where there are several."""
    return f"{comment} --- block {number} of {of} ---"


def _joined(blocks: Sequence[str], comment: str) -> str:
    if len(blocks) == 1:
        return blocks[0]
    parts = (f"{_mark(n, len(blocks), comment)}\n{code}" for n, code in enumerate(blocks, 1))
    return "\n\n".join(parts) + "\n"


def _split(text: str, count: int, comment: str) -> list[str] | None:
    """The blocks of an edited text; ``None`` when the lines between them are not all there, in order."""
    if count == 1:
        return [text.rstrip("\n")]
    codes: list[list[str]] = []
    for line in text.splitlines():
        if len(codes) < count and line.rstrip() == _mark(len(codes) + 1, count, comment):
            codes.append([])
        elif codes:
            codes[-1].append(line)
        elif line.strip():
            return None
    return ["\n".join(lines).strip("\n") for lines in codes] if len(codes) == count else None


def _confirm(saved: Saved, jobs: Sequence[AgainJob], settings: Settings, yes: bool) -> None:
    """Ask a person before money is spent. Raises `click.Abort`."""
    from rlm_tui.session.reprice import price_of, tokens_of

    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    tokens, parts = tokens_of(saved.entries), []
    for job in jobs:
        prices = [
            price_of(name, settings.price_overrides()) for name in (job.config.model_at(0), job.config.leaf_model(0))
        ]
        if all(price is not None and price.input == price.output == 0 for price in prices):
            continue
        root, below = prices
        known = root is not None and below is not None
        cost = (
            f"about ${root.cost(tokens.root) + below.cost(tokens.below):.4f}"
            if known and root and below
            else "price unknown"
        )
        parts.append(f"{job.config.model_at(0)}: {cost}")
    if parts:
        limit = jobs[0].config.limits.usd
        cap = "" if limit is None else f", at most ${limit:g} each"
        click.confirm(f"Run {'; '.join(parts)}{cap} (at the recorded tokens)?", default=True, abort=True, err=True)


def _run(saved: Saved, jobs: Sequence[AgainJob], *, parallel: bool, as_json: bool) -> int:
    from rlm_tui.cli.interrupts import Interrupts
    from rlm_tui.cli.progress import Progress
    from rlm_tui.projection.fold import fold
    from rlm_tui.projection.state import SessionState
    from rlm_tui.session.group import Member, run_group
    from rlm_tui.session.live import LiveSession

    members: list[Member] = []
    for job in jobs:
        live, state = LiveSession(job.setup(), job.gate(paused=False, attended=False)), SessionState()
        progress = Progress(state, live.text, name=job.config.model_at(0) if len(jobs) > 1 else "")

        def watch(member: Member, progress: Progress = progress) -> None:
            progress.take(member.live.drain())

        members.append(Member(job.config.model_at(0), live, state, watch))
    try:
        # What the user's own functions print is no part of the report.
        with Interrupts() as interrupts, contextlib.redirect_stdout(sys.stderr):
            finished = run_group(members, stop=lambda: interrupts.asked, parallel=parallel)
        for member in members:
            if member.live.failure is not None:
                complain(member.live.failure)
        ran = [(saved.started.session, fold(saved.entries), saved.texts)]
        ran += [(member.live.session, member.state, member.live.text) for member in members if member.ran]
        rows = [_row(name, state, text) for name, state, text in ran]
    finally:
        for member in members:
            member.live.close()
    if as_json:
        from rlm_tui.session.plain import plain_values

        click.echo(json.dumps(plain_values(rows), ensure_ascii=False, indent=2))
    else:
        _print(rows)
    if not finished:
        return CANCELLED
    return _exit_code([member.state for member in members])


def _exit_code(states: Sequence[SessionState]) -> int:
    ends = {state.status for state in states}
    if ends <= {"completed"}:
        return 0
    if "cancelled" in ends:
        return CANCELLED
    return PARTIAL if ends <= {"completed", "partial"} else FAILED


def _row(session: str, state: SessionState, text: Any) -> dict[str, Any]:
    answer = None
    if state.answer is not None:
        try:
            answer = text(state.answer)
        except KeyError:
            answer = None
    return {
        "session": session,
        "parent": state.parent,
        "origin": state.origin,
        "model": state.config.model_at(0),
        "sub_model": state.config.leaf_model(0),
        "status": state.status,
        "limit": state.limit,
        "error": state.error,
        "turns": sum(1 for call in state.calls.values() if call.turn),
        "calls": len(state.calls),
        "recorded": sum(1 for call in state.calls.values() if call.source == "record"),
        "usage": state.spent,
        "seconds": (state.ended or state.at) - state.started,
        "answer": answer,
    }


HEAD = ("", "id", "state", "turns", "calls", "recorded", "tokens", "cost", "time", "models", "answer")


def _print(rows: Sequence[Mapping[str, Any]]) -> None:
    """The parent and its children as a table, and how to look closer."""
    from rlm_tui.cli.plain import shorten
    from rlm_tui.cli.table import table
    from rlm_tui.tui.figures import count, duration, price

    cells = []
    for n, row in enumerate(rows):
        usage: Usage = row["usage"]
        models = row["model"] if row["model"] == row["sub_model"] else f"{row['model']} / {row['sub_model']}"
        cells.append(
            [
                "parent" if n == 0 else row["origin"],
                row["session"],
                row["status"] if row["limit"] is None else f"{row['status']} ({row['limit']})",
                str(row["turns"]),
                str(row["calls"]),
                str(row["recorded"]),
                f"{'~' * usage.estimated}{count(usage.total)}",
                price(usage),
                duration(row["seconds"]),
                models,
                shorten(row["answer"] if row["answer"] is not None else f"({row['error'] or 'none'})", ANSWER),
            ]
        )
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table(HEAD, cells, width=width, right=(3, 4, 5, 6, 7, 8)):
        click.echo(line)
    if len(rows) > 1:
        click.echo(f"compare: rlm-tui diff {' '.join(row['session'] for row in rows[:3])}", err=True)
