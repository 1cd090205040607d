"""The application: theme, glyphs, the source of events, and the workbench on top of it."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on, work

from rlm_tui.config.paths import config_dir
from rlm_tui.tui import layout
from rlm_tui.tui.attention import note
from rlm_tui.tui.commands import Commands
from rlm_tui.tui.forking import Forker, ForkWish
from rlm_tui.tui.keymap import Keymap, KeymapError, keymap
from rlm_tui.tui.messages import Asked, ForkWished
from rlm_tui.tui.offer import Unfinished, offer_resume
from rlm_tui.tui.places import Places
from rlm_tui.tui.screens.workbench import Workbench
from rlm_tui.tui.themes import DEFAULT
from rlm_tui.tui.view import View
from rlm_tui.tui.widgets.document import DOCUMENTS

if TYPE_CHECKING:
    from rlm_tui.document.document import Document
    from rlm_tui.session.source import EventSource
    from rlm_tui.tui.asking import AskWish
    from rlm_tui.tui.desk import Desk
    from rlm_tui.tui.shelf import Shelf

Start = Callable[[str], "EventSource"]
"""Makes the source of a live run once the question is known. It is called in a thread and may import what is heavy."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the app is opened.

    `documents` are shown at once; `start` makes the run once there is a question, `source` is a ready one (a replay).
    `note` stands in the title line instead of the models (``built-in explorer (not a language model)``), `models` in the
    dialog that asks for the question. `fork` makes new sessions out of saved ones; `shelf` holds the saved ones; `desk` opens
    files and starts other questions; `unfinished` knows of sessions about the documents that were cut off. With
    `run_at_once` the run does not wait before its first cell. `home` is the screen that the program begins with and comes
    back to: ``welcome``, ``sessions``, or none. A replay with a `speed` plays.
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
    notify: str = "auto"
    fork: Forker | None = None
    shelf: Shelf | None = None
    desk: Desk | None = None
    unfinished: Unfinished | None = None
    home: str = ""
    speed: float | None = None
    clock: Callable[[], float] = field(default=time.time)
    ticking: bool = True


