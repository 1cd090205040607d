"""Files that are shipped with the program."""

from __future__ import annotations

from pathlib import Path

import rlm_tui


def data_folder(name: str) -> Path:
    """The folder of bundled data `name`: inside the installed package, or in the repository it is installed from."""
    package = Path(rlm_tui.__file__).parent
    inside = package / "_data" / name
    return inside if inside.is_dir() else package.parent / name
