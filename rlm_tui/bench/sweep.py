"""Saved sessions run anew over a grid of models, prompts and settings: each a row of the same kind of table."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from rlm_tui.bench.base import BenchError, Document, Score
from rlm_tui.bench.method import method_of
from rlm_tui.bench.suite import Work, key_of, order, parameters_of
from rlm_tui.document.document import Document as Text
from rlm_tui.session.again import Saved
from rlm_tui.session.changes import change_config
from rlm_tui.session.fork import fork_setup
from rlm_tui.session.setup import references
from rlm_tui.store.results import CellRow

TASK = "sweep"

PROMPT_CHARS = 20_000
"""How long an additional prompt may be."""


@dataclass(frozen=True, slots=True)
class SavedCase:
    """The question of a saved session. `expected` is what a right answer contains, if that is known."""

    saved: Saved
    expected: str | None = None

    @property
    def question(self) -> str:
        return self.saved.started.query

    @property
    def gold(self) -> Sequence[str]:
        return () if self.expected is None else (self.expected,)

    def document(self) -> Document:
        context: Document = self.saved.context
        return context

    def documents(self, context: Document) -> Sequence[Text]:
        return self.saved.documents

    def score(self, answer: str) -> Score | None:
        """1 if the answer contains what was expected, in the same case; tolerantly in any case."""
        if self.expected is None:
            return None
        loose = " ".join(self.expected.lower().split()) in " ".join(answer.lower().split())
        return Score(float(self.expected in answer), float(loose))


class Prompt(msgspec.Struct, frozen=True):
    """Words for the system prompt, and the name they have in the table."""

    name: str
    text: str


def read_prompt(path: Path) -> Prompt:
    """The prompt in a text file. Its name in the table has the beginning of its SHA-256, so that a changed file is another
    one. Raises `BenchError`.
    """
    try:
        text = path.read_text("utf-8").strip()
    except OSError as error:
        raise BenchError(f"the prompt {path} can't be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise BenchError(f"the prompt {path} is not UTF-8 text") from None
    if not text:
        raise BenchError(f"the prompt {path} is empty")
    if len(text) > PROMPT_CHARS:
        raise BenchError(f"the prompt {path} has {len(text):,} characters; {PROMPT_CHARS:,} are the most")
    return Prompt(f"{path.stem}#{hashlib.sha256(text.encode()).hexdigest()[:8]}", text)


def grid(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values of some settings."""
    return [dict(zip(values, some, strict=True)) for some in itertools.product(*values.values())]


def sweep_works(
    suite: str,
    sessions: Sequence[Saved],
    *,
    models: Sequence[str] = (),
    prompts: Sequence[Prompt] = (),
    changes: Sequence[Mapping[str, Any]] = ({},),
    seeds: Sequence[int] = (1,),
    expected: str | None = None,
    limits: Mapping[str, Any] | None = None,
) -> list[Work]:
    """A cell for every session, model, prompt, set of changes and seed.

    Without `models` each session keeps its own; a model that is named answers at the root and at the depths that had a
    model of their own it does not. Everything is asked anew. Raises `AgainError` for a session that can't be run again,
    and for a setting that makes no sense.
    """
    works = []
    for saved in sessions:
        case = SavedCase(saved, expected)
        document = _identity(saved)
        some_models: Sequence[str | None] = models or [None]
        some_prompts: Sequence[Prompt | None] = prompts or [None]
        for model, prompt, changed in itertools.product(some_models, some_prompts, changes):
            whole = dict(changed)
            if model is not None:
                whole["model"] = model
                whole["models_at"] = {d: m for d, m in saved.started.config.models_at.items() if d != 0}
            if prompt is not None:
                whole["advice"] = prompt.text
            config = fork_setup(saved, turn=1, changes=whole).config
            config = change_config(config, dict(limits or {}))
            shown = {name: value for name, value in changed.items() if name not in ("max_depth", "model")}
            if prompt is not None:
                shown["prompt"] = prompt.name
            parameters, method = parameters_of(shown), method_of(f"rlm:{config.max_depth}")
            for seed in seeds:
                item, name = saved.started.session, config.model_at(0)
                row = CellRow(
                    key=key_of(suite, TASK, item, document, case.question, method.name, name, parameters, seed),
                    suite=suite,
                    task=TASK,
                    item=item,
                    window=document[:16],
                    length=sum(ref.body.chars for ref in saved.started.documents),
                    answer_type="",
                    document=document,
                    question=case.question,
                    method=method.name,
                    model=name,
                    parameters=parameters,
                    seed=seed,
                )
                works.append(Work(row, case, method, config, parent=item))
    unique = {work.row.key: work for work in works}
    return sorted(unique.values(), key=order)


def _identity(saved: Saved) -> str:
    """The SHA-256 of the documents of a session: of the one, or of all their names and hashes."""
    refs = references(saved.documents, saved.context)
    if len(refs) == 1 and isinstance(saved.context, str):
        return refs[0].body.sha
    parts = "\0".join(f"{ref.name}\0{ref.body.sha}" for ref in refs)
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()
