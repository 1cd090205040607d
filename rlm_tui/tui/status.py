"""The state of the run as one pill: a sign, words, and a style. Colour never stands alone."""

from __future__ import annotations

from dataclasses import dataclass

from rlm_tui.tui.view import View

STOPS = {
    "before_llm": "before the model call",
    "before_exec": "before exec",
    "at_subcall": "at a sub-call",
    "after_exec": "after exec",
    "on_error": "on an error",
    "on_final": "at the answer",
    "on_budget": "at a budget",
}


@dataclass(frozen=True, slots=True)
class Pill:
    """`name` is one of the fixed states; `style` a name of the palette; `detail` says why or where."""

    name: str
    glyph: str
    style: str
    detail: str = ""

    @property
    def text(self) -> str:
        return f"{self.glyph} {self.name} {self.detail}".rstrip()


def pill(view: View) -> Pill:
    """The state that the screen shows. Looking at the past comes first: everything else on screen is past, too."""
    glyphs, head = view.glyphs, view.head
    if view.failure is not None:
        return Pill("FAILED", glyphs.bad, "pill_bad")
    if not view.live:
        behind = head.seq - view.state.seq
        if view.replay:
            sign = glyphs.play if view.playing else glyphs.history
            speed = f" {glyphs.dot} {view.speed:g}{glyphs.times}" if view.playing or view.speed != 1 else ""
            return Pill("REPLAY", sign, "pill_past", f"event {view.state.seq}/{head.seq}{speed}")
        return Pill("HISTORY", glyphs.history, "pill_past", f"{glyphs.minus}{behind}")
    if view.source is None:
        return (
            Pill("STARTING", glyphs.running, "pill_busy")
            if view.starting
            else Pill("IDLE", glyphs.waiting, "pill_idle")
        )
    if head.over:
        return _ended(view)
    if view.process is not None:
        doing = _active(view)
        return Pill("FOLLOWING", doing.glyph, "pill_busy", f"process {view.process} {glyphs.dot} {doing.name.lower()}")
    if view.replay:
        return Pill("REPLAY", glyphs.history, "pill_past", f"event {head.seq}/{head.seq} {glyphs.dot} not finished")
    return _active(view)


def _active(view: View) -> Pill:
    """What a run that has not ended does."""
    glyphs, head = view.glyphs, view.head
    if head.paused is not None:
        where = STOPS.get(head.paused.stop, head.paused.stop)
        reason = "" if head.paused.reason in ("step over", "step into") else f" {glyphs.dot} {head.paused.reason}"
        return Pill("PAUSED", glyphs.pause, "pill_held", where + reason)
    leaves = sum(1 for key in head.open_calls if head.calls[key].purpose == "leaf")
    stopping = "stopping at the next stop" if head.pause_requested else ""
    if leaves:
        return Pill(f"SUB-CALLS {glyphs.times}{leaves}", glyphs.running, "pill_busy", stopping)
    if head.open_calls:
        return Pill("THINKING", glyphs.running, "pill_busy", stopping)
    if head.running_cells:
        return Pill("RUNNING CODE", glyphs.play, "pill_busy", stopping)
    return Pill("STARTING" if head.seq == 0 else "RUNNING", glyphs.running, "pill_busy", stopping)


def _ended(view: View) -> Pill:
    glyphs, head = view.glyphs, view.head
    prefix = "REPLAY " if view.replay else ""
    if head.status == "completed":
        return Pill(f"{prefix}DONE", glyphs.ok, "pill_done")
    if head.status == "partial":
        if head.limit in ("usd", "calls", "input_tokens", "output_tokens", "total_tokens", "seconds"):
            return Pill(f"{prefix}OVER BUDGET", glyphs.warn, "pill_bad", f"{head.limit} {glyphs.dot} partial answer")
        return Pill(f"{prefix}PARTIAL", glyphs.partial, "pill_bad", head.limit or "")
    if head.status == "cancelled":
        return Pill(f"{prefix}CANCELLED", glyphs.stop, "pill_idle")
    return Pill(f"{prefix}FAILED", glyphs.bad, "pill_bad")


def stop_words(view: View) -> str:
    """Why a run stands still, for somebody who does not see the screen: ``Paused before exec, turn 4: Who signed …``."""
    head = view.head
    shown = _active(view) if not head.over and view.failure is None else pill(view)
    words = f"{shown.name.capitalize()} {shown.detail}".rstrip()
    node = head.nodes.get(head.paused.node) if head.paused is not None and head.paused.node else None
    turn = f", turn {node.turn}" if node is not None and node.turn else ""
    question = " ".join((head.query or view.question).split())
    return f"{words}{turn}" + (f": {question[:80]}" if question else "")
