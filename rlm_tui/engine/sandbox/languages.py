"""Which factory makes REPLs of which language."""

from __future__ import annotations

from rlm_tui.engine.sandbox.base import ReplFactory
from rlm_tui.engine.sandbox.process import StartError

LANGUAGES = ("python", "javascript")


def factory_for(language: str) -> ReplFactory:
    """The factory of REPLs in `language`.

    Raises `StartError` with one sentence for a language that does not exist or is not installed.
    """
    if language == "python":
        from rlm_tui.engine.sandbox.factory import PythonReplFactory

        return PythonReplFactory()
    if language == "javascript":
        from rlm_tui.engine.sandbox.javascript import NOT_INSTALLED, JavaScriptReplFactory, available

        if not available():
            raise StartError(NOT_INSTALLED)
        return JavaScriptReplFactory()
    raise StartError(f"there is no REPL for {language!r}; choose one of: {', '.join(LANGUAGES)}")
