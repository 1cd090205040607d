"""The ways to put a question about a document to a model."""

from __future__ import annotations

import re

import msgspec

from rlm_tui.bench.base import BenchError

DEEPEST = 16
"""Levels of recursion that a session can have at most."""

NAMES = ("direct", "direct-truncate", "rlm:0", "rlm:1", "rlm:2", "rlm:3")
"""The methods as they are listed. `direct` puts document and question into one prompt; `direct-truncate` cuts the middle
out of a document that does not fit; ``rlm:D`` is a Recursive Language Model of depth D: 0 has the REPL alone, 1 adds
sub-calls, 2 one level of child nodes with REPLs of their own."""


class Method(msgspec.Struct, frozen=True):
    """A method by its parts. `depth` is ``None`` for one direct call, whose document is cut to fit if `truncate`."""

    name: str
    depth: int | None = None
    truncate: bool = False

    @property
    def direct(self) -> bool:
        """Whether it is a single call, without a REPL."""
        return self.depth is None


def method_of(name: str) -> Method:
    """The method called `name`. Raises `BenchError`."""
    if name in ("direct", "direct-truncate"):
        return Method(name, truncate=name.endswith("truncate"))
    found = re.fullmatch(r"rlm:(\d{1,2})", name)
    if found is None or int(found[1]) > DEEPEST:
        raise BenchError(
            f"there is no method {name!r}; the methods are {', '.join(NAMES)} (rlm:DEPTH goes to {DEEPEST})"
        )
    return Method(f"rlm:{int(found[1])}", depth=int(found[1]))
