"""What travels between the client of a cluster and its workers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rlm_tui.bench.base import BenchError, Document, Item, Score, Task, text_of
from rlm_tui.bench.suite import Case, TaskCase, Work
from rlm_tui.bench.sweep import SavedCase
from rlm_tui.bench.tasks.generated import Generated
from rlm_tui.config.store_url import StorePlace
from rlm_tui.document.document import Document as Text
from rlm_tui.engine.providers.base import Provider
from rlm_tui.events import BlobRef
from rlm_tui.session.fork import load_saved
from rlm_tui.session.setup import documents_of
from rlm_tui.store import Store
from rlm_tui.store.handing import hand_over
from rlm_tui.store.results import Attempt, CellRow


@dataclass(frozen=True, slots=True)
class Plan:
    """What all orders of one run have in common: `token` names the run, `host` is the machine of a store in a file.

    `otel` is what `rlm_tui.session.telemetry.begin` takes. The rest is as in `rlm_tui.bench.runner.Runner`. No key is in it: a worker takes those of its own environment.
    """

    token: str
    place: StorePlace
    host: str | None
    durability: str
    seconds: float | None = None
    tags: Sequence[str] = ()
    prices: Mapping[str, Mapping[str, float]] | None = None
    custom: Mapping[str, Provider] | None = None
    otel: tuple[str, bool] | None = None

    @property
    def topic(self) -> str:
        """Under which the workers say that a cell has begun."""
        return f"rlm-tui-{self.token}"


@dataclass(frozen=True, slots=True)
class Order:
    """One cell to be run, if it was begun `work.row.attempts` times so far and no more."""

    plan: Plan
    work: Work


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an order. `row` is the cell as it is now: with its outcome; or pending, when it was stopped or has to
    be paid for anew; or running, when somebody else has it.

    `cost` is what this order has cost, in US dollars. `lost` are attempts of the table whose processes were found to be gone. `hopeless` is why no other cell of the same
    model would fare better.
    """

    row: CellRow
    cost: float = 0.0
    lost: Sequence[Attempt] = ()
    hopeless: str = ""


@dataclass(frozen=True, slots=True)
class SentCase:
    """An item whose document is in the store, by its hash: the user's own files are not on every machine.

    `structured` says that the document is a list or a mapping, as JSON. `opened` is the store, once the case has arrived.
    """

    kind: type[Task]
    item: Item
    chars: int
    structured: bool
    opened: Store | None = None

    @property
    def question(self) -> str:
        return self.item.question

    @property
    def gold(self) -> Sequence[str]:
        return self.item.gold

    def document(self) -> Document:
        """The document, as the client has put it there. Raises `BenchError` when it is gone."""
        assert self.opened is not None
        try:
            text = self.opened.reader.text(BlobRef(self.item.document, self.chars))
        except KeyError:
            raise BenchError(f"the document of {self.item.id} is not in the store; run the command again") from None
        document: Document = json.loads(text) if self.structured else text
        return document

    def documents(self, context: Document) -> Sequence[Text]:
        return documents_of(context)

    def score(self, answer: str) -> Score | None:
        # What an answer is worth depends on the item alone, so the task's files aren't needed.
        return self.kind.score(object.__new__(self.kind), self.item, answer)


@dataclass(frozen=True, slots=True)
class SessionCase:
    """A saved session that is run anew: it is in the store, with its documents."""

    session: str
    expected: str | None
    asked: str

    @property
    def question(self) -> str:
        return self.asked

    @property
    def gold(self) -> Sequence[str]:
        return () if self.expected is None else (self.expected,)

    def document(self) -> Document:
        raise NotImplementedError("a session's case is opened first (`arrived`)")

    def documents(self, context: Document) -> Sequence[Text]:
        raise NotImplementedError("a session's case is opened first (`arrived`)")

    def score(self, answer: str) -> Score | None:
        raise NotImplementedError("a session's case is opened first (`arrived`)")


class Sender:
    """Makes the cases of works fit for travelling: what a worker can make itself is named, what it can't is put into the
    store, once for each document.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sent: dict[str, tuple[int, bool]] = {}

    def sent(self, case: Case) -> Case:
        """`case` without its documents. May read and write a document, so call it in a thread.

        Raises `StoreError`, and `BenchError` for a document that can't be read.
        """
        if isinstance(case, SavedCase):
            return SessionCase(case.saved.started.session, case.expected, case.question)
        if not isinstance(case, TaskCase) or isinstance(case.task, Generated):
            return case
        item = case.item
        if item.document not in self._sent:
            document = case.document()
            ref = hand_over(self._store, text_of(document))
            self._sent[item.document] = ref.chars, not isinstance(document, str)
        return SentCase(type(case.task), item, *self._sent[item.document])


def arrived(case: Case, store: Store, kept: dict[str, Any]) -> Case:
    """`case` on a worker, with a way to its documents. `kept` holds saved sessions that were read already.

    Raises `StoreError` or `rlm_tui.session.again.AgainError`.
    """
    if isinstance(case, SentCase):
        return replace(case, opened=store)
    if isinstance(case, SessionCase):
        if case.session not in kept:
            kept[case.session] = load_saved(store, case.session)
        return SavedCase(kept[case.session], case.expected)
    return case
