"""Saved sessions that run once more: the same checks and the same run as for a new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from rlm_tui.cli.prepare import Job, check_models, check_servers, check_store

if TYPE_CHECKING:
    from rlm_tui.config.settings import Settings
    from rlm_tui.session.setup import Setup
    from rlm_tui.store import Store


@dataclass(frozen=True, slots=True)
class AgainJob(Job):
    """A run whose setup follows from a saved session."""

    ready: Setup | None = None

    def setup(self, question: str | None = None) -> Setup:
        """That setup."""
        assert self.ready is not None
        return self.ready


def again_job(setup: Setup, settings: Settings, conditions: tuple[str, ...] = ()) -> AgainJob:
    """`setup` as a job, after the checks that a new run gets. Raises what `rlm_tui.cli.prepare.prepare` raises."""
    model = check_models(setup.config, settings)
    store = check_store(settings)
    check_servers(setup.config)
    return AgainJob(tuple(setup.documents), setup.query, setup.config, model, settings, store, conditions, ready=setup)


@contextmanager
def existing_store(settings: Settings) -> Iterator[Store]:
    """The store of the settings, which must exist: looking for a session makes none. Raises `click.UsageError`."""
    from rlm_tui.config.paths import store_path
    from rlm_tui.store import Store

    path = store_path(settings.store)
    if not path.exists():
        raise click.UsageError(f"there are no sessions yet in {path}; `rlm-tui demo` makes one")
    with Store.open(path, durability=settings.durability) as store:
        yield store
