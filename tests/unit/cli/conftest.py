"""A store with one saved session, made without an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.store import MemorySession, Store
from tests.support.novel import build


@pytest.fixture
def saved_store(tmp_path: Path) -> Path:
    """The path of a store that holds the hand-made session of `tests.support.novel`."""
    script, _, _ = build()
    path = tmp_path / "sessions.db"
    with Store.open(path, durability="normal") as store:
        store.add(MemorySession("7f3a0001", script.entries, script.blobs))
    return path
