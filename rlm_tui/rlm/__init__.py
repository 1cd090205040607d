"""The Python interface: ask a question about a context, get an answer with everything that is known about it."""

from rlm_tui.rlm.forking import afork, fork
from rlm_tui.rlm.result import Result, RLMError
from rlm_tui.rlm.rlm import RLM
from rlm_tui.rlm.session import Session
from rlm_tui.rlm.stream import Stream

__all__ = ["RLM", "RLMError", "Result", "Session", "Stream", "afork", "fork"]
