"""For every test: the collector leaves alone what is loaded, as in the program; without that it took a seventh of a run."""

from __future__ import annotations

import gc

import pytest

from rlm_tui.cli import GARBAGE


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
