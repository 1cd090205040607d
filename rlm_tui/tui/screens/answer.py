"""The end of a session: the answer, how it ended, what it cost, what was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rlm_tui.document.visible import visible
from rlm_tui.tui.figures import clock, count, percent, plural, price
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.view import View
from rlm_tui.tui.when import can_follow_up

if TYPE_CHECKING:
    from rlm_tui.document.quotes import Unsupported

LOOK_UP_TO = 20_000_000
"""Characters of documents that are looked through for the answer's quotes when the answer is shown."""

HEADINGS = {
    "completed": "Answer",
    "partial": "Partial answer",
    "failed": "The session failed",
    "cancelled": "The session was cancelled",
}


class Answer(Dialog[bool]):
    """Opens by itself when a live run ends, and by key later. Gives true when another question is to follow."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,A,q", "leave", show=False),
        Binding("y", "copy", show=False),
        Binding("Q", "ask_on", show=False),
    ]

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    @property
    def heading(self) -> str:
        return HEADINGS.get(self._view.head.status, self._view.head.status)

    @property
    def keys(self) -> str:
        on = "" if can_follow_up(self._view) else "Q ask on   "
        return f"Enter close   y copy   {on}A shows it again"

    @property
    def answer(self) -> str:
        """The answer's text; empty when there is none."""
        return self._view.text(self._view.head.answer)

    def body(self) -> ComposeResult:
        head, glyphs = self._view.head, self._view.glyphs
        yield plain(f"{visible(head.query)}", classes="quiet")
        if head.error:
            yield plain(visible(head.error), classes="bad")
        if head.limit:
            yield plain(f"The {head.limit} limit ended it; the answer is from what was known then.", classes="warn")
        answer = self.answer
        doubts = unbacked(self._view, answer)
        if answer:
            yield VerticalScroll(Static(marked(answer, doubts), id="answer-text", markup=False), id="answer")
        elif not head.error:
            yield plain("There is no answer.", classes="quiet")
        yield Static(Content(facts(self._view)), id="facts", markup=False)
        if doubts:
            yield plain(f"{glyphs.warn} {_told(doubts)}", id="doubts", classes="warn")
        if answer and not head.coverage.read_chars() and not head.coverage.read_chars("touched"):
            yield plain(f"{glyphs.warn} Nothing of the document was read for this answer.", classes="warn")

    def action_ask_on(self) -> None:
        self.dismiss(True)

    def action_copy(self) -> None:
        answer = self.answer
        if answer:
            self.app.copy_to_clipboard(answer)
            self.app.notify(f"Copied {len(answer):,} characters.", markup=False, timeout=3)


def unbacked(view: View, answer: str) -> list[Unsupported]:
    """Which quotes and numbers of the answer stand in no document, output or reply.

    Nothing is looked for when the documents are too large to look through at once.
    """
    if not answer or sum(document.chars for document in view.documents) > LOOK_UP_TO:
        return []
    from rlm_tui.document.quotes import unsupported

    head = view.head
    texts = [document.text for document in view.documents]
    texts += [view.text(cell.output) for cell in head.cells.values() if cell.output is not None]
    texts += [
        view.text(call.reply) for call in head.calls.values() if call.reply is not None and call.purpose == "leaf"
    ]
    return unsupported(answer, [*texts, head.query])


def marked(answer: str, doubts: Sequence[Unsupported]) -> Content:
    """The answer with what nothing backs underlined, in the colour of warnings."""
    pieces: list[Content | tuple[str, str]] = []
    done = 0
    for piece in doubts:
        pieces.append(Content(visible(answer[done : piece.start])))
        pieces.append((visible(answer[piece.start : piece.end]), "$warning underline"))
        done = piece.end
    return Content.assemble(*pieces, Content(visible(answer[done:])))


def _told(doubts: Sequence[Unsupported]) -> str:
    shown = ", ".join(visible(" ".join(piece.text.split()))[:60] for piece in doubts[:3])
    more = f" and {len(doubts) - 3} more" if len(doubts) > 3 else ""
    return f"In no document, output or reply (underlined): {shown}{more}."


def facts(view: View) -> str:
    """What the session cost and read, as a small table."""
    head = view.head
    spent = head.spent
    about = view.glyphs.about if spent.estimated else ""
    cached = f" ({percent(spent.cached, spent.input)} cached)" if spent.cached else ""
    lines = [
        f"cost    {price(spent)}"
        + (f"   ({plural(spent.unpriced, 'call')} without a known price)" if spent.unpriced else ""),
        f"tokens  {about}{count(spent.input)} in{cached}, {about}{count(spent.output)} out",
        f"work    {plural(spent.calls, 'call')}, {plural(len(head.nodes), 'node')}, depth {head.depth}, {clock(head.seconds)}"
        + (f", {plural(head.errors, 'error')}" if head.errors else ""),
    ]
    coverage = head.coverage
    size = sum(coverage.sizes)
    if size:
        lines.append(
            f"read    {percent(coverage.read_chars(), size)} by a model, "
            f"{percent(coverage.read_chars('touched'), size)} by code, of {count(size)} characters"
        )
    if len(head.by_model) > 1:
        lines += [
            f"        {visible(model)}: {plural(usage.calls, 'call')}, {price(usage)}"
            for model, usage in head.by_model.items()
        ]
    if head.session:
        lines.append(f"saved   session {head.session}")
    return "\n".join(lines)
