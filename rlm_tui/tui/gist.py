"""A few words about a piece of code, for a row of the tree: its own first comment, or the first line that does something."""

from __future__ import annotations

import re
from functools import lru_cache

_DULL = re.compile(r"^(import |from \S+ import |pass$|\"\"\"|'''|[\])}]+$)")
_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=4096)
def gist(code: str) -> str:
    """One line without line breaks; empty for code that does nothing."""
    first = ""
    for line in code[:4000].splitlines():
        line = line.strip()
        if line.startswith("#"):
            words = line.lstrip("#!- ").strip()
            if words:
                return _SPACES.sub(" ", words)
            continue
        if line and not _DULL.match(line) and not first:
            first = line
    return _SPACES.sub(" ", first)