class WorkbenchApp(Places):
    """One workbench over one session at a time."""

    COMMANDS = {Commands}  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, options: Options) -> None:
        super().__init__(options.theme, options.glyphs)
        self.options = options
        self.view = self.new_view(options.source)
        self.view.note, self.view.question = options.note, options.question
        if options.speed is not None:
            self.view.speed = options.speed
        for number, condition in enumerate(options.breakpoints, 1):
            self.view.waiting_breakpoints[number] = condition
        self.workbench = Workbench(self.view, self._keys(), ticking=options.ticking)
        self._interrupted = 0.0

    def new_view(self, source: EventSource | None, documents: Sequence[Document] | None = None) -> View:
        """A view over a session, or over documents without one yet."""
        view = View(self.options.clock, self.glyphs)
        view.source = source
        view.documents = self.options.documents if documents is None else documents
        view.forks, view.asks = self.options.fork is not None, self.options.desk is not None
        return view

    def _keys(self) -> Keymap:
        try:
            return keymap(self.options.keymap, config_dir() / "keymap.yaml")
        except KeymapError as error:
            self.problems.append(str(error))
            return keymap()

    def on_mount(self) -> None:
        if self.options.home:
            self.push_screen(self.home_screen(self.options.home))
        else:
            self.push_screen(self.workbench)
            self.index_documents()
            if self.view.source is None and self.options.start is not None:
                self.call_after_refresh(self._begin)
            elif self.options.speed is not None:
                self.call_after_refresh(self._play)
        self.set_interval(1.0, self.look_behind)

    def _play(self) -> None:
        self.workbench.tick()  # The record has to be there before it can be played.
        self.workbench.action_run("time.play")

    def index_documents(self) -> None:
        """Index huge documents in the background."""
        for document in self.view.documents:
            if not document.complete:
                document.index_in_background(partial(self._indexed, document))

    def _indexed(self, document: Document, done: int, of: int) -> None:
        """A part of a huge document is indexed; called from the thread that does it."""
        self.view.indexed[document.name] = done / max(1, of)
        self.workbench.pump.mark(DOCUMENTS)

    # --- the run

    def _begin(self) -> None:
        if self.options.unfinished is not None:
            offer_resume(self, self.options.unfinished, self.options.question, self._begin_anew)
        else:
            self._begin_anew()

    def _begin_anew(self) -> None:
        if self.options.question.strip():
            self.begin(self.options.question)
        else:
            self.workbench.action_run("run.ask")

    @on(Asked)
    def _asked(self, message: Asked) -> None:
        self.ask(message.wish)

    def ask(self, wish: AskWish) -> None:
        """Start a question: the run that the program was opened for, or another one."""
        desk = self.options.desk
        first = self.view.source is None and self.options.start is not None
        if desk is None or (first and wish.config == desk.defaults() and wish.session is None):
            self.begin(wish.question)
            return
        if self.view.starting:
            return
        self.view.starting = True
        if self.view.source is None:
            self.view.question, self.view.note = wish.question, ""
        self.workbench.sync_all()
        self.aside(partial(desk.ask, wish), self._started if self.view.source is None else self.change_to)

    def begin(self, question: str) -> None:
        """Start the run in the background; the screen is there already."""
        if self.options.start is None or self.view.source is not None or self.view.starting:
            return
        self.view.question, self.view.starting = question, True
        self.workbench.sync_all()
        self.aside(partial(self.options.start, question), self._started)

    @work(thread=True, exclusive=True)
    def aside(
        self, what: Callable[[], Any], then: Callable[[Any], None], failed: str = "The run could not start"
    ) -> None:
        """Do something slow in a thread, and go on with what it gave; a failure is shown as its sentence below `failed`."""
        try:
            given = what()
        except Exception as error:
            self.call_from_thread(self._not_started, error, failed)
        else:
            self.call_from_thread(then, given)

    def _started(self, source: EventSource) -> None:
        self.view.source, self.view.starting = source, False
        self.workbench.breaks.hand_over()
        if self.options.run_at_once and source.gate is not None:
            source.gate.go()
        self.workbench.sync_all()

    def _not_started(self, error: Exception, heading: str) -> None:
        from rlm_tui.tui.screens.failure import Failure

        self.view.starting = False
        if self.workbench.is_attached:
            self.workbench.sync_all()
        self.push_screen(Failure(str(error) or type(error).__name__, saved=False, heading=heading))

    # --- forks

    @on(ForkWished)
    def _fork_wished(self, message: ForkWished) -> None:
        fork = self.options.fork
        if fork is not None:
            many = len(message.wishes)
            self.notify(
                f"Starting {many} new sessions." if many > 1 else "Starting the new session.", markup=False, timeout=3
            )
            self.aside(partial(_fork_all, fork, message.wishes), self._forked)

    def _forked(self, sources: Sequence[EventSource]) -> None:
        self.change_to(sources[0])
        for source in sources[1:]:
            self.background.put(self.new_view(source))

    # --- attention

    def call_back(self, words: str) -> None:
        """Tell somebody who looks elsewhere what has happened: with the bell, and with `words` on the desktop."""
        if self.options.notify == "off":
            return
        self.bell()
        driver = self._driver
        if driver is None or driver.is_headless or driver.is_web:
            return
        if sequence := note(words, self.options.notify, os.environ):
            driver.write(sequence)  # Not by print: the driver's thread alone writes to the terminal.

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
        if self.workbench.is_attached:
            self.workbench.quit()
        else:
            self.exit(0)


def _fork_all(fork: Forker, wishes: Sequence[ForkWish]) -> list[EventSource]:
    """Start all of them; when one can't start, none does."""
    sources: list[EventSource] = []
    try:
        for wish in wishes:
            sources.append(fork(wish))
    except BaseException:
        for source in sources:
            source.close()
        raise
    return sources


def run_app(options: Options) -> int:
    """Open the app and stay until the operator leaves. Returns the exit status."""
    app = WorkbenchApp(options)
    app.workbench.grid.wishes = layout.load()
    if options.desk is not None:
        options.desk.remember(options.documents)
    # What is loaded by now stays: no key has to wait while the collector looks through it.
    gc.freeze()
    try:
        status = app.run()
    finally:
        app.close_source()
        app.background.close()
        layout.save(app.workbench.grid.wishes)
    return status if isinstance(status, int) else app.return_code or 0
