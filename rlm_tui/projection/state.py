"""What a session looks like at one moment: a pure function of its events up to there.

The values (`Node`, `Call`, `Cell` …) are frozen and replaced when something changes; only the containers of
`SessionState` are filled in place, by the fold that owns them, so that a copy is cheap (checkpoints) and whoever holds
a value may keep it.

Rows of the recursion tree have one key space: nodes (``0``, ``0/c2.1``), turns (``0:t3``, the key of the turn's call),
the probe (``0:c0``), sub-calls (``0:c2.1``) and forced answers (``0:x1``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from rlm_tui.events import (
    BlobRef,
    CellError,
    DocumentRef,
    Evaluated,
    Fault,
    Message,
    Paused,
    RunConfig,
    Span,
    Usage,
    Variable,
    WatchValue,
)
from rlm_tui.projection.coverage import Coverage


@dataclass(frozen=True, slots=True)
class Node:
    """One RLM. `status` is ``running`` until it returns, then as in `rlm_tui.events.NodeEnded`, or ``superseded``.

    `turns_before` is how many turns it had taken when it was asked its present question.
    """

    id: str
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
    status: str = "running"
    answer: BlobRef | None = None
    limit: str | None = None
    error: str | None = None
    turn: int = 0
    turns_before: int = 0
    started: float = 0.0
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a model.

    `status` is ``reserved``, ``running``, ``retrying``, ``done``, ``failed``; `partial` is the streamed text so far;
    `action`, `notice`, `rule` and `kept` say what the engine made of a turn's reply.
    """

    id: str
    node: str
    purpose: str
    model: str
    messages: tuple[Message, ...]
    max_output_tokens: int
    estimate: Usage
    depth: int = 0
    turn: int | None = None
    cell: str | None = None
    ordinal: int | None = None
    batch: int | None = None
    degraded: bool = False
    status: str = "reserved"
    attempts: int = 0
    reply: BlobRef | None = None
    usage: Usage = Usage()
    finish: str = ""
    source: str = "provider"
    seconds: float = 0.0
    fault: Fault | None = None
    partial: str = ""
    action: str = ""
    notice: str = ""
    rule: int = 0
    kept: BlobRef | None = None
    started: float = 0.0
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One code block. `status` is ``proposed``, ``running``, or as in `rlm_tui.events.CellFinished`.

    `code` is what runs; `written` what the model wrote, when the operator changed it; `pieces` the text printed so far.
    """

    id: str
    node: str
    turn: int
    code: BlobRef
    origin: str = "model"
    written: BlobRef | None = None
    status: str = "proposed"
    pieces: tuple[str, ...] = ()
    output: BlobRef | None = None
    shown: BlobRef | None = None
    echo: str | None = None
    error: CellError | None = None
    seconds: float = 0.0
    waited: float = 0.0
    variables: tuple[Variable, ...] = ()
    touched: tuple[Span, ...] = ()
    rebuilt: bool = False
    final: bool = False
    started: float = 0.0
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something the operator or the engine did that belongs into the transcript: ``injected``, ``refused``, ``log`` …"""

    seq: int
    kind: str
    node: str
    text: str


@dataclass(slots=True)
class SessionState:
    """The whole session at `seq`.

    `children` maps a row's key to its rows in order of appearance; `totals` maps it to what it and everything below it
    cost; `by_model` and `by_purpose` split the same sum. `reserved` is what running calls have set aside. `order` lists
    calls and cells as they began (for the timeline). `cells_of` maps a turn's key to its cells. `query` is the question that was
    asked last, `questions` holds all of them; `candidates` are the answers that the root gave, also those that were not
    accepted, in order; `idle` is how long, in seconds, nothing ran: between an end and what came after it, and while
    the operator held the run; `walls` says what stands around the code of the node that began last; `held_since` is the
    moment from which it is held now. `watched` holds the newest values of the watches of each node by their numbers;
    `marks` the events that the operator marked, with names; `superseded` which node took the place of which.
    """

    seq: int = 0
    at: float = 0.0
    started: float = 0.0
    ended: float | None = None
    session: str = ""
    query: str = ""
    documents: tuple[DocumentRef, ...] = ()
    context_kind: str = "str"
    walls: str = ""
    config: RunConfig = field(default_factory=lambda: RunConfig(model=""))
    origin: str = "live"
    parent: str | None = None
    parent_seq: int | None = None
    status: str = "empty"
    answer: BlobRef | None = None
    proposed: BlobRef | None = None
    limit: str | None = None
    error: str | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    cells_of: dict[str, list[str]] = field(default_factory=dict)
    totals: dict[str, Usage] = field(default_factory=dict)
    by_model: dict[str, Usage] = field(default_factory=dict)
    by_purpose: dict[str, Usage] = field(default_factory=dict)
    spent: Usage = Usage()
    reserved: Usage = Usage()
    open_calls: set[str] = field(default_factory=set)
    running_cells: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    coverage: Coverage = field(default_factory=lambda: Coverage([]))
    paused: Paused | None = None
    pause_requested: bool = False
    breakpoints: dict[int, str] = field(default_factory=dict)
    watches: dict[int, str] = field(default_factory=dict)
    watched: dict[str, dict[int, WatchValue]] = field(default_factory=dict)
    looks: list[Evaluated] = field(default_factory=list)
    marks: dict[int, tuple[int, str]] = field(default_factory=dict)
    superseded: dict[str, str] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)
    exhausted: str | None = None
    questions: list[str] = field(default_factory=list)
    candidates: list[BlobRef] = field(default_factory=list)
    idle: float = 0.0
    held_since: float | None = None
    notes: list[Note] = field(default_factory=list)
    errors: int = 0
    current: str = ""
    """Key of the row that something last happened to: a turn, a sub-call, the probe."""

    @property
    def over(self) -> bool:
        """Whether the session has ended."""
        return self.ended is not None

    @property
    def seconds(self) -> float:
        """Seconds that the session has run, up to its last event: what the budget of time counts."""
        return (self.at if self.held_since is None else self.held_since) - self.started - self.idle

    def last_turn(self, node: Node) -> int:
        """The number of the last turn that `node` may take for its present question."""
        return node.turns_before + self.config.limits.turns

    @property
    def depth(self) -> int:
        """The greatest depth of any node so far."""
        return max((node.depth for node in self.nodes.values()), default=0)

    @property
    def by_node(self) -> dict[str, Usage]:
        """What the calls of each node itself cost, its sub-calls included and its child nodes not: `spent` split up."""
        sums = dict.fromkeys(self.nodes, Usage())
        for call in self.calls.values():
            sums[call.node] = sums.get(call.node, Usage()) + call.usage
        return sums

    def row_of_cell(self, cell: Cell) -> str:
        """The tree row that shows `cell`: its turn's, or the probe's own."""
        return cell.id if cell.origin == "probe" else f"{cell.node}:t{cell.turn}"

    def copy(self) -> SessionState:
        """A state that can be folded further without changing this one."""
        new = SessionState()
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, dict):
                value = {k: list(v) if isinstance(v, list) else v for k, v in value.items()}
            elif isinstance(value, list):
                value = list(value)
            elif isinstance(value, set):
                value = set(value)
            elif isinstance(value, Coverage):
                value = value.copy()
            setattr(new, f.name, value)
        return new
