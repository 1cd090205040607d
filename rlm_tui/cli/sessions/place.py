"""The store that these commands work on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlm_tui.config.store_url import StorePlace
    from rlm_tui.store import Catalog, SessionRow, Store


def path_of(store: str | None) -> StorePlace:
    """Where the store is that the command line or the settings name."""
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.config.paths import store_path

    return store_path(load_settings({"store": store}).store)


def open_existing(store: str | None) -> Store:
    """The store, to be changed. Raises `StoreError`, also where there is none: then there is nothing to change."""
    from rlm_tui.store import Store, StoreError

    path = path_of(store)
    if not path.exists():
        raise StoreError(f"there are no sessions yet in {path}; `rlm-tui demo` makes one")
    return Store.open(path)


def find_all(catalog: Catalog, names: Iterable[str]) -> list[SessionRow]:
    """The sessions that `names` mean, each once. Raises `StoreError` for the first that means none."""
    return list({row.id: row for row in (catalog.find(name) for name in names)}.values())
