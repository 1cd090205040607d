"""Small sessions made by hand: a line of code a turn, and an answer. For tests that compare sessions."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from tests.support.sessions import Script, usage

DOCUMENT = Document.from_text("novel.txt", "Pierre met Natasha.\n" * 50)


class Small(Script):
    """A session of turns with a line of code each, and one answer."""

    def __init__(self, *codes: str, query: str = "When?", **start: object) -> None:
        super().__init__()
        self.start([DOCUMENT], query, **start)  # type: ignore[arg-type]
        self.probe("0", "a novel")
        self.turns = 0
        for code in codes:
            self.step(code)

    def step(
        self,
        code: str,
        output: str = "out",
        *,
        says: str = "Let me see.",
        leaves: Sequence[tuple[str, str]] = (),
        **done: object,
    ) -> None:
        self.turns += 1
        cell = self.turn("0", self.turns, says=says, code=code, usage=usage(100, 10, 0.01))
        self.run(cell)
        for n, (prompt, reply) in enumerate(leaves, 1):
            call = f"{cell}.{n}"
            self.ask(
                call,
                "0",
                purpose="leaf",
                model="m",
                prompt=prompt,
                depth=1,
                usage=usage(5, 1, 0.001),
                cell=cell,
                ordinal=n,
            )
            self.reply(call, reply, usage(5, 1, 0.001))
        self.done(cell, output, **done)  # type: ignore[arg-type]

    def end(self, answer: str = "1805", status: str = "completed") -> Small:
        self.add(ev.NodeEnded(node="0", status=status, answer=self.put(answer)))
        self.add(ev.SessionEnded(status=status, answer=self.put(answer)))
        return self
