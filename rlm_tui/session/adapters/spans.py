"""A session as OpenTelemetry spans, by the semantic conventions for generative AI (their names of September 2026).

session ▸ node ▸ turn ▸ call, cell ▸ sub-call, child node, function: a span is made when its thing has ended, from the events
alone, so that a saved session gives the same spans as a live one, with the same identifiers. The conventions have no name
for a price; ``gen_ai.usage.cost`` (US dollars) is the one that Langfuse and others read.

Texts are left out unless `bodies`: questions, prompts, replies, code, outputs, and what errors say, for they may quote
documents. Keys are in no event.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from rlm_tui import events as ev
from rlm_tui.events import BlobRef, Entry, Message, Usage
from rlm_tui.projection.fold import apply
from rlm_tui.projection.state import Call, Cell, Node, SessionState

Value = str | int | float | bool | list[str]

BODY_CHARS = 32_000
"""Characters of a text that a span holds at most; collectors refuse what is much larger."""

INTERNAL, CLIENT = 1, 3
"""Kinds of spans, by the protocol's numbers."""

_PROVIDERS = {"gemini": "gcp.gemini", "vertex_ai": "gcp.vertex_ai", "bedrock": "aws.bedrock", "azure": "azure.ai.openai",
              "mistral": "mistral_ai", "xai": "x_ai"}  # fmt: skip
"""LiteLLM's names of providers that the conventions call otherwise."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Something that began and ended, in nanoseconds since the epoch. `id` has 16 hexadecimal digits, `trace` 32.

    `error` is the kind of what went wrong, empty if nothing did; `said` the sentence about it, if texts are wanted.
    """

    trace: str
    id: str
    parent: str | None
    name: str
    kind: int
    start: int
    end: int
    attributes: Mapping[str, Value]
    error: str = ""
    said: str = ""


