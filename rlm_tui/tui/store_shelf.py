"""The browser's shelf over a store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_tui.config.store_url import StorePlace
from rlm_tui.store.catalog import Catalog
from rlm_tui.store.errors import NoStoreYet
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.row import SessionRow

if TYPE_CHECKING:
    from rlm_tui.session.replay import SavedSession

MOST = 5000
"""Sessions that are listed."""


class StoreShelf:
    """Reads the list of sessions anew each time; opens the store for writing only to delete."""

    def __init__(self, path: StorePlace) -> None:
        self._path = path
        self.place = str(path)
        if isinstance(path, Path) and path.is_relative_to(home := Path.home()):
            self.place = f"~/{path.relative_to(home)}"

    @property
    def path(self) -> StorePlace:
        """Where the store is."""
        return self._path

    def rows(self, condition: str) -> Sequence[SessionRow]:
        """Raises `ConditionError` and `StoreError`."""
        where = None
        if condition:
            from rlm_tui.projection.conditions import parse

            where = parse(condition)
        try:
            with StoreReader(self._path) as reader:
                return Catalog(reader).list(limit=MOST, where=where)
        except NoStoreYet:
            return ()

    def delete(self, session: str) -> None:
        """Raises `StoreError`."""
        from rlm_tui.store import Store

        with Store.open(self._path) as store:
            store.remove(session)

    def open(self, session: str) -> SavedSession:
        """Raises `StoreError`."""
        from rlm_tui.session.replay import open_saved

        return open_saved(session, self._path)
