"""``rlm-tui run``: the same engine without a screen."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli.interrupts import Interrupts
from rlm_tui.cli.options import Given, files_argument, json_option, run_options
from rlm_tui.cli.program import BAD_INPUT, CANCELLED, FAILED, PARTIAL, complain

if TYPE_CHECKING:
    from rlm_tui.cli.prepare import Job
    from rlm_tui.cli.progress import Progress
    from rlm_tui.events import Usage
    from rlm_tui.projection.state import SessionState
    from rlm_tui.session.live import LiveSession

PATIENCE = 15.0
"""Seconds that a cancelled run has for saving what is there."""

EXIT = {"completed": 0, "partial": PARTIAL, "cancelled": CANCELLED}

WRONG_FROM_THE_START = frozenset({"connection", "auth", "not_found", "bad_request", "quota"})
"""Faults that, before any call has succeeded, mean that the command line or the environment has to be changed."""


@click.command()
@files_argument
@click.option("-q", "--question", metavar="TEXT", help="The question.")
@run_options
@json_option
def command(files: tuple[str, ...], question: str | None, as_json: bool, **options: Any) -> int:
    """Answer a question about FILEs without a screen.

    Progress goes to stderr and the answer, alone, to stdout; the session is saved and can be replayed. Exit code: 0
    answered, 1 failed, 2 bad input, 3 a limit was reached and the answer is partial, 130 cancelled.
    """
    from rlm_tui.cli.prepare import prepare

    if question is None:
        raise click.UsageError('the question is missing; add -q "…"')
    return answer(prepare(Given(tuple(files), question, **options)), as_json=as_json)


def answer(job: Job, *, as_json: bool, after: int = 0) -> int:
    """Run `job` to its end, print the answer, and return the exit code. ``ctrl+c`` cancels; what is there is saved.

    `after` is the last event that a resumed session had already.
    """
    from rlm_tui.cli.live_tree import LiveTree, fits_here
    from rlm_tui.cli.progress import Progress
    from rlm_tui.projection.state import SessionState
    from rlm_tui.session.live import LiveSession

    live = LiveSession(job.setup(), job.gate(paused=False, attended=False))
    state = SessionState()
    progress = Progress(state, live.text, after=after, tree=LiveTree() if fits_here() else None)
    progress.opening(job)
    if not after:
        _tell_of_unfinished(job)
    try:
        with Interrupts() as interrupts:
            # What the user's own functions print is not the answer.
            with contextlib.redirect_stdout(sys.stderr):
                live.start()
                _follow(live, progress, interrupts)
            return _conclude(live, state, job, progress, as_json=as_json)
    finally:
        progress.stop()
        live.close()


def _tell_of_unfinished(job: Job) -> None:
    """A session about the same documents that was cut off can be had for less than a new one."""
    from rlm_tui.session.interrupted import unfinished_of

    for row in unfinished_of(job.store, job.documents)[:1]:
        click.echo(f"session {row.id} was interrupted: rlm-tui resume {row.id}", err=True)


def _follow(live: LiveSession, progress: Progress, interrupts: Interrupts) -> None:
    """Tell the progress until the run has ended."""
    while not live.wait(0.05):
        progress.take(live.drain())
        if interrupts.asked:
            progress.say("cancelling; press ctrl+c again to leave at once")
            live.gate.cancel()
            live.wait(PATIENCE)
            break
    progress.take(live.drain())


def _conclude(live: LiveSession, state: SessionState, job: Job, progress: Progress, *, as_json: bool) -> int:
    """Print how it ended; returns the exit code."""
    progress.stop()
    if live.failure is not None:
        complain(live.failure)
    progress.closing(live.session)
    text = None
    if as_json:
        text = json.dumps(_report(live, state, job), ensure_ascii=False, indent=2)
    elif live.ended is not None and live.ended.outcome.answer:
        text = _answer(live.ended.outcome.answer)
    if text is not None and not _print(text, live.session):
        return FAILED
    answered = live.ended is not None and live.ended.outcome.answer is not None
    if live.failure is None and (state.status == "failed" or (state.status == "partial" and not answered)):
        complain(state.error or "the run ended without an answer")
    return _exit_code(live, state)


def _print(text: str, session: str) -> bool:
    """Put `text` on stdout. Where that can't be written to, say so, and how to see the answer all the same."""
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        complain(f"the answer can't be written ({error.strerror}); rlm-tui replay {session} shows it")
        return False
    return True


def _answer(text: str) -> str:
    """The answer as it is; on a terminal, with nothing in it that the terminal would act on."""
    if not sys.stdout.isatty():
        return text
    from rlm_tui.document.visible import visible

    return visible(text)


def _exit_code(live: LiveSession, state: SessionState) -> int:
    if live.ended is None:
        return FAILED if live.failure is None or live.broke_down else BAD_INPUT
    faults = {call.fault.kind for call in state.calls.values() if call.fault is not None}
    replied = any(call.reply is not None for call in state.calls.values())
    if state.status == "failed" and not replied and faults and faults <= WRONG_FROM_THE_START:
        return BAD_INPUT
    return EXIT.get(state.status, FAILED)


def _report(live: LiveSession, state: SessionState, job: Job) -> dict[str, Any]:
    from rlm_tui.session.plain import plain_values

    ended = live.ended
    outcome = ended.outcome if ended is not None else None

    def split(ended_as: str, so_far: Mapping[str, Usage]) -> dict[str, Any]:
        sums = getattr(ended, ended_as) if ended is not None else so_far
        return {name: plain_values(usage) for name, usage in sums.items()}

    return {
        "answer": outcome.answer if outcome is not None else None,
        "value": outcome.value if outcome is not None else None,
        "status": outcome.status if outcome is not None else "failed",
        "limit": outcome.limit if outcome is not None else None,
        "error": live.failure or (outcome.error if outcome is not None else None),
        "usage": plain_values(ended.usage if ended is not None else state.spent),
        "by_model": split("by_model", state.by_model),
        "by_node": split("by_node", state.by_node),
        "by_kind": split("by_purpose", state.by_purpose),
        "session": live.session,
        "coverage": {
            "seen_percent": round(100 * state.coverage.share("seen"), 2),
            "touched_percent": round(100 * state.coverage.share("touched"), 2),
        },
        "documents": [
            {"name": document.name, "characters": document.chars, "path": str(document.path) if document.path else None}
            for document in job.documents
        ],
    }
