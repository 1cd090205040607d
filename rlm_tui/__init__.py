"""rlm-tui: a debugger for Recursive Language Models.

``from rlm_tui import RLM; print(RLM().completion(query="…", context=text))``. Importing the package loads nothing else;
names are looked up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rlm_tui.version import VERSION as __version__

if TYPE_CHECKING:
    from rlm_tui import events
    from rlm_tui.events import Limits, RunConfig
    from rlm_tui.rlm import RLM, Result, RLMError, Session, afork, fork

_HOMES = {
    "RLM": "rlm",
    "RLMError": "rlm",
    "Result": "rlm",
    "Session": "rlm",
    "afork": "rlm",
    "fork": "rlm",
    "Limits": "events",
    "RunConfig": "events",
}

__all__ = ["RLM", "Limits", "RLMError", "Result", "RunConfig", "Session", "__version__", "afork", "events", "fork"]


def __getattr__(name: str) -> Any:
    if name == "events":
        return import_module("rlm_tui.events")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"rlm_tui.{_HOMES[name]}"), name)
