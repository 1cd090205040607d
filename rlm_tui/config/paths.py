"""Where things are kept: sessions, settings, caches.

Nothing here creates or opens anything; whoever writes to a place makes it first.
"""

from __future__ import annotations

import os
from pathlib import Path

from rlm_tui.config.store_url import StorePlace, StoreUrl, is_address

APP = "rlm-tui"
STORE_VARIABLE = "RLM_TUI_STORE"
STORE_NAME = "sessions.db"


def data_dir() -> Path:
    """The folder of what the user would miss: the store (``~/.local/share/rlm-tui`` on Linux)."""
    from platformdirs import user_data_path

    return user_data_path(APP, appauthor=False)


def config_dir() -> Path:
    """The folder of settings, key maps and the user's themes (``~/.config/rlm-tui`` on Linux)."""
    from platformdirs import user_config_path

    return user_config_path(APP, appauthor=False)


def cache_dir() -> Path:
    """The folder of what can be made again at any time (``~/.cache/rlm-tui`` on Linux)."""
    from platformdirs import user_cache_path

    return user_cache_path(APP, appauthor=False)


def store_path(given: str | os.PathLike[str] | None = None) -> StorePlace:
    """Where the store is: `given` (``--store``), else the variable ``RLM_TUI_STORE``, else the default place.

    A folder, or a name that ends in a slash, stands for ``sessions.db`` in it; ``~`` is the home folder. A name like
    ``postgresql+psycopg://user@host/database`` is an address (`rlm_tui.config.store_url`).
    """
    name = os.fspath(given) if given is not None else ""
    name = name or os.environ.get(STORE_VARIABLE, "")
    if not name:
        return data_dir() / STORE_NAME
    if is_address(name):
        return StoreUrl(name)
    path = Path(name).expanduser()
    if name.endswith(("/", os.sep)) or path.is_dir():
        path = path / STORE_NAME
    return path.absolute()


def is_default_store(path: StorePlace) -> bool:
    """Whether `path` is the default place, whose folders we may make without being asked."""
    return path == data_dir() / STORE_NAME


def themes_dirs() -> list[Path]:
    """The folders of themes, the ones that come with the program first and the user's last."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_data" / "themes"
    if not shipped.is_dir():
        shipped = package.parent / "themes"  # A checkout: the wheel's data is not in place.
    return [shipped, config_dir() / "themes"]