class Spans:
    """Makes the spans of one session as its events come: `feed` gives those that have ended with an event.

    `text` reads a text, and is asked only if `bodies`.
    """

    def __init__(self, text: Callable[[BlobRef], str] | None = None, *, bodies: bool = False) -> None:
        self._text = text if bodies else None
        self.state = SessionState()
        """The session so far."""
        self._tools: dict[str, tuple[Entry, ev.ToolCalled]] = {}
        self._turns: dict[str, Call] = {}
        self._asked = 0

    def feed(self, entry: Entry) -> list[Span]:
        """Take one event. Every span is given once."""
        state, event = self.state, entry.event
        found: list[Span] = []
        if isinstance(event, ev.CallReserved) and event.purpose == "turn":
            found += self._end_turn(event.node, entry.at)
        if isinstance(event, ev.NodeEnded):
            found += self._end_turn(event.node, entry.at)
        apply(state, entry)
        match event:
            case ev.CallReserved() if event.purpose == "turn":
                self._turns[event.node] = state.calls[event.call]
            case ev.CallFinished() | ev.CallFailed():
                found.append(self._call(state.calls[event.call], entry.at))
            case ev.CellFinished():
                found.append(self._cell(state.cells[event.cell], entry.at))
            case ev.ToolCalled():
                self._tools[event.call] = entry, event
            case ev.ToolReturned() if event.call in self._tools:
                found.append(self._tool(*self._tools.pop(event.call), event, entry.at))
            case ev.NodeEnded():
                found.append(self._node(state.nodes[event.node], entry.at))
            case ev.SessionEnded():
                found.append(self._session(entry.at))
            case ev.SessionAsked():
                self._asked += 1
        return found

    def finish(self) -> list[Span]:
        """What has no end, as a session has whose process was killed: it ends with the last event, as an error."""
        state, at = self.state, self.state.at
        if state.over or not state.seq:
            return []
        found = [self._call(state.calls[key], at, "interrupted") for key in sorted(state.open_calls)]
        found += [self._cell(state.cells[key], at, "interrupted") for key in sorted(state.running_cells)]
        for key in list(self._turns):
            found += self._end_turn(key, at)
        found += [self._node(node, at, "interrupted") for node in state.nodes.values() if node.ended is None]
        return [*found, self._session(at, "interrupted")]

    # --- one thing each

    def _session(self, at: float, error: str = "") -> Span:
        state = self.state
        values: dict[str, Value] = {
            **self._agent("rlm-tui", state.config.model),
            "rlm.session.status": state.status,
            "rlm.session.origin": state.origin,
            "rlm.max_depth": state.config.max_depth,
            "rlm.documents": len(state.documents),
            "rlm.documents.chars": sum(ref.body.chars for ref in state.documents),
            **_usage(state.spent),
        }
        if state.limit:
            values["rlm.limit"] = state.limit
        self._put(values, "gen_ai.input.messages", lambda: _parts([("user", state.query)]))
        self._put(values, "gen_ai.output.messages", lambda: _parts([("assistant", self._read(state.answer))]))
        error = error or (state.status if state.status in ("failed", "cancelled") else "")
        return self._span("session", None, "invoke_agent rlm-tui", state.started, at, values, error, state.error)

    def _node(self, node: Node, at: float, error: str = "") -> Span:
        spent = self.state.totals.get(node.id, Usage())
        values: dict[str, Value] = {
            **self._agent(f"rlm {node.id}", node.model),
            "gen_ai.agent.id": node.id,
            "rlm.depth": node.depth,
            "rlm.context.chars": node.context_chars,
            "rlm.node.status": node.status,
            **_usage(spent),
        }
        self._put(values, "gen_ai.input.messages", lambda: _parts([("user", node.query)]))
        self._put(values, "gen_ai.output.messages", lambda: _parts([("assistant", self._read(node.answer))]))
        parent = f"cell {node.cell}" if node.cell is not None else "session"
        error = error or (node.status if node.status in ("failed", "cancelled") else "")
        return self._span(
            f"node {node.id}", parent, f"invoke_agent rlm {node.id}", node.started, at, values, error, node.error
        )

    def _end_turn(self, node: str, at: float) -> list[Span]:
        call = self._turns.pop(node, None)
        if call is None:
            return []
        call = self.state.calls[call.id]
        values: dict[str, Value] = {"rlm.turn": call.turn or 0, "rlm.node": node}
        if call.action:
            values["rlm.turn.action"] = call.action
        return [self._span(f"turn {call.id}", f"node {node}", f"turn {call.turn}", call.started, at, values)]

    def _call(self, call: Call, at: float, error: str = "") -> Span:
        values: dict[str, Value] = {
            "gen_ai.operation.name": "chat",
            **_model(call.model),
            "gen_ai.conversation.id": self.state.session,
            "gen_ai.request.max_tokens": call.max_output_tokens,
            "rlm.call": call.id,
            "rlm.call.purpose": call.purpose,
            "rlm.call.source": call.source,
            "rlm.depth": call.depth,
            "rlm.attempts": call.attempts,
            **_usage(call.usage),
        }
        temperature = self.state.config.temperature
        if temperature is not None:
            values["gen_ai.request.temperature"] = float(temperature)
        if call.finish:
            values["gen_ai.response.finish_reasons"] = [call.finish]
        if call.fault is not None and call.fault.status is not None:
            values["http.response.status_code"] = call.fault.status
        self._put(values, "gen_ai.input.messages", lambda: _parts(self._told(call.messages)))
        self._put(values, "gen_ai.output.messages",
                  lambda: _parts([("assistant", self._read(call.reply))], call.finish))  # fmt: skip
        if call.purpose == "turn":
            parent = f"turn {call.id}"
        else:
            parent = f"cell {call.cell}" if call.cell is not None else f"node {call.node}"
        fault = call.fault
        error = error or (fault.kind if fault is not None else "")
        said = fault.message if fault is not None else None
        return self._span(
            f"call {call.id}", parent, f"chat {call.model}", call.started, at, values, error, said, CLIENT
        )

    def _cell(self, cell: Cell, at: float, error: str = "") -> Span:
        language = self.state.config.repl
        values: dict[str, Value] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": language,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": cell.id,
            "gen_ai.conversation.id": self.state.session,
            "rlm.cell.status": cell.status,
            "rlm.cell.origin": cell.origin,
            "rlm.cell.seconds": cell.seconds,
        }
        self._put(values, "gen_ai.tool.call.arguments", lambda: json.dumps({"code": self._read(cell.code)}))
        self._put(values, "gen_ai.tool.call.result", lambda: self._read(cell.output))
        row = self.state.row_of_cell(cell)
        parent = f"turn {row}" if cell.origin != "probe" and row in self.state.calls else f"node {cell.node}"
        error = error or (cell.error.type if cell.error is not None else "")
        said = cell.error.message if cell.error is not None else None
        return self._span(f"cell {cell.id}", parent, f"execute_tool {language}", cell.started, at, values, error, said)

    def _tool(self, began: Entry, called: ev.ToolCalled, returned: ev.ToolReturned, at: float) -> Span:
        values: dict[str, Value] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": called.tool,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": called.call,
            "gen_ai.conversation.id": self.state.session,
        }
        self._put(values, "gen_ai.tool.call.arguments", lambda: self._read(called.arguments))
        self._put(values, "gen_ai.tool.call.result", lambda: self._read(returned.value))
        return self._span(
            f"tool {called.call}", f"cell {called.cell}", f"execute_tool {called.tool}", began.at, at, values,
            "tool_error" if returned.error else "", returned.error,
        )  # fmt: skip

    # --- common parts

    def _agent(self, name: str, model: str) -> dict[str, Value]:
        return {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": name,
            **_model(model),
            "gen_ai.conversation.id": self.state.session,
        }

    def _span(
        self,
        key: str,
        parent: str | None,
        name: str,
        start: float,
        end: float,
        values: dict[str, Value],
        error: str = "",
        said: str | None = None,
        kind: int = INTERNAL,
    ) -> Span:
        if error:
            values["error.type"] = error
        # Another question to the same session makes a trace of its own: spans may come only once.
        session = self.state.session if not self._asked else f"{self.state.session}+{self._asked}"
        return Span(
            trace=_digest(session, 32),
            id=_digest(f"{session} {key}", 16),
            parent=_digest(f"{session} {parent}", 16) if parent is not None else None,
            name=name,
            kind=kind,
            start=int(start * 1e9),
            end=int(max(start, end) * 1e9),
            attributes=values,
            error=error,
            said=(said or "") if self._text is not None else "",
        )

    def _put(self, values: dict[str, Value], name: str, made: Callable[[], str]) -> None:
        if self._text is not None:
            values[name] = made()

    def _read(self, ref: BlobRef | None) -> str:
        if ref is None or self._text is None:
            return ""
        try:
            text = self._text(ref)
        except KeyError:
            return ""
        return _short(text)

    def _told(self, messages: Iterable[Message]) -> list[tuple[str, str]]:
        return [(message.role, self._read(message.body)) for message in messages]


