"""Every setting, its value and where it comes from; what can be changed is changed here, in the user's file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static

from rlm_tui.config.paths import config_dir
from rlm_tui.config.saving import save, understood, user_file
from rlm_tui.config.settings import SettingsError
from rlm_tui.document.visible import visible
from rlm_tui.tui.look import ThemedApp
from rlm_tui.tui.messages import Left
from rlm_tui.tui.palette import NAMES
from rlm_tui.tui.screens.keys import MOVING, PAGING, ScreenHelp
from rlm_tui.tui.setting_rows import (
    SettingRow,
    choices,
    rows_of_files,
    rows_of_keymap,
    rows_of_keys,
    rows_of_settings,
)
from rlm_tui.tui.text import fit, shorten_left
from rlm_tui.tui.widgets.edit_box import Field
from rlm_tui.tui.widgets.facts import Facts, Told
from rlm_tui.tui.widgets.line_view import LineView, Parts

if TYPE_CHECKING:
    from rlm_tui.tui.desk import Desk

KEYS = "Enter change   Left Right choose   Del take away   Esc back   ? help   q close"
SHOWN_IN_PREVIEW = ("title", "text", "muted", "cost", "ok", "bad", "warn", "running", "held", "operator", "answer")


class SettingTable(LineView):
    """The rows. Prices, keys and files are told only."""

    class Moved(Message):
        """The cursor stands on another row."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[SettingRow] = ()
        self.tried: dict[str, str] = {}

    def show(self, rows: Sequence[SettingRow]) -> None:
        """Show these."""
        self.rows = rows
        self.changed_rows()
        if rows and rows[self.cursor].heading:
            self.put_cursor(self.cursor + 1)

    @property
    def chosen(self) -> SettingRow | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def count(self) -> int:
        return len(self.rows)

    def put_cursor(self, row: int) -> None:
        super().put_cursor(row)
        self.post_message(self.Moved())

    def parts(self, row: int, width: int) -> Parts:
        item, palette, cut = self.rows[row], self.palette, self.glyphs.cut
        if item.heading:
            return [(f" {item.name}", palette["title"])]
        if not item.key and not item.origin:
            return self._told(item, width)
        wide = width >= 100
        tried = self.tried.get(item.key)
        value = fit(visible(item.value if tried is None else f"{tried} (Enter saves)"), 26 if wide else 22, cut)
        longest = max(len(other.origin) for other in self.rows)
        origins = min(longest, 32) if wide else max(8, width - 44)
        origin = fit(visible(item.origin), origins, cut)
        style = "operator" if tried is not None else "text" if item.origin == "default" else "held"
        parts: Parts = [
            (f"  {fit(visible(item.name), 18, cut)} ", palette["text"]),
            (value + " ", palette[style]),
            (origin, palette["muted"]),
        ]
        if wide:
            parts.append((" " + fit(visible(item.words), max(0, width - 49 - origins), cut), palette["muted"]))
        return parts

    def _told(self, item: SettingRow, width: int) -> Parts:
        name = fit(visible(item.name), 18, self.glyphs.cut) if item.name else ""
        rest = f"{item.value}   {item.words}".rstrip()
        return [
            (f"  {name} ", self.palette["text"]),
            (fit(visible(rest), max(8, width - 4 - len(name)), self.glyphs.cut), self.palette[item.style]),
        ]


