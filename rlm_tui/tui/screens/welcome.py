"""The screen without a document: what can be opened, what was open before, and who would answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from rlm_tui.document.visible import visible
from rlm_tui.tui.figures import count, plural
from rlm_tui.tui.messages import DemoWanted, FilesNamed, Left, ListWanted, ResumeWanted, SettingsWanted
from rlm_tui.tui.screens.keys import MOVING, ScreenHelp
from rlm_tui.tui.shelf import when
from rlm_tui.tui.text import fit, shorten_left
from rlm_tui.tui.widgets.facts import Facts, Told
from rlm_tui.tui.widgets.line_view import LineView, Parts
from rlm_tui.version import VERSION

if TYPE_CHECKING:
    from rlm_tui.store.row import SessionRow
    from rlm_tui.tui.app import Options
    from rlm_tui.tui.recent import Recent

KEYS = "Enter choose   o open   d demo   l sessions   F2 settings   ? help   q quit"
MOST_CUT_OFF = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """A row: `key` chooses it from anywhere; a row without `do` is a heading."""

    title: str
    words: str = ""
    key: str = ""
    do: Callable[[], None] | None = None


class Offers(LineView):
    """The rows, of which headings can't be chosen."""

    class Chosen(Message):
        """Enter, or a double click, on a row."""

        def __init__(self, offer: Offer) -> None:
            super().__init__()
            self.offer = offer

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.offers: Sequence[Offer] = ()

    def show(self, offers: Sequence[Offer]) -> None:
        """Show these."""
        self.offers = offers
        self.changed_rows()
        self.put_cursor(self.cursor)

    def count(self) -> int:
        return len(self.offers)

    def put_cursor(self, row: int) -> None:
        rows = [n for n, offer in enumerate(self.offers) if offer.do is not None]
        if rows:
            forward = row >= self.cursor
            beyond = [n for n in rows if n >= row] if forward else [n for n in reversed(rows) if n <= row]
            row = beyond[0] if beyond else (rows[-1] if forward else rows[0])
        super().put_cursor(row)

    def activate(self) -> None:
        if self.offers and self.offers[self.cursor].do is not None:
            self.post_message(self.Chosen(self.offers[self.cursor]))

    def parts(self, row: int, width: int) -> Parts:
        offer, palette = self.offers[row], self.palette
        if offer.do is None:
            return [(f" {offer.title}", palette["title"])]
        title = fit(offer.title, 44 if width >= 100 else 24, self.glyphs.cut)
        return [
            (f"  {offer.key:>2}  ", palette["key"]),
            (title, palette["text"]),
            (" " + fit(offer.words, max(0, width - 8 - len(title)), self.glyphs.cut), palette["muted"]),
        ]


