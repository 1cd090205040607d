"""What a run without a screen says about itself: plain lines on stderr, in a terminal above a picture of the run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from rlm_tui import events as ev
from rlm_tui.cli.plain import plain, shorten
from rlm_tui.events import BlobRef, Entry
from rlm_tui.projection.fold import apply
from rlm_tui.tui.figures import count, duration, percent, plural, price
from rlm_tui.tui.gist import gist

if TYPE_CHECKING:
    from rlm_tui.cli.live_tree import LiveTree
    from rlm_tui.cli.prepare import Job
    from rlm_tui.projection.state import SessionState

WIDTH = 100
"""Longest line: a log file has no width of its own."""

_CALLS = {"extract": "the call for an answer from what is there", "compaction": "the call for a summary"}
"""What calls are that no code asked for, by their purpose."""


class Progress:
    """Folds the entries of a run into `state` and says what a person waiting for it wants to know.

    Events up to number `after` are old news (a resumed run). `name` stands before every line where several runs speak.
    `tree` is the picture, where there is one.
    """

    def __init__(
        self,
        state: SessionState,
        text: Callable[[BlobRef], str],
        *,
        after: int = 0,
        name: str = "",
        tree: LiveTree | None = None,
    ) -> None:
        self._tree = tree
        self._state = state
        self._text = text
        self._after = after
        self._name = f"{plain(name)}: " if name else ""

    def say(self, words: str) -> None:
        """One line on stderr. Spaces before the words are kept."""
        indent = len(words) - len(words.lstrip(" "))
        lead = self._name + " " * indent
        line = lead + shorten(words, WIDTH - len(lead))
        if self._tree is not None:
            self._tree.say(line)
            return
        click.echo(line, err=True)
        sys.stderr.flush()

    def opening(self, job: Job) -> None:
        """What is asked, of what, and who answers."""
        size = sum(document.chars for document in job.documents)
        names = ", ".join(document.name for document in job.documents)
        self.say(f"{count(size)} characters in {names}")
        for document in job.documents:
            for note in document.notes:
                self.say(f"{document.name}: {note}")
        self.say(f"{job.model.name} answers{f' ({job.model.note})' if job.model.note else ''}")

    def take(self, entries: Iterable[Entry]) -> None:
        """Tell what is worth telling of `entries`."""
        for entry in entries:
            apply(self._state, entry)
            if entry.seq > self._after and (words := self._words(entry.event)):
                self.say(words)
        if self._tree is not None:
            self._tree.show(self._state)

    def stop(self) -> None:
        """Take the picture away: what follows is said below the lines."""
        if self._tree is not None:
            self._tree.close()

    def closing(self, session: str) -> None:
        """How it ended, what it took, and how to look at it."""
        state = self._state
        self.stop()
        if not state.seq:
            return
        calls = plural(state.spent.calls, "call")
        sign = "~" if state.spent.estimated else ""
        spent = f"{calls}, {sign}{count(state.spent.total)} tokens, {price(state.spent)}"
        read = percent(state.coverage.read_chars("seen"), sum(state.coverage.sizes))
        end = state.status if state.limit is None else f"{state.status} ({state.limit})"
        if not state.over:
            end = "cut off"
        self.say(f"{end}: {spent}, {read} of the text read by a model")
        if state.status == "cancelled":
            self.say(f"rlm-tui resume {session} goes on with it")
        self.say(f"saved: rlm-tui replay {session}" if state.over else f"saved: rlm-tui resume {session} goes on here")

    def _words(self, event: ev.Event) -> str:
        state = self._state
        match event:
            case ev.CellProposed(cell=cell, origin="model", code=code, turn=turn, node=node):
                return f"{_node(node)}turn {turn}: {gist(self._load(code)) or f'cell {cell}'}"
            case ev.CellFinished(cell=cell):
                done = state.cells[cell]
                below = sum(1 for call in state.calls.values() if call.cell == cell)
                made = f"{plural(below, 'sub-call')}, " if below else ""
                took = duration(done.seconds + done.waited)
                if done.error is not None:
                    return f"  {_node(done.node)}{made}{done.error.type}: {plain(done.error.message)}"
                if done.origin != "probe" and below:
                    return f"  {_node(done.node)}{made}{took}, {price(state.spent)} so far"
            case ev.AttemptFailed(retry_in=retry_in, fault=fault) if retry_in is not None:
                return f"  {fault.message} Trying again in {duration(retry_in)}."
            case ev.CallFailed(fault=fault, call=call) if state.calls[call].purpose != "turn":
                return f"  {_CALLS.get(state.calls[call].purpose, 'sub-call')} failed: {fault.message}"
            case ev.NodeStarted(node=node, depth=depth, query=query) if depth:
                return f"{_node(node)}a node of its own: {query}"
            case ev.ReplOpened(node="0", walls=walls) if walls != "full":
                return f"walls around the code: {walls} (see rlm-tui doctor)"
            case ev.FinalRefused(reason=reason, node=node):
                return f"  {_node(node)}answer refused: {reason}"
            case ev.BudgetWarned(limit=limit, used=used, allowed=allowed) if used < allowed:
                return f"{used / allowed:.0%} of the budget is used: {limit} {used:g} of {allowed:g}"
            case ev.BudgetExhausted() as end:
                return f"{end.sentence}; an answer from what is there follows"
        return ""

    def _load(self, ref: BlobRef) -> str:
        try:
            return self._text(ref)
        except KeyError:
            return ""


def _node(node: str) -> str:
    return "" if node == "0" else f"{node} "
