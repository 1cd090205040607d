"""From a saved session to the setup of one that continues it, leaves it, or runs it anew."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rlm_tui.session.again import AgainError, Fork, Saved, read_saved, record_of
from rlm_tui.session.changes import change_config
from rlm_tui.session.interrupted import unfinished
from rlm_tui.session.setup import Setup

if TYPE_CHECKING:
    from rlm_tui.engine.providers.base import OwnProvider
    from rlm_tui.store import SessionRow, Store

_HOW = {"cancelled": "was cancelled", "failed": "failed"}

ASKED_ANEW = frozenset({"temperature", "max_output_tokens", "model_options", "api_base"})
"""Settings that change what a model answers to the same words: recorded answers are of no use then."""


def load_saved(store: Store, name: str) -> Saved:
    """The session of `store` that `name` means: an id, a unique beginning of one, ``last``.

    Raises `StoreError` and, when its texts are not all there, `AgainError`.
    """
    row = store.catalog.find(name)
    return read_saved(store.reader.entries(row.id), store.reader.text)


def fork_setup(
    saved: Saved,
    *,
    turn: int | None = None,
    code: str | Sequence[str] | None = None,
    node: str = "0",
    changes: Mapping[str, Any] | None = None,
    **how: Any,
) -> Setup:
    """The setup of a child of `saved`.

    Turns of the root before `turn` come from the record; with `code`, turn `turn` keeps its recorded reply but runs that
    code (a sequence of codes: in its blocks, in order). With a child `node`, `turn` is one of its turns, and all that was
    recorded before it is taken. `changes` are as for `rlm_tui.session.changes.change_config`.
    Without a `turn`, what was recorded is used for as long as the child asks the same of the same models; a child of which
    nothing is changed, or a setting that decides what a model answers, is asked anew from the start. `how` are further
    fields of `Setup` (`store`, `prices`, `custom` …).

    Raises `AgainError`.
    """
    _check_tools(saved, how)
    changes = dict(changes or {})
    config = change_config(saved.started.config, changes)
    if saved.started.origin.startswith("import:") and "unknown" in (config.model_at(0), config.leaf_model(0)):
        raise AgainError(
            f"the log of session {saved.started.session} doesn't tell its models; say which to use "
            "(--model, and --sub-model if the sub-calls' is another)"
        )
    if turn is None and code is not None:
        raise AgainError("say which turn the new code is for")
    if turn is None and node == "0" and (config == saved.started.config or ASKED_ANEW & set(changes)):
        turn = 1
    fork = Fork(saved.started.session, turn, code, node)
    record_of(saved, fork)
    return Setup(saved.started.query, config, saved.documents, saved.context, fork=fork, **how)


def open_fork(
    session: str,
    store: str | os.PathLike[str] | None = None,
    *,
    provider: OwnProvider | None = None,
    durability: str = "full",
    **what: Any,
) -> Setup:
    """`fork_setup` for a session by its name in a store (default: the user's). `provider` answers for every model.

    Raises `StoreError` and `AgainError`.
    """
    from rlm_tui.store import Store

    with Store.open(store, durability=durability) as opened:
        setup = fork_setup(load_saved(opened, session), store=opened.path, durability=durability, **what)
    return setup if provider is None else replace(setup, custom={"*": provider})


def resume_setup(saved: Saved, **how: Any) -> Setup:
    """The setup that goes on with `saved`, which was cut off, cancelled or failed. Raises `AgainError` for any other."""
    started = saved.started
    if saved.final and saved.ended is not None:
        raise AgainError(f"session {started.session} has ended ({saved.ended.status}); `rlm-tui rerun` runs it again")
    if started.origin.startswith("import:"):
        raise AgainError(f"session {started.session} was recorded by another tool, so it can't go on; replay it")
    if started.origin == "direct":
        raise AgainError(
            f"session {started.session} is a single direct call, so there is nothing to go on with; replay it"
        )
    _check_tools(saved, how)
    setup = Setup(started.query, started.config, saved.documents, saved.context, resume=started.session)
    return replace(setup, **how)


def find_unfinished(store: Store, name: str) -> SessionRow:
    """The session to resume: ``last`` is the newest that was cut off. Raises `StoreError` and `AgainError`."""
    if name.strip().lower() != "last":
        return store.catalog.find(name)
    rows = unfinished(store, 1)
    if not rows:
        live = (row for row in store.catalog.list(limit=20) if not row.origin.startswith("import:"))
        stopped = next((row for row in live if row.status in _HOW), None)
        hint = f"{stopped.id} {_HOW[stopped.status]}: `rlm-tui resume {stopped.id}` goes on with it" if stopped else ""
        raise AgainError(f"no session in {store.path} was cut off; {hint or '`rlm-tui sessions` lists them all'}")
    return rows[0]


def _check_tools(saved: Saved, how: Mapping[str, Any]) -> None:
    missing = [name for name in saved.started.config.tools if name not in (how.get("tools") or {})]
    if missing:
        raise AgainError(
            f"session {saved.started.session} used functions of yours that are not given now ({', '.join(missing)}): add "
            "--tool MODULE:FUNCTION for each, or tools=[…] in Python"
        )
