"""The first place where two sessions part, in words."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.projection.compare.report import CallPair, Divergence, NodePair, TurnPair, TurnSide
from rlm_tui.projection.compare.turns import Session
from rlm_tui.projection.compare.words import quote, say_code, say_text

BEFORE = "before it everything is equal"


def find_divergence(
    root: NodePair, left: Session, right: Session, a: str = "A", b: str = "B"
) -> tuple[Divergence | None, str | None]:
    """Where two sessions part, and where the words around equal code differ first; ``None`` where they don't.

    `a` and `b` are what the sessions are called.
    """
    finder = _Finder(left, right, a, b)
    found = finder.node(root, "")
    if found is None and set(root.differs) & {"status", "answer"}:
        found = finder.end(root, "")
    return found, finder.words


class _Finder:
    def __init__(self, left: Session, right: Session, a: str, b: str) -> None:
        self.words: str | None = None
        self._left = left
        self._right = right
        self._a = a
        self._b = b
        self._equal = 0
        """Turns passed so far in which nothing differs."""

    # --- where

    def node(self, pair: NodePair, path: str) -> Divergence | None:
        """The first difference in the turns of a node and below them."""
        for n, turn in enumerate(pair.turns):
            place = path + self._turn_name(turn)
            if turn.kind == "same":
                if "words" in turn.differs:
                    self.words = self.words or place
                # The probe alone is nothing that could be called everything.
                self._equal += bool(turn.a is None or turn.a.turn)
                continue
            return self._turn(turn, pair.turns[n:], place)
        return None

    def end(self, pair: NodePair, path: str) -> Divergence:
        """Equal turns, and yet another end."""
        x, y = self._left.state.nodes[pair.a], self._right.state.nodes[pair.b]
        if x.answer != y.answer:
            texts = self._left.load(x.answer), self._right.load(y.answer)
            what = say_text(*texts, self._a, self._b, "answered")
        else:
            what = f"{self._a} ended as {x.status}, {self._b} as {y.status}"
        return self._divergence(f"{path}the end", what, pair.a, pair.b)

    def _turn(self, turn: TurnPair, rest: Sequence[TurnPair], place: str) -> Divergence:
        a, b = turn.a, turn.b
        if a is None or b is None:
            return self._divergence(place, self._only(turn, rest), a.key if a else None, b.key if b else None)
        if not {"code", "action", "reply"} & set(turn.differs) and "calls" in turn.differs:
            for call in turn.calls:
                if call.kind != "same":
                    return self._call(call, turn.calls, a, b, place)
        return self._divergence(place, self._said(turn, a, b), a.key, b.key)

    def _call(self, call: CallPair, calls: Sequence[CallPair], a: TurnSide, b: TurnSide, place: str) -> Divergence:
        number = self._ordinal(call)
        if call.node is not None:
            inner = f"{place}, sub-call {number} (a node of its own), "
            if "question" in call.node.differs:
                x, y = self._left.state.nodes[call.node.a], self._right.state.nodes[call.node.b]
                asked = say_text(x.query, y.query, self._a, self._b, "asked")
                return self._divergence(f"{place}, sub-call {number}", asked, call.a, call.b)
            if "context" in call.node.differs:
                what = "the same question over another context"
                return self._divergence(f"{place}, sub-call {number}", what, call.a, call.b)
            return self.node(call.node, inner) or self.end(call.node, inner)
        if call.a is None or call.b is None:
            many_a, many_b = (sum(1 for c in calls if key(c) is not None) for key in (_key_a, _key_b))
            what = f"the same code made {many_a:,} sub-calls in {self._a} and {many_b:,} in {self._b}"
            return self._divergence(place, what, call.a or a.key, call.b or b.key)
        return self._divergence(f"{place}, sub-call {number}", self._said_call(call, call.a, call.b), call.a, call.b)

    def _divergence(self, place: str, what: str, a: str | None, b: str | None) -> Divergence:
        before = BEFORE if self._equal else ""
        if self.words is not None:
            before = f"before it only the words around the code differ, from {self.words} on"
        return Divergence(place, what, before, a, b)

    def _turn_name(self, turn: TurnPair) -> str:
        a, b = turn.a, turn.b
        if a is None or b is None:
            side, name = (a, self._a) if a is not None else (b, self._b)
            assert side is not None
            return f"{_name(side)} of {name}"
        if a.turn != b.turn:
            return f"{_name(a)} of {self._a} and {_name(b)} of {self._b}"
        return _name(a)

    def _ordinal(self, call: CallPair) -> int:
        session, key = (self._left, call.a) if call.a is not None else (self._right, call.b)
        assert key is not None
        node = session.state.nodes.get(key)
        return (node.ordinal if node is not None else session.state.calls[key].ordinal) or 0

    # --- what

    def _said(self, turn: TurnPair, a: TurnSide, b: TurnSide) -> str:
        by_hand = self._by_hand(a, b)
        if "code" in turn.differs:
            codes = self._left.load(*a.code), self._right.load(*b.code)
            return by_hand + say_code(*codes, self._a, self._b)
        if "reply" in turn.differs:
            replies = self._left.load(a.reply), self._right.load(b.reply)
            return by_hand + say_text(*replies, self._a, self._b, "said")
        if "action" in turn.differs:
            if a.final != b.final:
                gave, other = (self._a, self._b) if a.final else (self._b, self._a)
                return f"the answer of {gave} was accepted, that of {other} was not"
            return f"the same reply was read as {a.action} in {self._a} and as {b.action} in {self._b}"
        if "error" in turn.differs:
            return f"the same code {self._ended(a, self._a)} and {self._ended(b, self._b)}"
        if "output" in turn.differs:
            outputs = self._output(self._left, a), self._output(self._right, b)
            same = "the engine looked at the context: " if a.action == "probe" else "the same code ran: "
            return same + say_text(*outputs, self._a, self._b, "printed")
        change = turn.variables[0]
        mine, other = (quote(value) if value is not None else "nothing" for value in (change.a, change.b))
        return f"the same code left {mine} in {change.name} in {self._a} and {other} in {self._b}"

    def _said_call(self, call: CallPair, a: str, b: str) -> str:
        x, y = self._left.state.calls[a], self._right.state.calls[b]
        if "prompt" in call.differs:
            prompts = self._left.load(*(m.body for m in x.messages)), self._right.load(*(m.body for m in y.messages))
            return say_text(*prompts, self._a, self._b, "asked")
        if "source" in call.differs:
            return f"you answered it by hand in {self._a if x.source == 'operator' else self._b}"
        if "status" in call.differs:
            ends = [f"failed ({call.fault.kind})" if call.fault else call.status for call in (x, y)]
            return f"the same prompt: {self._a} {ends[0]}, {self._b} {ends[1]}"
        replies = self._left.load(x.reply), self._right.load(y.reply)
        return "the same prompt got another reply: " + say_text(*replies, self._a, self._b, "got")

    def _only(self, turn: TurnPair, rest: Sequence[TurnPair]) -> str:
        """What to say of a turn that one of them doesn't have."""
        side = turn.a or turn.b
        assert side is not None
        name, other = (self._a, self._b) if turn.a is not None else (self._b, self._a)
        session = self._left if turn.a is not None else self._right
        ended = self._right.state if turn.a is not None else self._left.state
        did = quote(_gist(session.load(*(side.code or (side.reply,)))))
        over = all((pair.b if turn.a is not None else pair.a) is None for pair in rest)
        if over and ended.over:
            return f"{other} had ended ({ended.status}), {name} went on with {did}"
        return f"only {name} has this turn: {did}"

    def _by_hand(self, a: TurnSide, b: TurnSide) -> str:
        """What the operator had to do with it, as the beginning of a sentence."""
        for session, side, other, name in (
            (self._left, a, b, self._a),
            (self._right, b, a, self._b),
        ):
            edited = any(session.state.cells[cell].written is not None for cell in side.cells)
            if edited:
                return f"you changed the code in {name}: "
            mine, theirs = (
                self._heard(session, side),
                self._heard(self._right if session is self._left else self._left, other),
            )
            new = [text for text in mine if text not in theirs]
            if new:
                return f"you told {name} {quote(new[0])}: "
        return ""

    def _heard(self, session: Session, side: TurnSide) -> list[str]:
        """The operator's messages that stand in the prompt of a turn."""
        notes = [note.text for note in session.state.notes if note.kind == "injected" and note.node == side.node]
        call = session.state.calls.get(side.key)
        if not notes or call is None:
            return []
        prompt = session.load(*(m.body for m in call.messages if m.role == "user"))
        return [text for text in notes if text in prompt]

    def _ended(self, side: TurnSide, name: str) -> str:
        return f"failed in {name} ({quote(side.error)})" if side.error else f"ran in {name}"

    def _output(self, session: Session, side: TurnSide) -> str:
        echoes = [session.state.cells[cell].echo or "" for cell in side.cells]
        return "\n".join([session.load(*side.output), *echoes]).strip("\n")


def _name(side: TurnSide) -> str:
    if side.turn:
        return f"turn {side.turn}"
    return {"probe": "before the first turn", "extract": "the forced answer", "compaction": "a summary"}.get(
        side.action, side.action
    )


def _gist(code: str) -> str:
    lines = [line for line in code.split("\n") if line.strip()]
    return next(
        (line for line in lines if not line.lstrip().startswith(("#", "import ", "```"))), lines[0] if lines else ""
    )


def _key_a(call: CallPair) -> str | None:
    return call.a


def _key_b(call: CallPair) -> str | None:
    return call.b
