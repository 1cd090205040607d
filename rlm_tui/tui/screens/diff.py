"""Two or three sessions side by side: figures, aligned trees, and what differs in the selected rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from rlm_tui.document.visible import visible
from rlm_tui.projection.compare import Comparison, Pair, Session
from rlm_tui.tui.diff_rows import TABS, DiffRow, name_of, rows_of, texts_of
from rlm_tui.tui.diff_summary import heading, summary
from rlm_tui.tui.screens.keys import MOVING, PAGING, ScreenHelp
from rlm_tui.tui.text import wrap
from rlm_tui.tui.widgets.diff_coverage import DiffCoverage
from rlm_tui.tui.widgets.diff_lines import DiffLines
from rlm_tui.tui.widgets.diff_tabs import DiffTabs
from rlm_tui.tui.widgets.diff_tree import DiffTree
from rlm_tui.tui.widgets.facts import Facts
from rlm_tui.tui.widgets.line_view import LineView

SPLIT_FROM = 100
"""Columns from which on the two texts stand side by side at first."""

LOW = 30
"""Terminals with fewer rows get a short summary."""

_KEYS = "] [ difference  = hide equal  u split  1-5 show  x export  Tab pane  q close"

HELP = """=  equal
{0}  differs
-  only in A
+  only in the other
{1}  moved to another turn

