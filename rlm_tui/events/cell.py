"""Events about code that runs in a REPL, and about final answers."""

from __future__ import annotations

from rlm_tui.events.base import Event
from rlm_tui.events.refs import BlobRef, CellError, Span, Variable


class CellProposed(Event, frozen=True, tag="cell.proposed"):
    """Code is about to run. `origin` is ``probe``, ``model`` or ``operator``; `turn` 0 is the probe's."""

    cell: str
    node: str
    turn: int
    code: BlobRef
    origin: str = "model"


class CellEdited(Event, frozen=True, tag="cell.edited"):
    """The operator changed the code before it ran."""

    cell: str
    code: BlobRef


class CellStarted(Event, frozen=True, tag="cell.started"):
    """The code runs from now on."""

    cell: str


class CellOutput(Event, frozen=True, tag="cell.output"):
    """Text printed while the cell runs, in pieces of at most 16 kB."""

    cell: str
    text: str


class CellFinished(Event, frozen=True, tag="cell.finished"):
    """The code ended.

    `status` is ``ok``, ``error`` (an exception of the user's code), ``refused`` (policy or syntax), ``timeout``,
    ``memory``, ``died`` or ``cancelled``. `output` is all that was printed (up to the cap), `echo` the repr of the last
    expression, `shown` the message the model reads about it. `seconds` is computing time, `waited` time spent waiting
    for sub-calls. `variables` is the whole manifest after the cell; `touched` the spans its code sliced or iterated;
    `rebuilt` says that the REPL had to be restored by running the recorded cells again.
    """

    cell: str
    status: str
    output: BlobRef
    shown: BlobRef | None = None
    echo: str | None = None
    error: CellError | None = None
    seconds: float = 0.0
    waited: float = 0.0
    variables: tuple[Variable, ...] = ()
    touched: tuple[Span, ...] = ()
    rebuilt: bool = False


class FinalProposed(Event, frozen=True, tag="final.proposed"):
    """An answer was given. `source` is ``FINAL``, ``FINAL_VAR``, ``SUBMIT``, ``answer``, ``prose`` or ``extract``."""

    node: str
    source: str
    answer: BlobRef
    cell: str | None = None


class FinalRefused(Event, frozen=True, tag="final.refused"):
    """An answer was not accepted, and the model was told why."""

    node: str
    reason: str
    answer: BlobRef | None = None


class TextSeen(Event, frozen=True, tag="text.seen"):
    """Spans of the documents whose text reached a model: `source` is the call that carried it."""

    source: str
    node: str
    spans: tuple[Span, ...]
