"""Events about what the operator looks at, remembers and has done again."""

from __future__ import annotations

import msgspec

from rlm_tui.events.base import Event
from rlm_tui.events.refs import BlobRef


class Evaluated(Event, frozen=True, tag="control.evaluated"):
    """The operator looked at something in a node's REPL; no model is told.

    `shown` is what came of `code`: what it printed and the value of its last expression, or the error's text; `preview` is
    its beginning on one line. `status` is as in `CellFinished`. `copied` says that it ran in a copy of the REPL, which was thrown away afterwards: because it
    might have changed something, or because a cell was running; then names are as they were before that cell.
    """

    node: str
    code: str
    shown: BlobRef
    preview: str = ""
    status: str = "ok"
    copied: bool = False


class WatchSet(Event, frozen=True, tag="control.watch_set"):
    """An expression is looked at after every cell from now on."""

    number: int
    expression: str


class WatchCleared(Event, frozen=True, tag="control.watch_cleared"):
    """A watch is gone."""

    number: int


class WatchValue(msgspec.Struct, frozen=True):
    """The value of watch `number` as one line (a repr, cut), or the error's."""

    number: int
    value: str
    failed: bool = False


class Watched(Event, frozen=True, tag="control.watched"):
    """What the watches showed in a node's REPL: after `cell`, or when the operator set one (``None``)."""

    node: str
    values: tuple[WatchValue, ...]
    cell: str | None = None


class Interrupted(Event, frozen=True, tag="control.interrupted"):
    """The operator cancelled these calls in flight. Each is made again when the run goes on, unless it is answered by hand."""

    calls: tuple[str, ...]


class NodeRestarted(Event, frozen=True, tag="node.restarted"):
    """The operator had a node begin again: it ends as ``superseded``, and `again` is the node that does its work instead."""

    node: str
    again: str


class MarkSet(Event, frozen=True, tag="control.mark_set"):
    """The operator marked the moment after event `at`; `name` may be empty."""

    number: int
    at: int
    name: str = ""


class MarkCleared(Event, frozen=True, tag="control.mark_cleared"):
    """A mark is gone."""

    number: int