Tab goes to the texts and back."""


class Diff(Screen[None]):
    """A is the base; of three sessions, `b` switches between B and C. `closing` is called once when the screen goes."""

    CSS_PATH = "diff.tcss"
    AUTO_FOCUS = "#trees"
    COMMANDS_OF = "Diff"
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVING,
        *PAGING,
        Binding("enter", "enter", "to the texts", show=False),
        Binding("right_square_bracket", "difference(1)", "next difference", show=False),
        Binding("left_square_bracket", "difference(-1)", "previous difference", show=False),
        Binding("equals_sign", "equal", "hide equal rows", show=False),
        Binding("u", "unified", "side by side, or one below the other", show=False),
        Binding("b", "other", "the other session of three", show=False),
        Binding("x", "export", "write it as Markdown or JSON", show=False),
        Binding("left", "turn_tab(-1)", "previous text", show=False),
        Binding("right", "turn_tab(1)", "next text", show=False),
        *(Binding(str(n), f"tab('{tab}')", tab, show=False) for n, tab in enumerate(TABS, 1)),
        Binding("question_mark,f1", "help", "help", show=False),
        Binding("q,escape,ctrl+q", "leave", "close", show=False),
    ]

    def __init__(
        self, comparison: Comparison, sessions: Sequence[Session], closing: Callable[[], None] | None = None
    ) -> None:
        super().__init__()
        self.comparison = comparison
        self.trees = DiffTree(id="trees")
        self.lines = DiffLines(id="lines")
        self.tab = TABS[0]
        self._sessions = sessions
        self._let_go = closing
        self._shown = 0
        self._split: bool | None = None
        self._facts = Facts(id="summary")
        self._tabs = DiffTabs(id="tabs")
        self.coverage = DiffCoverage(id="coverage")

    def compose(self) -> ComposeResult:
        yield Static("", id="top", markup=False)
        yield self._facts
        yield self.coverage
        yield self.trees
        yield self._tabs
        yield self.lines
        other = "   b other session" if len(self.comparison.pairs) > 1 else ""
        yield Static(Content(f" {_KEYS}{other}"), id="keys", markup=False)

    def on_mount(self) -> None:
        self._facts.caption("Summary")
        self._measure(self.app.size.width, self.app.size.height)
        self._show_pair()

    def on_unmount(self) -> None:
        if self._let_go is not None:
            let_go, self._let_go = self._let_go, None
            let_go()

    # --- what is shown

    @property
    def pair(self) -> Pair:
        """The pair whose trees are shown."""
        return self.comparison.pairs[self._shown]

    @property
    def _both(self) -> tuple[Session, Session]:
        return self._sessions[0], self._sessions[self.pair.side]

    def on_resize(self, event: events.Resize) -> None:
        self._measure(event.size.width, event.size.height)

    def _measure(self, width: int, height: int) -> None:
        low = height < LOW
        self.set_class(low, "-low")
        glyphs = self.trees.glyphs
        room = width if low else width - 2
        told = summary(self.comparison, self.pair, glyphs, room, short=low)
        self._facts.tell(told)
        rows = sum(len(wrap(text, max(4, room - 2))) for text, _ in told)
        self._facts.styles.height = rows + (0 if low else 2)
        self.query_one("#top", Static).update(Content(heading(self.comparison, glyphs, width)))
        shown = [0, self.pair.side] if low else range(len(self._sessions))
        self.coverage.show([self.comparison.sides[n].name for n in shown], [self._sessions[n] for n in shown])
        self.lines.lay_out(split=width >= SPLIT_FROM if self._split is None else self._split)

    def _show_pair(self) -> None:
        pair = self.pair
        names = (self.comparison.sides[0].name, self.comparison.sides[pair.side].name)
        self.trees.show(rows_of(pair), *self._both, names)
        if pair.first is not None:
            self.trees.go_to(pair.first.a, pair.first.b)
        else:
            self.trees.to_start()
        self._measure(self.app.size.width, self.app.size.height)

    @on(DiffTree.Moved)
    def _show_row(self) -> None:
        row = self.trees.chosen
        if row is None:
            self.lines.show("", "", "There is nothing to compare yet.")
            return
        texts = {tab: texts_of(row, tab, *self._both) for tab in TABS}
        self._tabs.show(self.tab, frozenset(tab for tab, (a, b) in texts.items() if a != b))
        a, b = texts[self.tab]
        self.lines.show(a, b, self._hint(row))
        self.lines.caption(self._title(row, a, b), self.lines.left_out)

    def _title(self, row: DiffRow, a: str, b: str) -> str:
        left, right = self._both
        names = [name_of(session, key) for session, key in ((left, row.a), (right, row.b)) if key is not None]
        where = names[0] if len(set(names)) == 1 else " / ".join(names)
        alone = ""
        if row.a is None or row.b is None:
            alone = f" of {self.comparison.sides[self.pair.side if row.a is None else 0].name} only"
        what = "reply" if self.tab == "answer" and row.level else self.tab
        rule, same = self.lines.glyphs.rule, ", equal" if a == b and a and not alone else ""
        return visible(
            f"{what.title()} of {where}{alone} {rule} - A + {self.comparison.sides[self.pair.side].name}{same}"
        )

    def _hint(self, row: DiffRow) -> str:
        if row.turn is None and self.tab in ("code", "output"):
            step = "The root" if row.level == 0 else "A sub-call"
            return f"{step} has no {self.tab} of its own: choose a turn."
        return f"There is no {self.tab} here."

    # --- hands

    @property
    def _focused_lines(self) -> LineView:
        return self.focused if isinstance(self.focused, LineView) else self.trees

    def action_move(self, rows: int) -> None:
        self._focused_lines.move(rows)

    def action_page(self, pages: int) -> None:
        self._focused_lines.turn_page(pages)

    def action_edge(self, side: int) -> None:
        lines = self._focused_lines
        (lines.to_start if side < 0 else lines.to_end)()

    def action_enter(self) -> None:
        self._focused_lines.activate()

    @on(DiffTree.Opened)
    def _opened(self) -> None:
        self.lines.focus()

    def action_difference(self, step: int) -> None:
        if not self.trees.next_difference(step):
            self._tell(f"There is no {'further' if step > 0 else 'earlier'} difference.")

    def action_equal(self) -> None:
        self.trees.hide_equal(not self.trees.hides_equal)

    def action_unified(self) -> None:
        self._split = not self.lines.is_split
        self.lines.lay_out(split=self._split)

    def action_other(self) -> None:
        if len(self.comparison.pairs) < 2:
            self._tell("Two sessions are compared; a third one can be marked in the list of sessions.")
            return
        self._shown = (self._shown + 1) % len(self.comparison.pairs)
        self._show_pair()

    def action_tab(self, tab: str) -> None:
        self.tab = tab
        self._show_row()

    def action_turn_tab(self, step: int) -> None:
        self.action_tab(TABS[(TABS.index(self.tab) + step) % len(TABS)])

    @on(DiffTabs.Chosen)
    def _tab_chosen(self, message: DiffTabs.Chosen) -> None:
        self.action_tab(message.tab)

    def action_export(self) -> None:
        """Ask for a name and write the comparison."""
        from rlm_tui.tui.diff_export import default_name, write
        from rlm_tui.tui.screens.save_as import SaveAs

        def named(name: str | None) -> None:
            if name is None:
                return
            try:
                path = write(Path(name).expanduser(), self.comparison, self._sessions)
            except ValueError as error:
                self._tell(visible(str(error)))
            else:
                self._tell(f"Written to {visible(str(path))}.")

        self.app.push_screen(SaveAs("Write the comparison", default_name(self.comparison), ".md or .json"), named)

    def action_help(self) -> None:
        self.app.push_screen(ScreenHelp(Diff, HELP.format(*self.trees.unequal_moved)))

    def action_leave(self) -> None:
        self.dismiss(None)

    def _tell(self, words: str) -> None:
        self.app.notify(words, markup=False, timeout=4)
