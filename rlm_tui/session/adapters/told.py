"""A saved session as other tools want to hear of it: its state, its root's conversation, and what it was worth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from rlm_tui.events import BlobRef, Message
from rlm_tui.projection.fold import fold
from rlm_tui.projection.state import Call, SessionState
from rlm_tui.store import Recording
from rlm_tui.store.results import CellRow


class Told:
    """A recording that can be told. `cell` is its row in the laboratory's table, `gold` the right answers, if known."""

    def __init__(self, recording: Recording, cell: CellRow | None = None, gold: Sequence[str] = ()) -> None:
        self.recording, self.cell, self.gold = recording, cell, gold
        self.state: SessionState = fold(recording.entries())

    def text(self, ref: BlobRef | None) -> str:
        """A text as JSON can hold it; empty if the recording doesn't have it."""
        if ref is None:
            return ""
        try:
            text = self.recording.text(ref)
        except KeyError:
            return ""
        return text.encode("utf-8", "backslashreplace").decode("utf-8")

    def root_calls(self) -> list[Call]:
        """The requests of the root itself, in order."""
        calls = [c for c in self.state.calls.values() if c.node == "0" and c.purpose in ("turn", "extract")]
        return sorted(calls, key=lambda call: call.started)

    def conversation(self) -> tuple[list[Message], list[Message]]:
        """What the root was told before its first reply, and everything that was said from there on.

        A conversation that was compacted has what came instead of its middle where that was said.
        """
        calls = self.root_calls()
        if not calls:
            return [], []
        before = list(calls[0].messages)
        known, after = list(before), []
        for call in calls:
            same = list(call.messages[: len(known)]) == known
            new = list(call.messages[len(known) :]) if same else [m for m in call.messages if m not in known]
            after += new
            reply = call.reply or call.kept
            if reply is not None:
                after.append(Message("assistant", reply))
            known = (
                [*call.messages, Message("assistant", call.kept or reply)] if reply is not None else [*call.messages]
            )
        return before, after

    def answer(self) -> str:
        """The final answer."""
        return self.text(self.state.answer)


def moment(at: float | None) -> str:
    """A point in time as ISO 8601 with its zone, UTC."""
    return datetime.fromtimestamp(at or 0.0, UTC).isoformat()


def packed(value: object) -> bytes:
    """`value` as one line of JSON."""
    return msgspec.json.encode(value) + b"\n"
