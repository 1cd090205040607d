"""The answer of a node that has run into a limit (engine contract §8)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rlm_tui.engine import prompts
from rlm_tui.engine.answers import fit
from rlm_tui.engine.caller import Order
from rlm_tui.engine.cells import Cells
from rlm_tui.engine.dialect import dialect_of
from rlm_tui.engine.errors import CallError, Stopped
from rlm_tui.engine.ledger import EXTRACT_TOKENS, OverBudget, UnknownPrice
from rlm_tui.engine.parse import read_reply
from rlm_tui.engine.providers.base import ChatMessage, Reply
from rlm_tui.engine.shared import Outcome, Shared
from rlm_tui.events import FinalProposed

_FINAL_ALONE = re.compile(
    r"""FINAL(_VAR)?\(\s*([A-Za-z_]\w*|-?[\d.]+|'[^'\n]*'|"[^"\n]*"|\[[^()]*\]|\{[^()]*\})\s*\)\s*;?"""
)
"""A cell that does nothing but answer with a name or a literal."""


class ForcedAnswers:
    """Asks for the forced answers of one node: one call each over what is known, paid from the slice held back."""

    def __init__(self, shared: Shared, node: str, depth: int, model: str, cells: Cells) -> None:
        self._config = shared.config
        self._journal = shared.journal
        self._caller = shared.caller
        self._node = node
        self._depth = depth
        self._model = model
        self._cells = cells
        self._asked = 0

    async def ask(
        self, query: str, stopped: Stopped, turn: int, draft: str | None, schema: Mapping[str, Any] | None
    ) -> Outcome:
        """What can be said to `query` after `turn` turns. `draft`, an answer that was refused or held back, is told to the
        model, and is the answer when the call gives none.
        """
        self._asked += 1
        try:
            reply = await self._caller.ask(
                Order(
                    call=f"{self._node}:x{self._asked}",
                    node=self._node,
                    depth=self._depth,
                    purpose="extract",
                    model=self._model,
                    messages=(ChatMessage("user", self._request(query, stopped, draft, schema)),),
                    max_output_tokens=min(EXTRACT_TOKENS, self._config.max_output_tokens),
                )
            )
            text = await self._said(reply, turn) or draft or ""
        except (CallError, OverBudget, UnknownPrice):
            text = draft or ""
        if not text:
            return Outcome(
                "failed" if stopped.limit in ("nudges", "errors_in_row") else "partial",
                limit=stopped.limit,
                error=f"{stopped.reason} No answer could be made from what was known.",
            )
        value = None
        if schema is not None:
            # At a limit the best there is counts, but a value that does not fit is none.
            value, wrong = fit(text, None, schema)
            value = None if wrong else value
        await self._journal.write(FinalProposed(node=self._node, source="extract", answer=self._journal.keep(text)))
        return Outcome("partial", text, value, limit=stopped.limit)

    def _request(self, query: str, stopped: Stopped, draft: str | None, schema: Mapping[str, Any] | None) -> str:
        draft = draft or next((v.preview for v in self._cells.variables if v.name == "answer" and v.preview), None)
        request = prompts.forced_answer(query, stopped.reason, self._cells.reports, self._cells.variables, draft)
        if schema is not None:
            request += f"\n\n{prompts.schema_request(prompts.cut(json.dumps(schema), 3000))}"
        return request

    async def _said(self, reply: Reply, turn: int) -> str:
        """The text of a forced answer. A name in it stands for what the REPL holds; code that would have to run is none."""
        names = frozenset(v.name for v in self._cells.variables)
        reading = read_reply(reply.text, reply.finish, variables=names, dialect=dialect_of(self._config.repl))
        if reading.action == "final":
            return reading.answer or ""
        if reading.action == "cell" and reading.rule != 5:
            if _FINAL_ALONE.fullmatch(reading.cells[0].strip()) is None:
                return ""
            final = (await self._cells.run(reading.cells[0], turn)).result.final
            return final.text if final is not None else ""
        return reading.kept.strip()