class Welcome(Screen[None]):
    """Says what to do by messages to the app; reads what there is each time it comes up."""

    CSS_PATH = "welcome.tcss"
    AUTO_FOCUS = "#offers"
    COMMANDS_OF = "Start"
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVING,
        Binding("enter", "choose", "do what the row says", show=False),
        Binding("o,O", "open", "open files", show=False),
        Binding("d", "demo", "the demo", show=False),
        Binding("l", "sessions", "the saved sessions", show=False),
        Binding("f2", "settings", "settings", show=False),
        *(
            Binding(str(n), f"recent({n})", "a document that was open before, by its number", show=False)
            for n in range(1, 10)
        ),
        Binding("question_mark,f1", "help", "help", show=False),
        Binding("q", "leave", "quit", show=False),
    ]

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._options = options
        self.offers = Offers(id="offers")
        self._facts = Facts(id="answering")

    def compose(self) -> ComposeResult:
        yield Static(Content(f" rlm-tui {VERSION}  a debugger for Recursive Language Models"), id="top", markup=False)
        yield self.offers
        yield self._facts
        yield Static(Content(f" {KEYS}"), id="keys", markup=False)

    def on_mount(self) -> None:
        self._facts.caption("Who answers")
        self.offers.caption("What now?")

    def on_screen_resume(self) -> None:
        self.offers.show(self._rows([], []))
        self._read()

    @work(thread=True, exclusive=True)
    def _read(self) -> None:
        """The store and the table of prices are read beside the screen."""
        desk, shelf = self._options.desk, self._options.shelf
        try:
            rows = list(shelf.rows("")) if shelf is not None else []
        except Exception:
            rows = []  # The list of sessions says what is wrong with the store.
        recent = desk.recent() if desk is not None else []
        try:
            told = self._answering()
        except Exception as error:
            told = [(visible(str(error)), "bad")]  # A setting is wrong: its sentence names place and key.
        self.app.call_from_thread(self._show, rows, recent, told)

    def _show(self, rows: Sequence[SessionRow], recent: Sequence[Recent], told: Told) -> None:
        self.offers.show(self._rows(rows, recent))
        self._facts.tell(told)

    def _rows(self, rows: Sequence[SessionRow], recent: Sequence[Recent]) -> list[Offer]:
        now = self._options.clock()
        offers = [
            Offer("Open a file", "text of any size, PDF, a folder ...", "o", self.action_open),
            Offer(
                "See the demo", "a bundled document and question; no key needed, costs nothing", "d", self.action_demo
            ),
            Offer("Saved sessions", plural(len(rows), "session") if rows else "none yet", "l", self.action_sessions),
            Offer("Settings", "models, budget, theme; which keys are set", "F2", self.action_settings),
        ]
        cut_off = [row for row in rows if row.status == "interrupted" and not row.origin.startswith("import:")]
        if cut_off:
            offers.append(Offer("Cut off: go on where it ended, without paying twice"))
            for row in cut_off[:MOST_CUT_OFF]:
                words = f"{when(row.updated, now)}  {row.id[:7]}"
                offers.append(Offer(visible(" ".join(row.query.split())), words, "", self._resumer(row.id)))
        if recent:
            offers.append(Offer("Open before"))
        for number, item in enumerate(recent, 1):
            home = os.path.expanduser("~")
            folder = str(item.path.parent)
            place = "~" + folder[len(home) :] if folder.startswith(home) else folder
            words = f"{count(item.chars):>5}  {when(item.at, now):<12} {shorten_left(visible(place), 40, self.offers.glyphs.cut)}"
            key = str(number) if number < 10 else ""
            offers.append(Offer(visible(item.path.name), words, key, self._opener(str(item.path))))
        return offers

    def _answering(self) -> Told:
        desk = self._options.desk
        if desk is None:
            return []
        from rlm_tui.engine.providers.registry import EXPLORER, choose_model

        settings = desk.settings
        choice = choose_model(settings, os.environ)
        told = [(f"{visible(choice.name)}: {choice.reason}.", "title")]
        if choice.name == EXPLORER:
            told.append(
                (
                    "The built-in explorer is not a language model: it finds, counts and quotes, and says so when it can't "
                    "work something out.",
                    "text",
                )
            )
            told.append(
                ("For a language model set a key before you start, such as OPENAI_API_KEY; F2 lists them all.", "muted")
            )
        else:
            about = desk.names.about(choice.name)
            price = f"{about.price} per million tokens" if about.price.startswith("$") else about.price
            facts = [price, f"window {about.window}" if about.window else ""]
            told.append((", ".join(fact for fact in facts if fact), "cost"))
            if about.problem:
                told.append((visible(about.problem), "bad"))
        return told

    def _opener(self, path: str) -> Callable[[], None]:
        return lambda: self._post(FilesNamed([path]))

    def _resumer(self, session: str) -> Callable[[], None]:
        return lambda: self._post(ResumeWanted(session))

    def _post(self, message: Message) -> None:
        self.app.post_message(message)

    # --- hands

    def action_move(self, rows: int) -> None:
        self.offers.move(rows)

    def action_choose(self) -> None:
        self.offers.activate()

    def on_offers_chosen(self, message: Offers.Chosen) -> None:
        if message.offer.do is not None:
            message.offer.do()

    def action_recent(self, number: int) -> None:
        offer = next((offer for offer in self.offers.offers if offer.key == str(number)), None)
        if offer is not None and offer.do is not None:
            offer.do()

    def action_open(self) -> None:
        from rlm_tui.tui.screens.open_file import OpenFile

        self.app.push_screen(OpenFile(), lambda paths: self._post(FilesNamed(paths)) if paths else None)

    def action_demo(self) -> None:
        self._post(DemoWanted())

    def action_sessions(self) -> None:
        self._post(ListWanted())

    def action_settings(self) -> None:
        self._post(SettingsWanted())

    def action_help(self) -> None:
        self.app.push_screen(ScreenHelp(Welcome))

    def action_leave(self) -> None:
        self._post(Left())
