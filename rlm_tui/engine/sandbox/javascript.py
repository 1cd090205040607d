"""JavaScript as a second language of the REPL: QuickJS inside the same locked worker, with the same names and limits."""

from __future__ import annotations

import importlib.util

from rlm_tui.engine.sandbox.base import Context, ReplLimits
from rlm_tui.engine.sandbox.factory import PythonReplFactory
from rlm_tui.engine.sandbox.process import StartError
from rlm_tui.engine.sandbox.repl import WorkerRepl

NOT_INSTALLED = "The JavaScript REPL needs the package quickjs-ng: pip install 'rlm-tui[javascript]'."


def available() -> bool:
    """Whether the JavaScript engine is installed."""
    return importlib.util.find_spec("_quickjs") is not None


class JavaScriptReplFactory(PythonReplFactory):
    """A `ReplFactory` for JavaScript.

    Cells see ``context``, ``query``, ``llm_query`` and the other names of engine contract §2 as global functions, and
    ``console.log`` or ``print``. The host's kill is the clock, because QuickJS takes no interrupt while its code may call
    out; so a cell that computes too long always costs the REPL its names. What was read is not recorded.
    """

    language = "javascript"

    async def open(
        self, context: Context, query: str, limits: ReplLimits, *, names: frozenset[str], depth: int = 0
    ) -> WorkerRepl:
        """As `PythonReplFactory.open`; `StartError` with one clear sentence when the engine is not installed."""
        if not available():
            raise StartError(NOT_INSTALLED)
        return await super().open(context, query, limits, names=names, depth=depth)