def all_spans(
    entries: Iterable[Entry], text: Callable[[BlobRef], str] | None = None, *, bodies: bool = False
) -> list[Span]:
    """The spans of a recorded session, those that ended first at the beginning."""
    spans = Spans(text, bodies=bodies)
    return [span for entry in entries for span in spans.feed(entry)] + spans.finish()


def _model(model: str) -> dict[str, Value]:
    provider, slash, _ = model.partition("/")
    name = _PROVIDERS.get(provider, provider) if slash else ("openai" if model.startswith(("gpt-", "o1", "o3", "o4")) else
                                                              "anthropic" if model.startswith("claude") else "rlm-tui")  # fmt: skip
    return {"gen_ai.provider.name": name, "gen_ai.request.model": model}


def _usage(usage: Usage) -> dict[str, Value]:
    found: dict[str, Value] = {
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cached,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
    }
    if usage.dollars is not None:
        found["gen_ai.usage.cost"] = usage.dollars
    return found


def _parts(messages: Iterable[tuple[str, str]], finish: str = "") -> str:
    """Messages as the conventions write them: JSON of roles and parts."""
    told: list[dict[str, Any]] = [
        {"role": role, "parts": [{"type": "text", "content": _short(text)}]} for role, text in messages
    ]
    if finish and told:
        told[-1]["finish_reason"] = finish
    return json.dumps(told, ensure_ascii=False)


def _short(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if len(text) <= BODY_CHARS:
        return text
    return f"{text[:BODY_CHARS]}\n[… {len(text) - BODY_CHARS:,} characters left out …]"


def _digest(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
