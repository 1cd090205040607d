"""The saved sessions: list, filter, preview, what was spent."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from rlm_tui.document.visible import visible
from rlm_tui.store.row import SessionRow
from rlm_tui.tui.figures import clock, count, percent, plural, price
from rlm_tui.tui.glyphs import Glyphs
from rlm_tui.tui.messages import Left, Opened, SettingsWanted
from rlm_tui.tui.screens.keys import MOVING, PAGING, ScreenHelp
from rlm_tui.tui.shelf import SORTS, Shelf, arranged, by_day, by_model, total
from rlm_tui.tui.widgets.edit_box import Field
from rlm_tui.tui.widgets.facts import Facts, Told
from rlm_tui.tui.widgets.session_table import SessionTable

DAYS = 28
"""How far back spending by day goes: as many columns as fit beside the preview on a narrow screen."""

KEYS = "Enter open  Space mark  d diff  / filter  s sort  Del delete  ? help  q quit"

HELP = """A filter is a condition; conditions side by side are all meant:
model:gpt-5   cost>0.1   status:partial   text:"first meet"   tag:good   since:7d   and or not ( )
Space marks sessions: d compares two or three of them, the one that was marked first is the base."""


class Browser(Screen[None]):
    """Says by messages to the app which session is to be opened; reads the store again each time it comes up."""

    CSS_PATH = "browser.tcss"
    AUTO_FOCUS = "#sessions"
    COMMANDS_OF = "Sessions"
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVING,
        *PAGING,
        Binding("enter", "open", "show the session", show=False),
        Binding("slash", "filter", "filter by a condition", show=False),
        Binding("escape", "back", "leave the filter", show=False),
        Binding("s", "sort", "sort by time, cost, calls or model", show=False),
        Binding("space", "mark", "mark for comparing", show=False),
        Binding("d", "diff", "compare what is marked", show=False),
        Binding("delete", "delete", "delete, after a question", show=False),
        Binding("question_mark,f1", "help", "help", show=False),
        Binding("f2", "settings", "settings", show=False),
        Binding("q", "leave", "back, or quit", show=False),
    ]

    def __init__(self, shelf: Shelf, now: Callable[[], float]) -> None:
        super().__init__()
        self._shelf, self._clock = shelf, now
        self._sort = SORTS[0]
        self._rows: list[SessionRow] = []
        self.table = SessionTable(id="sessions")
        self._preview = Facts(id="preview")
        self._spend = Facts(id="spend")

    def compose(self) -> ComposeResult:
        yield Static("", id="top", markup=False)
        yield self.table
        with Vertical(id="below"), Horizontal():
            yield self._preview
            yield self._spend
        yield Field(
            placeholder='filter: model:gpt-5 cost>0.1 text:"first meet" since:7d',
            id="filter",
            compact=True,
            select_on_focus=False,
        )
        yield Static("", id="problem", markup=False)
        yield Static(Content(f" {KEYS}"), id="keys", markup=False)

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self._preview.caption("Preview")
        self._spend.caption("Spent")

    def on_screen_resume(self) -> None:
        self.reload()

    # --- what is shown

    @property
    def condition(self) -> str:
        """The filter."""
        return self.query_one(Input).value.strip()

    def reload(self) -> None:
        """Ask the store again."""
        try:
            self._rows = list(self._shelf.rows(self.condition))
            self._say("")
        except Exception as error:
            # The store and the condition language say in one sentence what is wrong; the old list stays.
            self._say(str(error))
        glyphs: Glyphs = self.table.glyphs
        hint = "No session fits this filter." if self.condition else "No sessions yet: `rlm-tui open FILE` makes one."
        self.table.show(arranged(self._rows, self._sort), self._clock(), hint)
        self.table.caption(
            f"Sessions {glyphs.rule} {plural(len(self._rows), 'session')} {glyphs.dot} {self._sort} first"
        )
        used = total(self._rows)
        top = f" rlm-tui  sessions  {visible(self._shelf.place)}   {price(used)} for {count(used.total)} tokens"
        self.query_one("#top", Static).update(Content(top))
        self._spend.tell(spending(self._rows, self._clock(), glyphs))
        self._show_chosen()

    def _say(self, words: str) -> None:
        self.query_one("#problem", Static).update(Content(f" {visible(words)}" if words else ""))
        self.query_one("#problem").display = bool(words)

    @on(SessionTable.Moved)
    def _show_chosen(self) -> None:
        row = self.table.chosen
        self._preview.tell(preview(row, self.table.glyphs) if row is not None else ())
        self._preview.caption("Preview", row.id if row is not None else "")

    # --- hands

    def action_move(self, rows: int) -> None:
        self.table.move(rows)

    def action_page(self, pages: int) -> None:
        self.table.turn_page(pages)

    def action_edge(self, side: int) -> None:
        (self.table.to_start if side < 0 else self.table.to_end)()

    @on(SessionTable.Chosen)
    def _chosen(self, message: SessionTable.Chosen) -> None:
        self.app.post_message(Opened(message.session))

    def action_open(self) -> None:
        self.table.activate()

    def action_filter(self) -> None:
        field = self.query_one(Input)
        field.display = True
        field.focus()

    @on(Input.Submitted)
    def _filtered(self) -> None:
        self.reload()
        self.query_one("#filter").display = bool(self.condition)
        self.table.focus()

    def action_back(self) -> None:
        field = self.query_one(Input)
        if field.display:
            field.value = ""
            field.display = False
            self.table.focus()
            self.reload()

    def action_sort(self) -> None:
        self._sort = SORTS[(SORTS.index(self._sort) + 1) % len(SORTS)]
        self.reload()

    def action_mark(self) -> None:
        self.table.mark()

    def action_diff(self) -> None:
        """Compare the marked sessions; with one mark, that one and the one under the cursor."""
        listed = {row.id for row in self._rows}
        chosen = [session for session in self.table.marked if session in listed]
        if len(chosen) == 1 and self.table.chosen is not None and self.table.chosen.id not in chosen:
            chosen.append(self.table.chosen.id)
        if not 2 <= len(chosen) <= 3:
            self._say("Mark two or three sessions with the space bar; d compares them.")
            return
        from rlm_tui.tui.comparing import diff_of_saved

        try:
            screen = diff_of_saved(self._shelf, chosen)
        except Exception as error:
            self._say(str(error))
            return
        self._say("")
        self.app.push_screen(screen)

    def action_delete(self) -> None:
        row = self.table.chosen
        if row is None:
            return
        from rlm_tui.tui.screens.confirm import Confirm

        def decided(yes: bool | None) -> None:
            if yes:
                try:
                    self._shelf.delete(row.id)
                except Exception as error:
                    self._say(str(error))
                    return
                self.reload()

        self.app.push_screen(
            Confirm(f"Delete session {row.id}?", f"«{visible(row.query)[:200]}» can't be brought back."), decided
        )

    def action_help(self) -> None:
        self.app.push_screen(ScreenHelp(Browser, HELP))

    def action_settings(self) -> None:
        self.app.post_message(SettingsWanted())

    def action_leave(self) -> None:
        self.app.post_message(Left())


def preview(row: SessionRow, glyphs: Glyphs) -> Told:
    """A session at a glance."""
    told: list[tuple[str, str]] = [(visible(" ".join(row.query.split())), "title")]
    if row.answer:
        told.append((visible(row.answer.strip()), "answer"))
    if row.error:
        told.append((visible(row.error), "bad"))
    status = row.status + (f" at the {row.limit} limit" if row.limit else "")
    seconds = (row.ended or row.updated) - row.created
    told.append((f"{status} {glyphs.dot} {clock(seconds)} {glyphs.dot} {visible(row.origin)}", "muted"))
    work = [plural(row.turns, "turn"), plural(row.calls, "call"), f"depth {row.depth}"]
    if row.errors:
        work.append(plural(row.errors, "error"))
    told.append((f" {glyphs.dot} ".join(work), "text"))
    cached = f" ({percent(row.cached, row.input)} cached)" if row.cached else ""
    told.append(
        (f"{count(row.input)} in{cached} {glyphs.dot} {count(row.output)} out {glyphs.dot} {price(row.usage)}", "cost")
    )
    models = row.model if not row.sub_model or row.sub_model == row.model else f"{row.model} / {row.sub_model}"
    told.append((visible(models), "muted"))
    for name, chars in row.documents[:3]:
        told.append((f"{visible(name)} {count(chars)}", "muted"))
    if row.tags or row.score:
        stars = "*" * row.score if row.score else ""
        told.append((" ".join([*row.tags, stars]).strip(), "operator"))
    if row.note:
        told.append((visible(row.note), "operator"))
    return told


def spending(rows: list[SessionRow], now: float, glyphs: Glyphs) -> Told:
    """What the sessions cost, by model and by day."""
    told: list[tuple[str, str]] = []
    models = by_model(rows)
    dearest = max((usage.cost for _, usage in models), default=0.0)
    for model, usage in models[:6]:
        full, rest = glyphs.bar(usage.cost / dearest if dearest else 0.0, 8)
        told.append((f"{full}{rest} {price(usage):>8} {visible(model)}", "text"))
    days = by_day(rows, now, DAYS)
    most = max(days, default=0.0)
    told.append(("", "text"))
    sparks = (glyphs.level(glyphs.sparks, day / most) if day and most else glyphs.empty for day in days)
    told.append(("".join(sparks), "bar"))
    told.append(
        (f"the last four weeks: {price(total(row for row in rows if now - row.created < DAYS * 86_400))}", "muted")
    )
    return told
