"""Events about one RLM of the recursion tree.

Identifiers are paths and say where a thing stands, so that the same run has the same identifiers again:
node ``0`` is the root and ``0/c2.1`` the child made by the first sub-call of the root's cell 2; cell ``0:c2`` is the
root's cell 2 (``c0`` is the probe); call ``0:t3`` is the root's third turn, ``0:c2.1`` the first sub-call of its cell 2,
``0:x1`` its first forced answer.
"""

from __future__ import annotations

from rlm_tui.events.base import Event
from rlm_tui.events.refs import BlobRef


class NodeStarted(Event, frozen=True, tag="node.started"):
    """A node exists. `cell` and `ordinal` say which sub-call of which cell made it (``None`` for the root)."""

    node: str
    depth: int
    model: str
    query: str
    context_kind: str
    context_chars: int
    parent: str | None = None
    cell: str | None = None
    ordinal: int | None = None
    batch: int | None = None
    context: BlobRef | None = None


class NodeEnded(Event, frozen=True, tag="node.ended"):
    """A node returned. `status` as in `SessionEnded`."""

    node: str
    status: str
    answer: BlobRef | None = None
    limit: str | None = None
    error: str | None = None


class ReplOpened(Event, frozen=True, tag="repl.opened"):
    """A node got its REPL. `walls` says what stands around the code that runs in it, as the worker that locked itself
    reported: ``full``, ``partial: no Landlock`` … or ``process only``.
    """

    node: str
    walls: str


class NodeWarned(Event, frozen=True, tag="node.warned"):
    """Something happened that often goes wrong; nothing was stopped.

    `topic` is ``plan`` (the answer reads like a plan), ``thick_child`` (a child got most of its parent's context),
    ``cut_replies`` (replies of sub-calls ended at the limit on their length) or ``printed_final`` (an answer was printed
    instead of given); `text` is one sentence. `cell` is where it happened, if code did it.
    """

    node: str
    topic: str
    text: str
    cell: str | None = None
