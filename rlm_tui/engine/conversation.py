"""A node's messages: strictly append-only, roles alternating, the volatile part last (engine contract §7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rlm_tui.engine import prompts
from rlm_tui.engine.providers.base import ChatMessage
from rlm_tui.events import Limits


class Conversation:
    """What a node's model has read and said. `left` tells what budgets have left."""

    def __init__(self, system: str, first: str, limits: Limits, left: Callable[[], dict[str, float]]) -> None:
        self._messages = [ChatMessage("system", system), ChatMessage("user", first)]
        self._limits = limits
        self._left = left

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """The prompt of the next turn."""
        return tuple(self._messages)

    @property
    def fresh(self) -> str:
        """The newest message: the only part of the prompt that its reader has not seen before."""
        return self._messages[-1].content

    def adopt(self, recorded: Sequence[ChatMessage]) -> None:
        """Take the words of a recorded prompt, so that what follows has the same beginning, byte for byte."""
        self._messages = list(recorded)

    def replied(self, kept: str) -> None:
        """Add the model's reply, as cut."""
        self._messages.append(ChatMessage("assistant", kept or "(empty reply)"))

    def say(self, text: str, next_turn: int) -> None:
        """Answer the model's last reply; one line says which turn comes next, and what is left."""
        foot = prompts.footer(next_turn, self._limits, self._left())
        self._messages.append(ChatMessage("user", f"{text}\n{foot}"))

    def go_on(self, text: str, limits: Limits) -> None:
        """Ask another question: after the model's last reply, or at the end of what it has not been sent yet."""
        self._limits = limits
        foot = prompts.footer(1, limits, self._left())
        if self._messages[-1].role == "user":
            text = f"{self._messages.pop().content}\n\n{text}"
        self._messages.append(ChatMessage("user", f"{text}\n{foot}"))

    def add_operator(self, texts: Sequence[str]) -> None:
        """Put the operator's messages at the end of the one that is about to be sent."""
        if texts:
            last = self._messages[-1]
            self._messages[-1] = ChatMessage("user", f"{last.content}\n\n{prompts.operator_note(texts)}")
