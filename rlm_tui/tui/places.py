"""Going from one session, or one screen, to another within the program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual import on
from textual.screen import Screen

from rlm_tui.document.visible import visible
from rlm_tui.tui.asking import AskWish
from rlm_tui.tui.background import Background
from rlm_tui.tui.figures import price
from rlm_tui.tui.look import ThemedApp
from rlm_tui.tui.messages import DemoWanted, FilesNamed, Left, ListWanted, Opened, ResumeWanted, SettingsWanted

if TYPE_CHECKING:
    from rlm_tui.document.document import Document
    from rlm_tui.session.source import EventSource
    from rlm_tui.tui.app import Options
    from rlm_tui.tui.screens.workbench import Workbench
    from rlm_tui.tui.view import View

EXPLORER = "explorer"


class Places(ThemedApp[int]):
    """A part of the application: what is on the screen, what runs behind it, and where `q` leads back to."""

    options: Options
    view: View
    workbench: Workbench
    new_view: Callable[..., View]
    aside: Callable[..., Any]
    ask: Callable[[AskWish], None]
    index_documents: Callable[[], None]
    call_back: Callable[[str], None]

    def __init__(self, theme: str, signs: str) -> None:
        super().__init__(theme, signs)
        self.background = Background()

    def home_screen(self, name: str) -> Screen[Any]:
        """The screen that the program begins with."""
        if name == "sessions":
            from rlm_tui.tui.screens.browser import Browser

            assert self.options.shelf is not None
            return Browser(self.options.shelf, self.options.clock)
        from rlm_tui.tui.screens.welcome import Welcome

        return Welcome(self.options)

    # --- what is on the screen

    def change_to(self, source: EventSource) -> None:
        """Show another session. The one that was shown goes on in the background, or is closed when it has ended."""
        self.view.starting = False
        self._put_away()
        self._show(self.new_view(source))

    def _put_away(self) -> None:
        if self.view.running:
            self.background.put(self.view)
        else:
            self.close_source()

    def _show(self, view: View) -> None:
        from rlm_tui.tui.screens.workbench import Workbench

        old = self.workbench
        self.view = view
        self.workbench = Workbench(view, old.keys, ticking=self.options.ticking)
        self.workbench.grid.wishes = old.grid.wishes
        if old in self.screen_stack:
            while self.screen is not old:
                self.pop_screen()
            self.switch_screen(self.workbench)
        else:
            self.push_screen(self.workbench)
        self.index_documents()

    def close_source(self) -> None:
        """Stop what runs on the screen and free what is open."""
        if self.view.source is not None:
            self.view.source.close()

    def look_behind(self) -> None:
        """Say which sessions in the background have ended."""
        for view in self.background.beat():
            head = view.head
            what = view.failure or f"{head.status}, {price(head.spent)}"
            words = f"{head.session[:7]} ({visible(head.config.model)}) has ended: {visible(what)}."
            self.notify(f"{words} It is in the list of sessions.", markup=False, timeout=8)
            self.call_back(words)

    # --- where to

    @on(Opened)
    def _opened(self, message: Opened) -> None:
        session = message.session
        if self.workbench in self.screen_stack and session == self.view.head.session:
            self._uncover()
            return
        if (view := self.background.take(session)) is not None:
            self._put_away()
            self._show(view)
        elif self.options.shelf is not None:
            self.aside(partial(self.options.shelf.open, session), self.change_to, "It can't be opened")

    def _uncover(self) -> None:
        """Let what lies over the workbench go."""
        while self.screen is not self.workbench:
            self.pop_screen()

    @on(FilesNamed)
    def _files_named(self, message: FilesNamed) -> None:
        if (desk := self.options.desk) is not None:
            self.aside(partial(desk.open, message.paths), self.show_documents, "It can't be opened")

    def show_documents(self, documents: Sequence[Document]) -> None:
        """Show documents without a session, and ask for the question."""
        self._put_away()
        self._show(self.new_view(None, documents))
        self.call_after_refresh(self.workbench.action_run, "run.ask")

    @on(DemoWanted)
    def _demo_wanted(self) -> None:
        if (desk := self.options.desk) is not None:
            self.aside(desk.demo, self._show_demo)

    def _show_demo(self, given: tuple[Sequence[Document], str]) -> None:
        documents, question = given
        assert self.options.desk is not None
        config = replace(self.options.desk.defaults(), model=EXPLORER, sub_model=None, models_at={})
        self._put_away()
        self._show(self.new_view(None, documents))
        self.ask(AskWish(question, documents, config))

    @on(ResumeWanted)
    def _resume_wanted(self, message: ResumeWanted) -> None:
        if (desk := self.options.desk) is not None:
            self.aside(partial(desk.resume, message.session), self.change_to)

    @on(ListWanted)
    def _list_wanted(self) -> None:
        from rlm_tui.tui.screens.browser import Browser

        below = next((screen for screen in self.screen_stack if isinstance(screen, Browser)), None)
        if self.options.shelf is None:
            self.notify("There is no store of sessions.", markup=False)
        elif below is not None:
            self._go_home()
        else:
            self.push_screen(Browser(self.options.shelf, self.options.clock))

    @on(SettingsWanted)
    def _settings_wanted(self) -> None:
        from rlm_tui.tui.screens.settings import SettingsScreen

        if self.options.desk is None:
            self.notify("There are no settings to show here.", markup=False)
        else:
            self.push_screen(SettingsScreen(self.options.desk))

    @on(Left)
    def _left(self) -> None:
        """From the workbench home, if there is a home; from a screen above another one to that; else out."""
        if self.screen is not self.workbench and len(self.screen_stack) > 2:
            self.pop_screen()
        elif self.options.home and self.screen is self.workbench:
            self._go_home()
        else:
            self.leave()

    def _go_home(self) -> None:
        self._put_away()
        self.view = self.new_view(None, ())
        while len(self.screen_stack) > 2:
            self.pop_screen()

    def leave(self) -> None:
        """End the program; ask first if a run is live."""
        live = self.background.running + (1 if self.view.running else 0)
        if not live:
            self.exit(0)
            return
        from rlm_tui.tui.screens.confirm import Confirm

        one = live == 1
        self.push_screen(
            Confirm(
                "A run is live. Quit?" if one else f"{live} runs are live. Quit?",
                f"{'It ends here. The session is' if one else 'They end here. The sessions are'} already saved and can be "
                "opened again.",
            ),
            lambda yes: self.exit(0) if yes else None,
        )
