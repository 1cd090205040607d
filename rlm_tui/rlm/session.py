"""A saved session that is asked another question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlm_tui.events import Limits
from rlm_tui.rlm.result import Result, checked
from rlm_tui.rlm.waiting import wait

if TYPE_CHECKING:
    from rlm_tui.engine.control import Gate
    from rlm_tui.rlm.rlm import RLM


class Session:
    """A session that was saved and has ended; `RLM.session` gives it.

    `ask` puts another question to it: its REPL is built again from the record, at no cost, with all the names that the
    model made, the conversation goes on, and the answer is the end of the same session. Keys, tools and a provider of
    your own are those of the `RLM`; models and limits are the session's, unless you give new `limits` for the whole.
    """

    def __init__(self, session_id: str, rlm: RLM) -> None:
        self.session_id = session_id
        self._rlm = rlm

    def ask(self, query: str, *, schema: Any = None, limits: Limits | None = None) -> Result:
        """Ask another question. `schema` is for its answer, as in `RLM`. Raises `RLMError` when there is no answer."""
        return checked(wait(lambda: self.atry_ask(query, schema=schema, limits=limits)))

    async def aask(self, query: str, *, schema: Any = None, limits: Limits | None = None) -> Result:
        """`ask` for asynchronous code."""
        return checked(await self.atry_ask(query, schema=schema, limits=limits))

    async def atry_ask(
        self, query: str, *, schema: Any = None, limits: Limits | None = None, gate: Gate | None = None
    ) -> Result:
        """`aask` that returns a failed result instead of raising. `gate` lets you hold and step the run."""
        return await self._rlm._ask(self.session_id, query, schema, limits, gate)