class SettingsScreen(Screen[None]):
    """Themes are worn while one chooses among them; the one that was worn comes back unless another one is saved."""

    CSS_PATH = "settings.tcss"
    AUTO_FOCUS = "#settings"
    COMMANDS_OF = "Settings"
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVING,
        *PAGING,
        Binding("left", "choose(-1)", "previous value; a theme is worn at once", show=False),
        Binding("right", "choose(1)", "next value", show=False),
        Binding("enter", "change", "type a value, or save the chosen one", show=False),
        Binding("delete", "take_away", "take the setting out of your file", show=False),
        Binding("escape", "back", "undo what is not saved", show=False),
        Binding("question_mark,f1", "help", "help", show=False),
        Binding("q,f2", "leave", "close", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.table = SettingTable(id="settings")
        self._facts = Facts(id="about-setting")
        self._rows: list[SettingRow] = []
        self._keys: list[SettingRow] = []
        self._worn = ""

    def compose(self) -> ComposeResult:
        yield Static("", id="top", markup=False)
        yield self.table
        yield self._facts
        yield Field(id="value", compact=True, select_on_focus=False)
        yield Static("", id="problem", markup=False)
        yield Static(Content(f" {KEYS}"), id="keys", markup=False)

    def on_mount(self) -> None:
        self.query_one("#value").display = False
        self._worn = self._app.look.name
        self._show_place(self.app.size.width)
        self.reload()
        self._find_keys()

    @property
    def _app(self) -> ThemedApp[int]:
        app = self.app
        assert isinstance(app, ThemedApp)
        return app

    # --- what is shown

    def on_resize(self, event: events.Resize) -> None:
        self._show_place(event.size.width)

    def _show_place(self, width: int) -> None:
        place = shorten_left(visible(str(user_file())), max(8, width - 34), self.table.glyphs.cut)
        self.query_one("#top", Static).update(Content(f" rlm-tui  settings   saved in {place}"))

    def reload(self) -> None:
        """Read the settings again."""
        try:
            loaded = self._desk.loaded()
        except SettingsError as error:
            self._say(str(error))
            return
        self._rows = rows_of_settings(loaded)
        self._preset = loaded.settings.keymap
        self._show()

    @work(thread=True)
    def _find_keys(self) -> None:
        """Which keys there are, is found out beside the screen."""
        rows = rows_of_keys(self._desk.names.keys())
        self.app.call_from_thread(self._show_keys, rows)

    def _show_keys(self, rows: list[SettingRow]) -> None:
        self._keys = rows
        self._show()

    def _show(self) -> None:
        keymap = rows_of_keymap(self._preset, config_dir() / "keymap.yaml")
        self.table.show([*self._rows, *keymap, *self._keys, *rows_of_files()])
        self._show_chosen()

    @on(SettingTable.Moved)
    def _show_chosen(self) -> None:
        row = self.table.chosen
        if row is None:
            return
        self._facts.caption(visible(row.name) or "Keys")
        self._facts.tell(self._told(row))

    def _told(self, row: SettingRow) -> Told:
        if row.heading:
            return ()
        told = [(visible(row.words or row.value), "text")]
        if row.origin:
            told.append((visible(f"now {row.value or 'not set'}, from {row.origin}"), "muted"))
        if options := choices(row.key):
            told.append((f"one of {', '.join(options)}", "muted"))
        if row.key == "theme":
            # Each name in its own style: what the theme makes of them.
            told += [(f"{name}: {NAMES[name]}", name) for name in SHOWN_IN_PREVIEW]
        return told

    def _say(self, words: str) -> None:
        problem = self.query_one("#problem", Static)
        problem.update(Content(f" {visible(words)}" if words else ""))
        problem.display = bool(words)

    # --- hands

    def action_move(self, rows: int) -> None:
        step = 1 if rows > 0 else -1
        row = self.table.cursor + rows
        while 0 <= row < self.table.count() and self.table.rows[row].heading:
            row += step
        if 0 <= row < self.table.count():
            self.table.put_cursor(row)

    def action_page(self, pages: int) -> None:
        self.table.turn_page(pages)

    def action_edge(self, side: int) -> None:
        (self.table.to_start if side < 0 else self.table.to_end)()

    def action_choose(self, step: int) -> None:
        """The next of the values that the setting can have; a theme is worn at once."""
        row = self.table.chosen
        options = choices(row.key) if row is not None and row.key else ()
        if row is None or not options:
            return
        value = self.table.tried.get(row.key, row.value)
        at = options.index(value) if value in options else -1
        chosen = options[(at + step) % len(options)]
        if chosen == row.value:
            self.table.tried.pop(row.key, None)
        else:
            self.table.tried[row.key] = chosen
        if row.key == "theme":
            self._app.wear(chosen)
        self.table.changed_rows()
        self._show_chosen()

    def action_change(self) -> None:
        """Save what was chosen, or ask for a value."""
        row = self.table.chosen
        if row is None or row.heading:
            return
        if not row.key:
            self._say("This is written by hand, or set before the program starts." if row.name else "")
        elif row.key in self.table.tried:
            self._save(row.key, self.table.tried[row.key])
        elif choices(row.key):
            self._say("Left and right choose, Enter saves.")
        else:
            field = self.query_one("#value", Input)
            field.value = row.value if row.origin != "default" else ""
            field.placeholder = f"{row.name}: {row.words}; empty takes the setting out of your file"
            field.display = True
            field.focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        row = self.table.chosen
        if row is not None and row.key and self._save(row.key, event.value):
            self._close_field()

    def action_take_away(self) -> None:
        row = self.table.chosen
        if row is not None and row.key:
            self._save(row.key, "")

    def _save(self, key: str, text: str) -> bool:
        try:
            path = save(key, understood(key, text))
            self._desk.changed()
            now = self._desk.loaded()
        except SettingsError as error:
            self._say(str(error))
            return False
        self._say("")
        self.table.tried.pop(key, None)
        if key == "theme":
            self._worn = now.settings.theme
            self._app.wear(self._worn)
        origin = now.origins.get(key, "default")
        words = f"Saved in {path}."
        if origin not in (str(path), "default"):
            words = f"Saved in {path}, but {origin} goes before it."
        elif key in ("glyphs", "keymap", "notify", "store"):
            words += " It holds from the next start on."
        self.app.notify(visible(words), markup=False, timeout=5)
        self.reload()
        return True

    def _close_field(self) -> None:
        self.query_one("#value").display = False
        self.table.focus()

    def action_back(self) -> None:
        if self.query_one("#value").display:
            self._close_field()
            self._say("")
        elif self.table.tried:
            self.table.tried.clear()
            self._app.wear(self._worn)
            self.table.changed_rows()
            self._show_chosen()
        else:
            self.action_leave()

    def action_help(self) -> None:
        self.app.push_screen(ScreenHelp(SettingsScreen))

    def action_leave(self) -> None:
        if self._app.look.name != self._worn:
            self._app.wear(self._worn)
        self.post_message(Left())
