"""The application: theme, glyphs, the source of events, and the workbench on top of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work

from rlm_tui.config.paths import config_dir
from rlm_tui.tui import layout
from rlm_tui.tui.commands import Commands
from rlm_tui.tui.forking import Forker, ForkWish
from rlm_tui.tui.keymap import Keymap, KeymapError, keymap
from rlm_tui.tui.look import ThemedApp
from rlm_tui.tui.messages import Asked, ForkWished
from rlm_tui.tui.screens.workbench import Workbench
from rlm_tui.tui.themes import DEFAULT
from rlm_tui.tui.view import View
from rlm_tui.tui.widgets.document import DOCUMENTS

if TYPE_CHECKING:
    from rlm_tui.document.document import Document
    from rlm_tui.session.source import EventSource
    from rlm_tui.tui.shelf import Shelf

Start = Callable[[str], "EventSource"]
"""Makes the source of a live run once the question is known. It is called in a thread and may import what is heavy."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the app is opened.

    `documents` are shown at once; `start` makes the run once there is a question, `source` is a ready one (a replay).
    `note` stands in the title line instead of the models (``built-in explorer (not a language model)``), `models` in the
    dialog that asks for the question. `fork` makes new sessions out of saved ones;
    `shelf` holds those that this one can be compared with. With `run_at_once` the run does not wait before its first cell.
    """

    documents: Sequence[Document] = ()
    question: str = ""
    start: Start | None = None
    source: EventSource | None = None
    breakpoints: Sequence[str] = ()
    run_at_once: bool = False
    note: str = ""
    models: str = ""
    theme: str = DEFAULT
    glyphs: str = "unicode"
    keymap: str = "default"
    fork: Forker | None = None
    shelf: Shelf | None = None
    clock: Callable[[], float] = field(default=time.time)
    ticking: bool = True


class WorkbenchApp(ThemedApp[int]):
    """One workbench over one session."""

    COMMANDS = {Commands}  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, options: Options) -> None:
        super().__init__(options.theme, options.glyphs)
        self.options = options
        self.view = self._new_view(options.source)
        self.view.note, self.view.question = options.note, options.question
        for number, condition in enumerate(options.breakpoints, 1):
            self.view.waiting_breakpoints[number] = condition
        self.workbench = Workbench(self.view, self._keys(), ticking=options.ticking)
        self._interrupted = 0.0

    def _new_view(self, source: EventSource | None) -> View:
        view = View(self.options.clock, self.glyphs)
        view.source, view.documents = source, self.options.documents
        view.forks = self.options.fork is not None
        return view

    def _keys(self) -> Keymap:
        try:
            return keymap(self.options.keymap, config_dir() / "keymap.yaml")
        except KeymapError as error:
            self.problems.append(str(error))
            return keymap()

    def on_mount(self) -> None:
        self.push_screen(self.workbench)
        for document in self.view.documents:
            if not document.complete:
                document.index_in_background(partial(self._indexed, document))
        if self.view.source is None and self.options.start is not None:
            self.call_after_refresh(self._begin)

    def _indexed(self, document: Document, done: int, of: int) -> None:
        """A part of a huge document is indexed; called from the thread that does it."""
        self.view.indexed[document.name] = done / max(1, of)
        self.workbench.pump.mark(DOCUMENTS)

    # --- the run

    def _begin(self) -> None:
        if self.options.question.strip():
            self.begin(self.options.question)
        else:
            self.workbench.action_run("run.ask")

    @on(Asked)
    def _asked(self, message: Asked) -> None:
        self.begin(message.question)

    def begin(self, question: str) -> None:
        """Start the run in the background; the screen is there already."""
        if self.options.start is None or self.view.source is not None or self.view.starting:
            return
        self.view.question, self.view.starting = question, True
        self.workbench.sync_all()
        self._start(self.options.start, question)

    @work(thread=True, exclusive=True)
    def _start(self, start: Start, question: str) -> None:
        try:
            source = start(question)
        except Exception as error:
            self.call_from_thread(self._not_started, error)
        else:
            self.call_from_thread(self._started, source)

    def _started(self, source: EventSource) -> None:
        self.view.source, self.view.starting = source, False
        self.workbench.breaks.hand_over()
        if self.options.run_at_once and source.gate is not None:
            source.gate.go()
        self.workbench.sync_all()

    def _not_started(self, error: Exception) -> None:
        from rlm_tui.tui.screens.failure import Failure

        self.view.starting = False
        self.workbench.sync_all()
        self.push_screen(Failure(str(error) or type(error).__name__, saved=False))

    # --- forks

    @on(ForkWished)
    def _fork_wished(self, message: ForkWished) -> None:
        if self.options.fork is not None:
            self.notify("Starting the new session.", markup=False, timeout=3)
            self._fork(self.options.fork, message.wish)

    @work(thread=True, exclusive=True)
    def _fork(self, fork: Forker, wish: ForkWish) -> None:
        try:
            source = fork(wish)
        except Exception as error:
            self.call_from_thread(self._not_started, error)
        else:
            self.call_from_thread(self.change_to, source)

    def change_to(self, source: EventSource) -> None:
        """Show another session; the one that was shown is closed."""
        self.close_source()
        self.view = self._new_view(source)
        self.workbench = Workbench(self.view, self.workbench.keys, ticking=self.options.ticking)
        self.switch_screen(self.workbench)

    # --- leaving

    def action_help_quit(self) -> None:
        """Ctrl+C: pause the run; a second time within two seconds, leave."""
        now = self.view.now()
        if now - self._interrupted < 2.0:
            self.exit(0)
            return
        self._interrupted = now
        gate = self.view.gate
        if gate is not None and self.view.running and self.view.head.paused is None:
            gate.pause()
        self.notify("Ctrl+C again leaves; the session is saved.", markup=False, timeout=2)

    async def action_quit(self) -> None:
        """Ctrl+Q leaves as q does: it asks when a run is live."""
        self.workbench.quit()

    def close_source(self) -> None:
        """Stop what runs and free what is open."""
        if self.view.source is not None:
            self.view.source.close()


def run_app(options: Options) -> int:
    """Open the app and stay until the operator leaves. Returns the exit status."""
    app = WorkbenchApp(options)
    app.workbench.grid.wishes = layout.load()
    try:
        status = app.run()
    finally:
        app.close_source()
        layout.save(app.workbench.grid.wishes)
    return status if isinstance(status, int) else app.return_code or 0
