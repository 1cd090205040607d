from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rlm_tui.config.store_url import StorePlace
from rlm_tui.store import Store
from tests.support import postgres

server = pytest.fixture(scope="session")(postgres.running)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a store can be, for tests that are about its file."""
    return tmp_path / "sessions.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def path(request: pytest.FixtureRequest, file: Path) -> StorePlace:
    """Where a store can be: the same tests for both databases."""
    if request.param == "sqlite":
        return file
    server: postgres.Server = request.getfixturevalue("server")
    return server.place()


@pytest.fixture
def store(path: StorePlace) -> Iterator[Store]:
    with Store.open(path, durability="normal") as opened:
        yield opened
