"""What is to be run: every item with every method, model, set of parameters and seed, each a cell with a key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from rlm_tui.bench.base import BenchError, Document, Item, Score, Task
from rlm_tui.bench.method import Method, method_of
from rlm_tui.document.document import Document as Text
from rlm_tui.events import RunConfig
from rlm_tui.session.again import AgainError
from rlm_tui.session.changes import change_config
from rlm_tui.session.setup import documents_of
from rlm_tui.store.results import CellRow

KEY_BYTES = 12
"""Bytes of a key: few enough to be read, enough that no two of a billion cells share one."""

NOT_PARAMETERS = frozenset({"model", "max_depth"})
"""Fields of `RunConfig` that the method and the model of a cell decide."""

SEEDS = range(0, 1_000_000)


class Case(Protocol):
    """What a cell is about: a question over a document, and what an answer is worth."""

    @property
    def question(self) -> str: ...

    @property
    def gold(self) -> Sequence[str]:
        """Right answers, for a judge; none where none is known."""
        ...

    def document(self) -> Document:
        """The context. May take a moment, and is called in a thread, one at a time."""
        ...

    def documents(self, context: Document) -> Sequence[Text]:
        """The texts of that context, with their names."""
        ...

    def score(self, answer: str) -> Score | None:
        """What an answer is worth; ``None`` where there is nothing to compare it with."""
        ...


@dataclass(frozen=True, slots=True)
class TaskCase:
    """An item of a task."""

    task: Task
    item: Item

    @property
    def question(self) -> str:
        return self.item.question

    @property
    def gold(self) -> Sequence[str]:
        return self.item.gold

    def document(self) -> Document:
        return self.task.document(self.item)

    def documents(self, context: Document) -> Sequence[Text]:
        return documents_of(context)

    def score(self, answer: str) -> Score | None:
        return self.task.score(self.item, answer)


@dataclass(frozen=True, slots=True)
class Work:
    """A cell that can be run: its row in the table, what it is about, how, and with which configuration.

    `most` is what it can cost at most, in US dollars; ``None`` when nothing bounds that. With `least` it may also be given
    less, down to that, where the table's money runs out; `lowered` says that it was. A run that such a limit stops has not
    failed: its cell stays open. `parent` is the saved session that it runs anew, if it does.
    """

    row: CellRow
    case: Case
    method: Method
    config: RunConfig
    most: float | None = None
    parent: str | None = None
    least: float | None = None
    lowered: bool = False

    def within(self, usd: float) -> Work:
        """The same work with what is left of the table's money as its limit."""
        limits = msgspec.structs.replace(self.config.limits, usd=usd)
        config = msgspec.structs.replace(self.config, limits=limits)
        return replace(self, config=config, most=usd, lowered=True)


def key_of(
    suite: str, task: str, item: str, document: str, question: str, method: str, model: str, parameters: str, seed: int
) -> str:
    """The key of a cell: the same for the same cell for ever, another one as soon as anything that counts differs.

    `document` is its SHA-256. Limits on money and time are no part of it: raising one must not pay for all cells again.
    """
    parts = [suite, task, item, document, question, method, model, parameters, seed]
    whole = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[: 2 * KEY_BYTES]


def parameters_of(changes: Mapping[str, Any]) -> str:
    """Parameters as a cell keeps them: JSON with sorted keys."""
    return json.dumps(dict(changes), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def with_parameters(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """`config` with a cell's parameters. Raises `BenchError` for one that can't be set here, or is wrong."""
    for name in changes:
        if name.replace("-", "_") in NOT_PARAMETERS:
            said = {"model": "--models", "max_depth": "--methods rlm:DEPTH"}[name.replace("-", "_")]
            raise BenchError(f"{name} is no parameter of a bench: use {said}")
    try:
        return change_config(config, changes)
    except AgainError as error:
        raise BenchError(str(error)) from None


def read_methods(names: Iterable[str]) -> list[Method]:
    """The methods by name, each once. Raises `BenchError`."""
    methods = [method_of(name) for name in dict.fromkeys(names)]
    if not methods:
        raise BenchError("name at least one method, such as --methods direct,rlm:1")
    return list({method.name: method for method in methods}.values())


@dataclass(frozen=True, slots=True)
class Suite:
    """A table to be filled. `name` is what it is called in the store.

    `config` has what all cells share: limits, prices, the sub-model. `grid` is a list of parameter sets, `data_seed`
    chooses the data, `seeds` number the repetitions of each cell.
    """

    name: str
    task_name: str
    task: Task
    config: RunConfig
    models: Sequence[str]
    methods: Sequence[Method]
    lengths: Sequence[int] = ()
    seeds: Sequence[int] = (1,)
    limit: int | None = None
    data_seed: int = 0
    grid: Sequence[Mapping[str, Any]] = ({},)

    def items(self) -> list[Item]:
        """The items of all lengths, windows together. Raises `BenchError`."""
        found: list[Item] = []
        for length in self.lengths or self.task.lengths:
            items = self.task.items(length, self.data_seed, self.limit)
            if not items:
                raise BenchError(f"{self.task_name} has no items of length {length:,}")
            found += items
        return found

    def works(self) -> list[Work]:
        """All cells in the order in which they are run: by length, then window, so that a provider's cache can serve the
        questions of one document. Raises `BenchError`.
        """
        works = []
        for item in self.items():
            case = TaskCase(self.task, item)
            for model in self.models:
                for changes in self.grid:
                    parameters = parameters_of(changes)
                    for method in self.methods:
                        config = self._config(model, method, changes)
                        for seed in self.seeds:
                            row = self._row(item, method, model, parameters, seed)
                            works.append(Work(row, case, method, config))
        return sorted(works, key=order)

    def _config(self, model: str, method: Method, changes: Mapping[str, Any]) -> RunConfig:
        config = msgspec.structs.replace(self.config, model=model, max_depth=method.depth or 0)
        return with_parameters(config, changes)

    def _row(self, item: Item, method: Method, model: str, parameters: str, seed: int) -> CellRow:
        names = (self.name, self.task_name, item.id, item.document, item.question, method.name, model, parameters)
        return CellRow(
            key=key_of(*names, seed),
            suite=self.name,
            task=self.task_name,
            item=item.id,
            window=item.window,
            length=item.length,
            answer_type=item.answer_type,
            document=item.document,
            question=item.question,
            method=method.name,
            model=model,
            parameters=parameters,
            seed=seed,
        )


def order(work: Work) -> tuple[Any, ...]:
    """Sorts cells by window, within it by what a provider's cache can tell apart."""
    row = work.row
    return (row.length, row.window, row.model, row.parameters, row.method, row.item, row.seed)
