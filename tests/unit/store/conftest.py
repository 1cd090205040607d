from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rlm_tui.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, durability="normal") as opened:
        yield opened
