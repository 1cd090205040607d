"""A recorded session as a source of answers: the base of re-execution, resume, fork and rerun (engine contract §9).

The engine runs as always; before a call is sent, the record is asked. A call is the same when it stands at the same
place (its identifier is a path), says the same words, and, unless told otherwise, goes to the same model. From the first
call that is not found, a run is live.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rlm_tui.engine.past import cut_off
from rlm_tui.engine.providers.base import ChatMessage
from rlm_tui.events import (
    BlobRef,
    CallFailed,
    CallFinished,
    CallReserved,
    CellEdited,
    CellFinished,
    CellProposed,
    CellStarted,
    Entry,
    Fault,
    FinalProposed,
    FinalRefused,
    Injected,
    NodeRestarted,
    ToolCalled,
    ToolReturned,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recorded call gave: a reply with its finish reason, or a fault; and what it took, if that is to count again.

    `model` is the one that said it; empty for words of the operator's.
    """

    text: str = ""
    finish: str = ""
    fault: Fault | None = None
    usage: Usage = Usage()
    model: str = ""


class Record:
    """What calls were answered and what cells gave in a session.

    `text` loads a body by reference. `before` limits the record to root turns before that number (a fork's point);
    with `any_model` the prefix is used even when the models differ now; `by_place` takes a call for the same when it stands
    at the same place, whatever it says (a resumed session must not pay again because of a changed word in a prompt).
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        text: Callable[[BlobRef], str],
        *,
        before: int | None = None,
        any_model: bool = False,
        by_place: bool = False,
    ) -> None:
        self._text = text
        self._by_place = by_place
        self._before: int | None = None
        self._any_model = any_model
        self._reserved: dict[str, CallReserved] = {}
        self._answers: dict[str, CallFinished | CallFailed] = {}
        self.cells: dict[str, CellFinished] = {}
        self._begun: set[str] = set()
        self.codes: dict[str, BlobRef] = {}
        self.edits: dict[str, str] = {}
        self.injected: dict[tuple[str, int], list[str]] = {}
        self._verdicts: dict[tuple[str, int], str] = {}
        self._tools: dict[str, tuple[ToolCalled, ToolReturned | None]] = {}
        self._turn_of_cell: dict[str, int] = {}
        self._again: dict[str, str] = {}
        turn: dict[str, int] = {}
        for entry in entries:
            event = entry.event
            if isinstance(event, CallReserved):
                self._reserved[event.call] = event
                if event.turn is not None:
                    turn[event.node] = event.turn
            elif isinstance(event, CallFinished | CallFailed):
                self._answers[event.call] = event
            elif isinstance(event, CellProposed):
                self.codes[event.cell] = event.code
                self._turn_of_cell[event.cell] = event.turn
            elif isinstance(event, CellEdited):
                self.edits[event.cell] = text(event.code)
            elif isinstance(event, CellStarted):
                self._begun.add(event.cell)
            elif isinstance(event, CellFinished):
                self.cells[event.cell] = event
            elif isinstance(event, FinalProposed):
                self._verdicts[event.node, turn.get(event.node, 0)] = ""
            elif isinstance(event, FinalRefused):
                self._verdicts[event.node, turn.get(event.node, 0)] = event.reason
            elif isinstance(event, NodeRestarted):
                self._again[event.node] = event.again
            elif isinstance(event, ToolCalled):
                self._tools[event.call] = (event, None)
            elif isinstance(event, ToolReturned) and event.call in self._tools:
                self._tools[event.call] = (self._tools[event.call][0], event)
            elif isinstance(event, Injected):
                # A message is read before the next reply of its node.
                self.injected.setdefault((event.node, turn.get(event.node, 0) + 1), []).append(event.text)
        if before is not None:
            self._end_prefix(before)

    def latest(self, node: str) -> str:
        """The node that did the work of `node` in the end, when the operator had it begin again."""
        while node in self._again and self._in_prefix(f"{node}:t1"):
            node = self._again[node]
        return node

    def knows(self, node: str) -> bool:
        """Whether `node` made a call in the session."""
        return f"{node}:t1" in self._reserved

    def change(self, cell: str, code: str) -> None:
        """Run `code` in `cell` instead of what was recorded: its own result is not part of the record any more."""
        self.edits[cell] = code
        self.cells.pop(cell, None)
        self._begun.discard(cell)
        self._verdicts.pop((cell.partition(":")[0], self._turn_of_cell.get(cell, 0)), None)

    def covers(self, *, call: str | None = None, cell: str | None = None) -> bool:
        """Whether the record holds the end of a call or a cell, inside the prefix: nothing is to be decided there any more."""
        if cell is not None:
            return cell in self.cells and self._in_prefix(cell)
        return call is not None and call in self._answers and self._in_prefix(call)

    def began(self, cell: str | None) -> bool:
        """Whether a fork takes over a cell that was running: its code was let run then, and is not held before again."""
        return not self._by_place and cell in self._begun and self._in_prefix(str(cell))

    def prompt(self, call: str, messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...] | None:
        """The recorded prompt of `call`, if `messages` say the same but for the lines that count turns and budgets."""
        reserved = self._reserved.get(call)
        if reserved is None or not self._in_prefix(call):
            return None
        recorded = tuple(ChatMessage(m.role, self._text(m.body)) for m in reserved.messages)
        return recorded if self._by_place or _same(recorded, messages) else None

    def find(self, call: str, model: str, messages: Sequence[ChatMessage]) -> Answer | None:
        """The recorded answer to a call, or ``None`` when the run must go live here.

        Once a turn of the root was not found, nothing of that turn or after it is taken from the record any more: what
        came of another reply is not what was recorded, even where some words are the same.
        """
        found = self._find(call, model, messages)
        if found is None and not self._by_place and (turn := _root_turn(call)) is not None:
            self._end_prefix(turn)
        return found

    def _find(self, call: str, model: str, messages: Sequence[ChatMessage]) -> Answer | None:
        reserved, answer = self._reserved.get(call), self._answers.get(call)
        if reserved is None or answer is None or not self._in_prefix(call):
            return None
        if not self._by_place:
            if reserved.model != model and not self._any_model:
                return None
            if [(m.role, m.body) for m in reserved.messages] != [(m.role, BlobRef.of(m.content)) for m in messages]:
                return None
        if isinstance(answer, CallFailed):
            # What was cut off by hand or by a crash is asked again, and so is what ended a session that goes on.
            return None if self._asked_again(answer) else Answer(fault=answer.fault, usage=self._counted(answer))
        said_by = reserved.model if answer.source != "operator" else ""
        return Answer(self._text(answer.reply), answer.finish, usage=self._counted(answer), model=said_by)

    def spent(self) -> dict[str, Usage]:
        """What each call took that a continued session comes to again without making it."""
        return {
            call: answer.usage
            for call, answer in self._answers.items()
            if not isinstance(answer, CallFailed) or not self._asked_again(answer)
        }

    def _asked_again(self, answer: CallFailed) -> bool:
        return answer.fault.kind == "cancelled" or (self._by_place and cut_off(answer))

    def _counted(self, answer: CallFinished | CallFailed) -> Usage:
        """A fork pays nothing for its prefix; the session itself, run again, stands where it stood."""
        return answer.usage if self._by_place else Usage()

    def _end_prefix(self, turn: int) -> None:
        """From root turn `turn` on, nothing is taken from the record: neither answers nor what the operator did."""
        self._before = turn if self._before is None else min(self._before, turn)
        self.edits = {cell: code for cell, code in self.edits.items() if self._in_prefix(cell)}
        self.injected = {
            (node, number): texts
            for (node, number), texts in self.injected.items()
            if self._in_prefix(f"{node}:t{number}")
        }

    def verdict(self, node: str, turn: int) -> str | None:
        """Why the answer of a turn was refused, empty if it was accepted; ``None`` when the record does not say."""
        return self._verdicts.get((node, turn)) if self._in_prefix(f"{node}:t{turn}") else None

    def returned(self, call: str, tool: str, arguments: BlobRef) -> tuple[str | None, str | None] | None:
        """What a recorded tool call gave, as its JSON text or its error; ``None`` when the tool must be called."""
        called, returned = self._tools.get(call, (None, None))
        if called is None or returned is None or not self._in_prefix(call):
            return None
        if (called.tool, called.arguments) != (tool, arguments):
            return None
        return (self._text(returned.value) if returned.value is not None else None), returned.error

    def _in_prefix(self, call: str) -> bool:
        """Whether a call or a cell, by its identifier, stands before the fork's point."""
        if self._before is None:
            return True
        if (number := _root_turn(call)) is not None:
            return number < self._before
        node, _, rest = call.partition(":")
        # A child's node is `0/c2.1…`, a sub-call of the root `0:c2.1`: both belong to the root's cell 2.
        place = node.split("/")[1] if "/" in node else rest
        turn = self._turn_of_cell.get(f"0:{place.split('.')[0]}")
        return turn is not None and turn < self._before


def _root_turn(call: str) -> int | None:
    """The number of the root's turn that `call` is; ``None`` for any other call."""
    node, _, rest = call.partition(":")
    return int(rest[1:]) if node == "0" and rest[:1] == "t" and rest[1:].isdecimal() else None


def _same(recorded: Sequence[ChatMessage], messages: Sequence[ChatMessage]) -> bool:
    return len(recorded) == len(messages) and all(
        a.role == b.role and steady(a.content) == steady(b.content) for a, b in zip(recorded, messages, strict=True)
    )


_VOLATILE = re.compile(r"^\[turn \d+/\d+.*\]$", re.MULTILINE)


@lru_cache(maxsize=4096)
def steady(text: str) -> str:
    """A message without its line about turns and budgets (see `rlm_tui.engine.prompts.footer`)."""
    return _VOLATILE.sub("", text)
