"""Events about functions of the user's own that running code calls."""

from __future__ import annotations

from rlm_tui.events.base import Event
from rlm_tui.events.refs import BlobRef


class ToolCalled(Event, frozen=True, tag="tool.called"):
    """Code calls a tool. Committed before the tool runs.

    `call` is a path such as ``0:c2.f1``, the first tool call of the root's cell 2; `arguments` is the JSON text
    ``{"args": [...], "kwargs": {...}}``.
    """

    call: str
    node: str
    cell: str
    tool: str
    arguments: BlobRef


class ToolReturned(Event, frozen=True, tag="tool.returned"):
    """A tool is done: `value` is the JSON text of what it returned, or `error` one sentence that says what went wrong."""

    call: str
    node: str
    tool: str
    value: BlobRef | None = None
    error: str | None = None
    seconds: float = 0.0
